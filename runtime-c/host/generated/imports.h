// SPDX-License-Identifier: Apache-2.0
//
// Generated from wit/sealift.wit by `npm run wit`. Do not edit.
#ifndef SEALIFT_HOST_GENERATED_IMPORTS_H
#define SEALIFT_HOST_GENERATED_IMPORTS_H

#include "wasm/wasm.h"

// A tool that only looks names and types up has no functions: it defines this as NULL.
#ifndef HOST_FUNCTION
#define HOST_FUNCTION(function) function
#endif

// clang-format off

// sealift:system/kernel@0.1.0
wasm_status host_kernel_untyped_retype(wasm_instance *instance, uint64_t *values);
wasm_status host_kernel_cnode_copy(wasm_instance *instance, uint64_t *values);
wasm_status host_kernel_cnode_mint(wasm_instance *instance, uint64_t *values);
wasm_status host_kernel_cnode_move(wasm_instance *instance, uint64_t *values);
wasm_status host_kernel_cnode_delete(wasm_instance *instance, uint64_t *values);
wasm_status host_kernel_cnode_revoke(wasm_instance *instance, uint64_t *values);
wasm_status host_kernel_tcb_configure(wasm_instance *instance, uint64_t *values);
wasm_status host_kernel_tcb_set_sched_params(wasm_instance *instance, uint64_t *values);
wasm_status host_kernel_tcb_suspend(wasm_instance *instance, uint64_t *values);
wasm_status host_kernel_tcb_resume(wasm_instance *instance, uint64_t *values);
wasm_status host_kernel_tcb_read_registers(wasm_instance *instance, uint64_t *values);
wasm_status host_kernel_tcb_write_registers(wasm_instance *instance, uint64_t *values);
wasm_status host_kernel_tcb_set_tls_base(wasm_instance *instance, uint64_t *values);
wasm_status host_kernel_tcb_bind_notification(wasm_instance *instance, uint64_t *values);
wasm_status host_kernel_tcb_unbind_notification(wasm_instance *instance, uint64_t *values);
wasm_status host_kernel_sched_control_configure(wasm_instance *instance, uint64_t *values);
wasm_status host_kernel_sched_context_bind(wasm_instance *instance, uint64_t *values);
wasm_status host_kernel_sched_context_unbind(wasm_instance *instance, uint64_t *values);
wasm_status host_kernel_sched_context_consumed(wasm_instance *instance, uint64_t *values);
wasm_status host_kernel_page_map(wasm_instance *instance, uint64_t *values);
wasm_status host_kernel_page_unmap(wasm_instance *instance, uint64_t *values);
wasm_status host_kernel_page_get_address(wasm_instance *instance, uint64_t *values);
wasm_status host_kernel_page_table_map(wasm_instance *instance, uint64_t *values);
wasm_status host_kernel_page_table_unmap(wasm_instance *instance, uint64_t *values);
wasm_status host_kernel_missing_table_level(wasm_instance *instance, uint64_t *values);
wasm_status host_kernel_asid_pool_assign(wasm_instance *instance, uint64_t *values);
wasm_status host_kernel_asid_control_make_pool(wasm_instance *instance, uint64_t *values);
wasm_status host_kernel_recv(wasm_instance *instance, uint64_t *values);
wasm_status host_kernel_nb_recv(wasm_instance *instance, uint64_t *values);
wasm_status host_kernel_reply_recv(wasm_instance *instance, uint64_t *values);
wasm_status host_kernel_nb_send_recv(wasm_instance *instance, uint64_t *values);
wasm_status host_kernel_call(wasm_instance *instance, uint64_t *values);
wasm_status host_kernel_send(wasm_instance *instance, uint64_t *values);
wasm_status host_kernel_signal(wasm_instance *instance, uint64_t *values);
wasm_status host_kernel_yield(wasm_instance *instance, uint64_t *values);

// sealift:system/memory@0.1.0
wasm_status host_memory_window_map(wasm_instance *instance, uint64_t *values);
wasm_status host_memory_window_table_map(wasm_instance *instance, uint64_t *values);
wasm_status host_memory_heap_source(wasm_instance *instance, uint64_t *values);
wasm_status host_memory_heap_slots_left(wasm_instance *instance, uint64_t *values);
wasm_status host_memory_heap_frames(wasm_instance *instance, uint64_t *values);

