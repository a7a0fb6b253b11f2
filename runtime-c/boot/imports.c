// SPDX-License-Identifier: Apache-2.0

#include "boot/imports.h"

#include "host/generated/imports.h"

const wasm_host_table manager_hosts = {manager_imports, sizeof manager_imports / sizeof manager_imports[0]};
const wasm_host_table unpacker_hosts = {unpacker_imports,
                                        sizeof unpacker_imports / sizeof unpacker_imports[0]};
const wasm_host_table sentry_hosts = {sentry_imports, sizeof sentry_imports / sizeof sentry_imports[0]};
