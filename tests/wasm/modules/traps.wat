;; SPDX-License-Identifier: Apache-2.0
;; Places to trap, in functions with names.
(module
    (import "env" "touch" (func $touch (param i32)))
    (memory (export "memory") 16)
    (func $deepest (param i32) (result i32) (i32.load (local.get 0)))
    (func $deeper (param i32) (result i32) (i32.add (i32.const 1) (call $deepest (local.get 0))))
    (func $outer (export "load") (param i32) (result i32) (i32.add (i32.const 2) (call $deeper (local.get 0))))
    (func $storing (export "store") (param i32) (i32.store8 (local.get 0) (i32.const 7)))
    (func $copying (export "copy") (param i32 i32 i32) (memory.copy (local.get 0) (local.get 1) (local.get 2)))
    (func $filling (export "fill") (param i32 i32) (memory.fill (local.get 0) (i32.const 1) (local.get 1)))
    (func $touching (export "touch") (param i32) (call $touch (local.get 0)))
    (func $stopping (export "stop") (unreachable))
    (func $dividing (export "divide") (param i32 i32) (result i32) (i32.div_s (local.get 0) (local.get 1))))
