;; SPDX-License-Identifier: Apache-2.0
;; Instructions that name active segments, which instantiation has dropped.
(module
    (memory 1)
    (data (i32.const 8) "first")
    (data $second (i32.const 16) "second")
    (func (export "copy") (param $length i32)
        (memory.init $second (i32.const 32) (i32.const 0) (local.get $length)))
    (func (export "drop") (data.drop $second)))
