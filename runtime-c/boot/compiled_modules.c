// SPDX-License-Identifier: Apache-2.0
//
// The modules of a runtime whose modules are compiled ahead of time (runtime-c/aot).

#ifdef SEALIFT_AOT

#include "aot/compiled.h"

extern const struct compiled_module compiled_sentry, compiled_unpacker, compiled_manager;

// The unpacker, which looks for its own, has no memory where the manager's is.
const struct compiled_module *const compiled_modules[] = {&compiled_unpacker, &compiled_sentry,
                                                          &compiled_manager, NULL};

#else

typedef int translation_unit_without_declarations; // C has none that are empty (C11, section 6.9)

#endif