// sealift:system/clock@0.1.0
wasm_status host_clock_now(wasm_instance *instance, uint64_t *values);
wasm_status host_clock_realtime(wasm_instance *instance, uint64_t *values);
wasm_status host_clock_counter(wasm_instance *instance, uint64_t *values);

// sealift:system/report@0.1.0
wasm_status host_report_abort(wasm_instance *instance, uint64_t *values);
wasm_status host_report_instructions(wasm_instance *instance, uint64_t *values);

// sealift:system/digest@0.1.0
wasm_status host_digest_sha256_begin(wasm_instance *instance, uint64_t *values);
wasm_status host_digest_sha256_update(wasm_instance *instance, uint64_t *values);
wasm_status host_digest_sha256_end(wasm_instance *instance, uint64_t *values);

// sealift:system/pages@0.1.0
wasm_status host_pages_hash(wasm_instance *instance, uint64_t *values);
wasm_status host_pages_equal(wasm_instance *instance, uint64_t *values);

// sealift:system/codec@0.1.0
wasm_status host_codec_gunzip_begin(wasm_instance *instance, uint64_t *values);
wasm_status host_codec_gunzip(wasm_instance *instance, uint64_t *values);
wasm_status host_codec_unzstd_begin(wasm_instance *instance, uint64_t *values);
wasm_status host_codec_unzstd(wasm_instance *instance, uint64_t *values);
wasm_status host_codec_unzstd_fact(wasm_instance *instance, uint64_t *values);
wasm_status host_codec_unzstd_memory(wasm_instance *instance, uint64_t *values);

// sealift:system/boot@0.1.0
wasm_status host_boot_value(wasm_instance *instance, uint64_t *values);
wasm_status host_boot_bundle_size(wasm_instance *instance, uint64_t *values);
wasm_status host_boot_bundle_read(wasm_instance *instance, uint64_t *values);
wasm_status host_boot_console_write(wasm_instance *instance, uint64_t *values);
wasm_status host_boot_console_read(wasm_instance *instance, uint64_t *values);
wasm_status host_boot_interrupt_bind(wasm_instance *instance, uint64_t *values);
wasm_status host_boot_interrupt_acknowledge(wasm_instance *instance, uint64_t *values);
wasm_status host_boot_timer_arm(wasm_instance *instance, uint64_t *values);
wasm_status host_boot_power_off(wasm_instance *instance, uint64_t *values);

