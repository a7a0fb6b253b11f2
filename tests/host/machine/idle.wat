;; SPDX-License-Identifier: Apache-2.0
;; The smallest module of world sentry.
(module
  (memory (export "memory") 32769)
  (func (export "main")))
