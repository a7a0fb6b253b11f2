;; SPDX-License-Identifier: Apache-2.0
;; A manager compiled without --memoryBase: its data would lie in the window.
(module
  (memory (export "memory") 1)
  (func (export "main")))
