;; SPDX-License-Identifier: Apache-2.0
;; A memory that begins at 2 GiB, as AssemblyScript's --memoryBase makes it, with segments in its last page only.
(module
    (memory (export "memory") 32769)
    (data (i32.const 2147483648) "here")
    (data (i32.const 2147549180) "last")
    (func (export "get") (param i32) (result i32) (i32.load (local.get 0))))
