;; SPDX-License-Identifier: Apache-2.0
;; A manager that imports what nobody gives it.
(module
  (import "sealift:system/boot@0.1.0" "format-disk" (func))
  (memory (export "memory") 32769)
  (func (export "main")))
