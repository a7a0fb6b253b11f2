;; SPDX-License-Identifier: Apache-2.0
;; Calls a function of another instance, which has another memory.
(module
    (import "other" "load" (func $load (param i32) (result i32)))
    (memory 1)
    (data (i32.const 0) "\09\00\00\00")
    (func $calling (export "run") (param i32) (result i32)
        (i32.add (call $load (local.get 0)) (i32.load (i32.const 0)))))