/// What a module of world `manager` may import.
static const wasm_host_entry manager_imports[] = {
    {"sealift:system/kernel@0.1.0", "untyped-retype", "iiiiiiii:i", HOST_FUNCTION(host_kernel_untyped_retype)},
    {"sealift:system/kernel@0.1.0", "cnode-copy", "iiiiiii:i", HOST_FUNCTION(host_kernel_cnode_copy)},
    {"sealift:system/kernel@0.1.0", "cnode-mint", "iiiiiiiI:i", HOST_FUNCTION(host_kernel_cnode_mint)},
    {"sealift:system/kernel@0.1.0", "cnode-move", "iiiiii:i", HOST_FUNCTION(host_kernel_cnode_move)},
    {"sealift:system/kernel@0.1.0", "cnode-delete", "iii:i", HOST_FUNCTION(host_kernel_cnode_delete)},
    {"sealift:system/kernel@0.1.0", "cnode-revoke", "iii:i", HOST_FUNCTION(host_kernel_cnode_revoke)},
    {"sealift:system/kernel@0.1.0", "tcb-configure", "iiIiIi:i", HOST_FUNCTION(host_kernel_tcb_configure)},
    {"sealift:system/kernel@0.1.0", "tcb-set-sched-params", "iiiiii:i", HOST_FUNCTION(host_kernel_tcb_set_sched_params)},
    {"sealift:system/kernel@0.1.0", "tcb-suspend", "i:i", HOST_FUNCTION(host_kernel_tcb_suspend)},
    {"sealift:system/kernel@0.1.0", "tcb-resume", "i:i", HOST_FUNCTION(host_kernel_tcb_resume)},
    {"sealift:system/kernel@0.1.0", "tcb-read-registers", "iiii:i", HOST_FUNCTION(host_kernel_tcb_read_registers)},
    {"sealift:system/kernel@0.1.0", "tcb-write-registers", "iiii:i", HOST_FUNCTION(host_kernel_tcb_write_registers)},
    {"sealift:system/kernel@0.1.0", "tcb-set-tls-base", "iI:i", HOST_FUNCTION(host_kernel_tcb_set_tls_base)},
    {"sealift:system/kernel@0.1.0", "tcb-bind-notification", "ii:i", HOST_FUNCTION(host_kernel_tcb_bind_notification)},
    {"sealift:system/kernel@0.1.0", "tcb-unbind-notification", "i:i", HOST_FUNCTION(host_kernel_tcb_unbind_notification)},
    {"sealift:system/kernel@0.1.0", "sched-control-configure", "iiIIiI:i", HOST_FUNCTION(host_kernel_sched_control_configure)},
    {"sealift:system/kernel@0.1.0", "sched-context-bind", "ii:i", HOST_FUNCTION(host_kernel_sched_context_bind)},
    {"sealift:system/kernel@0.1.0", "sched-context-unbind", "i:i", HOST_FUNCTION(host_kernel_sched_context_unbind)},
    {"sealift:system/kernel@0.1.0", "sched-context-consumed", "i:I", HOST_FUNCTION(host_kernel_sched_context_consumed)},
    {"sealift:system/kernel@0.1.0", "page-map", "iiIii:i", HOST_FUNCTION(host_kernel_page_map)},
    {"sealift:system/kernel@0.1.0", "page-unmap", "i:i", HOST_FUNCTION(host_kernel_page_unmap)},
    {"sealift:system/kernel@0.1.0", "page-get-address", "i:I", HOST_FUNCTION(host_kernel_page_get_address)},
    {"sealift:system/kernel@0.1.0", "page-table-map", "iiiI:i", HOST_FUNCTION(host_kernel_page_table_map)},
    {"sealift:system/kernel@0.1.0", "page-table-unmap", "ii:i", HOST_FUNCTION(host_kernel_page_table_unmap)},
    {"sealift:system/kernel@0.1.0", "missing-table-level", ":i", HOST_FUNCTION(host_kernel_missing_table_level)},
    {"sealift:system/kernel@0.1.0", "asid-pool-assign", "ii:i", HOST_FUNCTION(host_kernel_asid_pool_assign)},
    {"sealift:system/kernel@0.1.0", "asid-control-make-pool", "iiiii:i", HOST_FUNCTION(host_kernel_asid_control_make_pool)},
    {"sealift:system/kernel@0.1.0", "recv", "iii:I", HOST_FUNCTION(host_kernel_recv)},
    {"sealift:system/kernel@0.1.0", "nb-recv", "iii:I", HOST_FUNCTION(host_kernel_nb_recv)},
    {"sealift:system/kernel@0.1.0", "reply-recv", "iii:I", HOST_FUNCTION(host_kernel_reply_recv)},
    {"sealift:system/kernel@0.1.0", "nb-send-recv", "iiii:I", HOST_FUNCTION(host_kernel_nb_send_recv)},
    {"sealift:system/kernel@0.1.0", "call", "ii:i", HOST_FUNCTION(host_kernel_call)},
    {"sealift:system/kernel@0.1.0", "send", "ii:", HOST_FUNCTION(host_kernel_send)},
    {"sealift:system/kernel@0.1.0", "signal", "i:", HOST_FUNCTION(host_kernel_signal)},
    {"sealift:system/kernel@0.1.0", "yield", ":", HOST_FUNCTION(host_kernel_yield)},
    {"sealift:system/memory@0.1.0", "window-map", "iii:i", HOST_FUNCTION(host_memory_window_map)},
    {"sealift:system/memory@0.1.0", "window-table-map", "iii:i", HOST_FUNCTION(host_memory_window_table_map)},
    {"sealift:system/memory@0.1.0", "heap-source", "iii:", HOST_FUNCTION(host_memory_heap_source)},
    {"sealift:system/memory@0.1.0", "heap-slots-left", ":i", HOST_FUNCTION(host_memory_heap_slots_left)},
    {"sealift:system/memory@0.1.0", "heap-frames", ":i", HOST_FUNCTION(host_memory_heap_frames)},
    {"sealift:system/clock@0.1.0", "now", ":I", HOST_FUNCTION(host_clock_now)},
    {"sealift:system/clock@0.1.0", "realtime", ":I", HOST_FUNCTION(host_clock_realtime)},
    {"sealift:system/clock@0.1.0", "counter", "i:I", HOST_FUNCTION(host_clock_counter)},
    {"sealift:system/report@0.1.0", "abort", "iiiiii:", HOST_FUNCTION(host_report_abort)},
    {"sealift:system/report@0.1.0", "instructions", ":I", HOST_FUNCTION(host_report_instructions)},
    {"sealift:system/digest@0.1.0", "sha256-begin", "i:", HOST_FUNCTION(host_digest_sha256_begin)},
    {"sealift:system/digest@0.1.0", "sha256-update", "iii:", HOST_FUNCTION(host_digest_sha256_update)},
    {"sealift:system/digest@0.1.0", "sha256-end", "ii:", HOST_FUNCTION(host_digest_sha256_end)},
    {"sealift:system/pages@0.1.0", "hash", "i:I", HOST_FUNCTION(host_pages_hash)},
    {"sealift:system/pages@0.1.0", "equal", "ii:i", HOST_FUNCTION(host_pages_equal)},
    {"sealift:system/boot@0.1.0", "value", "ii:I", HOST_FUNCTION(host_boot_value)},
    {"sealift:system/boot@0.1.0", "bundle-size", ":I", HOST_FUNCTION(host_boot_bundle_size)},
    {"sealift:system/boot@0.1.0", "bundle-read", "Iii:", HOST_FUNCTION(host_boot_bundle_read)},
    {"sealift:system/boot@0.1.0", "console-write", "ii:", HOST_FUNCTION(host_boot_console_write)},
    {"sealift:system/boot@0.1.0", "console-read", "ii:i", HOST_FUNCTION(host_boot_console_read)},
    {"sealift:system/boot@0.1.0", "interrupt-bind", "ii:i", HOST_FUNCTION(host_boot_interrupt_bind)},
    {"sealift:system/boot@0.1.0", "interrupt-acknowledge", "i:", HOST_FUNCTION(host_boot_interrupt_acknowledge)},
    {"sealift:system/boot@0.1.0", "timer-arm", "I:", HOST_FUNCTION(host_boot_timer_arm)},
    {"sealift:system/boot@0.1.0", "power-off", ":", HOST_FUNCTION(host_boot_power_off)},
};

/// What a module of world `unpacker` may import.
static const wasm_host_entry unpacker_imports[] = {
    {"sealift:system/kernel@0.1.0", "untyped-retype", "iiiiiiii:i", HOST_FUNCTION(host_kernel_untyped_retype)},
    {"sealift:system/kernel@0.1.0", "cnode-copy", "iiiiiii:i", HOST_FUNCTION(host_kernel_cnode_copy)},
    {"sealift:system/kernel@0.1.0", "cnode-mint", "iiiiiiiI:i", HOST_FUNCTION(host_kernel_cnode_mint)},
    {"sealift:system/kernel@0.1.0", "cnode-move", "iiiiii:i", HOST_FUNCTION(host_kernel_cnode_move)},
    {"sealift:system/kernel@0.1.0", "cnode-delete", "iii:i", HOST_FUNCTION(host_kernel_cnode_delete)},
    {"sealift:system/kernel@0.1.0", "cnode-revoke", "iii:i", HOST_FUNCTION(host_kernel_cnode_revoke)},
    {"sealift:system/kernel@0.1.0", "tcb-configure", "iiIiIi:i", HOST_FUNCTION(host_kernel_tcb_configure)},
    {"sealift:system/kernel@0.1.0", "tcb-set-sched-params", "iiiiii:i", HOST_FUNCTION(host_kernel_tcb_set_sched_params)},
    {"sealift:system/kernel@0.1.0", "tcb-suspend", "i:i", HOST_FUNCTION(host_kernel_tcb_suspend)},
    {"sealift:system/kernel@0.1.0", "tcb-resume", "i:i", HOST_FUNCTION(host_kernel_tcb_resume)},
    {"sealift:system/kernel@0.1.0", "tcb-read-registers", "iiii:i", HOST_FUNCTION(host_kernel_tcb_read_registers)},
    {"sealift:system/kernel@0.1.0", "tcb-write-registers", "iiii:i", HOST_FUNCTION(host_kernel_tcb_write_registers)},
    {"sealift:system/kernel@0.1.0", "tcb-set-tls-base", "iI:i", HOST_FUNCTION(host_kernel_tcb_set_tls_base)},
    {"sealift:system/kernel@0.1.0", "tcb-bind-notification", "ii:i", HOST_FUNCTION(host_kernel_tcb_bind_notification)},
    {"sealift:system/kernel@0.1.0", "tcb-unbind-notification", "i:i", HOST_FUNCTION(host_kernel_tcb_unbind_notification)},
    {"sealift:system/kernel@0.1.0", "sched-control-configure", "iiIIiI:i", HOST_FUNCTION(host_kernel_sched_control_configure)},
    {"sealift:system/kernel@0.1.0", "sched-context-bind", "ii:i", HOST_FUNCTION(host_kernel_sched_context_bind)},
    {"sealift:system/kernel@0.1.0", "sched-context-unbind", "i:i", HOST_FUNCTION(host_kernel_sched_context_unbind)},
    {"sealift:system/kernel@0.1.0", "sched-context-consumed", "i:I", HOST_FUNCTION(host_kernel_sched_context_consumed)},
    {"sealift:system/kernel@0.1.0", "page-map", "iiIii:i", HOST_FUNCTION(host_kernel_page_map)},
    {"sealift:system/kernel@0.1.0", "page-unmap", "i:i", HOST_FUNCTION(host_kernel_page_unmap)},
    {"sealift:system/kernel@0.1.0", "page-get-address", "i:I", HOST_FUNCTION(host_kernel_page_get_address)},
    {"sealift:system/kernel@0.1.0", "page-table-map", "iiiI:i", HOST_FUNCTION(host_kernel_page_table_map)},
    {"sealift:system/kernel@0.1.0", "page-table-unmap", "ii:i", HOST_FUNCTION(host_kernel_page_table_unmap)},
    {"sealift:system/kernel@0.1.0", "missing-table-level", ":i", HOST_FUNCTION(host_kernel_missing_table_level)},
    {"sealift:system/kernel@0.1.0", "asid-pool-assign", "ii:i", HOST_FUNCTION(host_kernel_asid_pool_assign)},
    {"sealift:system/kernel@0.1.0", "asid-control-make-pool", "iiiii:i", HOST_FUNCTION(host_kernel_asid_control_make_pool)},
    {"sealift:system/kernel@0.1.0", "recv", "iii:I", HOST_FUNCTION(host_kernel_recv)},
    {"sealift:system/kernel@0.1.0", "nb-recv", "iii:I", HOST_FUNCTION(host_kernel_nb_recv)},
    {"sealift:system/kernel@0.1.0", "reply-recv", "iii:I", HOST_FUNCTION(host_kernel_reply_recv)},
    {"sealift:system/kernel@0.1.0", "nb-send-recv", "iiii:I", HOST_FUNCTION(host_kernel_nb_send_recv)},
    {"sealift:system/kernel@0.1.0", "call", "ii:i", HOST_FUNCTION(host_kernel_call)},
    {"sealift:system/kernel@0.1.0", "send", "ii:", HOST_FUNCTION(host_kernel_send)},
    {"sealift:system/kernel@0.1.0", "signal", "i:", HOST_FUNCTION(host_kernel_signal)},
    {"sealift:system/kernel@0.1.0", "yield", ":", HOST_FUNCTION(host_kernel_yield)},
    {"sealift:system/report@0.1.0", "abort", "iiiiii:", HOST_FUNCTION(host_report_abort)},
    {"sealift:system/report@0.1.0", "instructions", ":I", HOST_FUNCTION(host_report_instructions)},
    {"sealift:system/digest@0.1.0", "sha256-begin", "i:", HOST_FUNCTION(host_digest_sha256_begin)},
    {"sealift:system/digest@0.1.0", "sha256-update", "iii:", HOST_FUNCTION(host_digest_sha256_update)},
    {"sealift:system/digest@0.1.0", "sha256-end", "ii:", HOST_FUNCTION(host_digest_sha256_end)},
    {"sealift:system/codec@0.1.0", "gunzip-begin", ":", HOST_FUNCTION(host_codec_gunzip_begin)},
    {"sealift:system/codec@0.1.0", "gunzip", "iiii:I", HOST_FUNCTION(host_codec_gunzip)},
    {"sealift:system/codec@0.1.0", "unzstd-begin", "i:", HOST_FUNCTION(host_codec_unzstd_begin)},
    {"sealift:system/codec@0.1.0", "unzstd", "iiii:I", HOST_FUNCTION(host_codec_unzstd)},
    {"sealift:system/codec@0.1.0", "unzstd-fact", "i:I", HOST_FUNCTION(host_codec_unzstd_fact)},
    {"sealift:system/codec@0.1.0", "unzstd-memory", "i:", HOST_FUNCTION(host_codec_unzstd_memory)},
};

/// What a module of world `sentry` may import.
static const wasm_host_entry sentry_imports[] = {
    {"sealift:system/kernel@0.1.0", "untyped-retype", "iiiiiiii:i", HOST_FUNCTION(host_kernel_untyped_retype)},
    {"sealift:system/kernel@0.1.0", "cnode-copy", "iiiiiii:i", HOST_FUNCTION(host_kernel_cnode_copy)},
    {"sealift:system/kernel@0.1.0", "cnode-mint", "iiiiiiiI:i", HOST_FUNCTION(host_kernel_cnode_mint)},
    {"sealift:system/kernel@0.1.0", "cnode-move", "iiiiii:i", HOST_FUNCTION(host_kernel_cnode_move)},
    {"sealift:system/kernel@0.1.0", "cnode-delete", "iii:i", HOST_FUNCTION(host_kernel_cnode_delete)},
    {"sealift:system/kernel@0.1.0", "cnode-revoke", "iii:i", HOST_FUNCTION(host_kernel_cnode_revoke)},
    {"sealift:system/kernel@0.1.0", "tcb-configure", "iiIiIi:i", HOST_FUNCTION(host_kernel_tcb_configure)},
    {"sealift:system/kernel@0.1.0", "tcb-set-sched-params", "iiiiii:i", HOST_FUNCTION(host_kernel_tcb_set_sched_params)},
    {"sealift:system/kernel@0.1.0", "tcb-suspend", "i:i", HOST_FUNCTION(host_kernel_tcb_suspend)},
    {"sealift:system/kernel@0.1.0", "tcb-resume", "i:i", HOST_FUNCTION(host_kernel_tcb_resume)},
    {"sealift:system/kernel@0.1.0", "tcb-read-registers", "iiii:i", HOST_FUNCTION(host_kernel_tcb_read_registers)},
    {"sealift:system/kernel@0.1.0", "tcb-write-registers", "iiii:i", HOST_FUNCTION(host_kernel_tcb_write_registers)},
    {"sealift:system/kernel@0.1.0", "tcb-set-tls-base", "iI:i", HOST_FUNCTION(host_kernel_tcb_set_tls_base)},
    {"sealift:system/kernel@0.1.0", "tcb-bind-notification", "ii:i", HOST_FUNCTION(host_kernel_tcb_bind_notification)},
    {"sealift:system/kernel@0.1.0", "tcb-unbind-notification", "i:i", HOST_FUNCTION(host_kernel_tcb_unbind_notification)},
    {"sealift:system/kernel@0.1.0", "sched-control-configure", "iiIIiI:i", HOST_FUNCTION(host_kernel_sched_control_configure)},
    {"sealift:system/kernel@0.1.0", "sched-context-bind", "ii:i", HOST_FUNCTION(host_kernel_sched_context_bind)},
    {"sealift:system/kernel@0.1.0", "sched-context-unbind", "i:i", HOST_FUNCTION(host_kernel_sched_context_unbind)},
    {"sealift:system/kernel@0.1.0", "sched-context-consumed", "i:I", HOST_FUNCTION(host_kernel_sched_context_consumed)},
    {"sealift:system/kernel@0.1.0", "page-map", "iiIii:i", HOST_FUNCTION(host_kernel_page_map)},
    {"sealift:system/kernel@0.1.0", "page-unmap", "i:i", HOST_FUNCTION(host_kernel_page_unmap)},
    {"sealift:system/kernel@0.1.0", "page-get-address", "i:I", HOST_FUNCTION(host_kernel_page_get_address)},
    {"sealift:system/kernel@0.1.0", "page-table-map", "iiiI:i", HOST_FUNCTION(host_kernel_page_table_map)},
    {"sealift:system/kernel@0.1.0", "page-table-unmap", "ii:i", HOST_FUNCTION(host_kernel_page_table_unmap)},
    {"sealift:system/kernel@0.1.0", "missing-table-level", ":i", HOST_FUNCTION(host_kernel_missing_table_level)},
    {"sealift:system/kernel@0.1.0", "asid-pool-assign", "ii:i", HOST_FUNCTION(host_kernel_asid_pool_assign)},
    {"sealift:system/kernel@0.1.0", "asid-control-make-pool", "iiiii:i", HOST_FUNCTION(host_kernel_asid_control_make_pool)},
    {"sealift:system/kernel@0.1.0", "recv", "iii:I", HOST_FUNCTION(host_kernel_recv)},
    {"sealift:system/kernel@0.1.0", "nb-recv", "iii:I", HOST_FUNCTION(host_kernel_nb_recv)},
    {"sealift:system/kernel@0.1.0", "reply-recv", "iii:I", HOST_FUNCTION(host_kernel_reply_recv)},
    {"sealift:system/kernel@0.1.0", "nb-send-recv", "iiii:I", HOST_FUNCTION(host_kernel_nb_send_recv)},
    {"sealift:system/kernel@0.1.0", "call", "ii:i", HOST_FUNCTION(host_kernel_call)},
    {"sealift:system/kernel@0.1.0", "send", "ii:", HOST_FUNCTION(host_kernel_send)},
    {"sealift:system/kernel@0.1.0", "signal", "i:", HOST_FUNCTION(host_kernel_signal)},
    {"sealift:system/kernel@0.1.0", "yield", ":", HOST_FUNCTION(host_kernel_yield)},
    {"sealift:system/memory@0.1.0", "window-map", "iii:i", HOST_FUNCTION(host_memory_window_map)},
    {"sealift:system/memory@0.1.0", "window-table-map", "iii:i", HOST_FUNCTION(host_memory_window_table_map)},
    {"sealift:system/memory@0.1.0", "heap-source", "iii:", HOST_FUNCTION(host_memory_heap_source)},
    {"sealift:system/memory@0.1.0", "heap-slots-left", ":i", HOST_FUNCTION(host_memory_heap_slots_left)},
    {"sealift:system/memory@0.1.0", "heap-frames", ":i", HOST_FUNCTION(host_memory_heap_frames)},
    {"sealift:system/clock@0.1.0", "now", ":I", HOST_FUNCTION(host_clock_now)},
    {"sealift:system/clock@0.1.0", "realtime", ":I", HOST_FUNCTION(host_clock_realtime)},
    {"sealift:system/clock@0.1.0", "counter", "i:I", HOST_FUNCTION(host_clock_counter)},
    {"sealift:system/report@0.1.0", "abort", "iiiiii:", HOST_FUNCTION(host_report_abort)},
    {"sealift:system/report@0.1.0", "instructions", ":I", HOST_FUNCTION(host_report_instructions)},
};

#endif
