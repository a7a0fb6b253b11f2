// SPDX-License-Identifier: Apache-2.0
//
// What the tests of the platform have in common: system calls, invocations, allocation, threads and the log.
// The program is the root task; it runs on seL4 as it does on platform/linux.
#pragma once

#include <sel4/sel4.h>
#include <stdbool.h>
#include <stdint.h>

#include "architecture.h"

#define ROOT seL4_CapInitThreadCNode
#define DEPTH seL4_WordBits
#define PAGE 4096UL

/** What came back from a system call: the tag's fields, the badge, and the message. */
struct message {
    uint64_t label;
    uint64_t length;
    uint64_t extra;
    uint64_t unwrapped;
    uint64_t badge;
    uint64_t words[seL4_MsgMaxLength];
};

/* system.c */

extern seL4_BootInfo *boot_info;
extern seL4_IPCBuffer *ipc_buffer; /* of the root thread */

/** A raw system call with the message in the IPC buffer and the tag given. The reply is left in the IPC
 *  buffer's message words. @return the tag; *badge is what the kernel put into its register */
seL4_MessageInfo_t system_call(seL4_IPCBuffer *buffer, int64_t number, uint64_t capability,
                               seL4_MessageInfo_t info, uint64_t reply, uint64_t destination,
                               uint64_t *badge);

/** Invokes a capability and waits for the answer. */
struct message invoke(seL4_CPtr object, uint64_t label, unsigned capabilities, const seL4_CPtr *extra,
                      unsigned length, const uint64_t *words);
#define CAPS(...) (sizeof((seL4_CPtr[]){__VA_ARGS__}) / sizeof(seL4_CPtr)), ((seL4_CPtr[]){__VA_ARGS__})
#define NO_CAPS 0, 0
#define WORDS(...) (sizeof((uint64_t[]){__VA_ARGS__}) / sizeof(uint64_t)), ((uint64_t[]){__VA_ARGS__})
#define NO_WORDS 0, 0

struct message receive(int64_t number, seL4_CPtr endpoint, seL4_CPtr reply);
struct message reply_receive(seL4_CPtr endpoint, seL4_CPtr reply, uint64_t label, unsigned length);
void send(int64_t number, seL4_CPtr endpoint, uint64_t label, unsigned length);
void yield(void);

/* ARCHITECTURE/entry.c */

/** A counter of the processor, and how often it counts in a microsecond. */
uint64_t now(void);
uint64_t ticks_per_us(void);

/* ARCHITECTURE/console.c */

void log_initialise(void);
/** Keeps the message of the last call, which the caller may want to log. */
void log_character(char character);
_Noreturn void power_off(void);

/* log.c */

/** `name: value` */
void log_text(const char *name, const char *text);
void log_number(const char *name, uint64_t value);
void log_words(const char *name, unsigned count, const uint64_t *words);
#define LOG(name, ...) log_words(name, WORDS(__VA_ARGS__))
/** Error and its words. */
void log_message(const char *name, struct message message);
/** The error alone, where its words depend on the machine. */
void log_error(const char *name, struct message message);

/* allocate.c */

void allocate_initialise(void);
/** A fresh slot of the root CNode, or the first of several. */
seL4_CPtr slot_new(void);
seL4_CPtr slots_new(unsigned count);
/** A fresh object. Ends the test program if there is no memory. */
seL4_CPtr object_new(uint64_t type, uint64_t size_bits);
/** An untyped of its own for a test, and its physical address. */
seL4_CPtr untyped_new(unsigned bits);
struct message retype(seL4_CPtr untyped, uint64_t type, uint64_t bits, seL4_CPtr root, uint64_t index,
                      uint64_t depth, uint64_t offset, uint64_t count);
seL4_CPtr device_untyped(void);
struct message copy(seL4_CPtr destination, seL4_CPtr source, uint64_t rights);
struct message mint(seL4_CPtr destination, seL4_CPtr source, uint64_t rights, uint64_t badge);
struct message delete(seL4_CPtr slot);
struct message revoke(seL4_CPtr slot);
seL4_CPtr minted(seL4_CPtr source, uint64_t badge);
#define ALL_RIGHTS 0xf
void expect_success(const char *what, struct message message);
uint64_t physical_address(seL4_CPtr frame);
void memory_set(void *destination, int value, uint64_t bytes);
void memory_copy(void *destination, const void *source, uint64_t bytes);

/* thread.c */

struct thread {
    seL4_CPtr tcb;
    seL4_CPtr sched_context;
    seL4_CPtr fault_endpoint; /* to receive from */
    seL4_CPtr reply;
    seL4_IPCBuffer *buffer;
};
/** Budget and period of a test's threads, in microseconds: round robin. */
#define SLICE_US 10000

/** A thread in the root task's VSpace and CSpace. Its faults come with badge 0xfa01 to an endpoint of its
 * own. */
struct thread thread_new(void (*entry)(uint64_t), uint64_t argument, unsigned priority);
/** A thread in a VSpace of its own with one page of code and one of data, and a CSpace that contains nothing.
 */
struct thread domain_new(uint64_t entry, unsigned priority, seL4_CPtr *vspace);
void thread_start(const struct thread *thread);
void thread_stop(const struct thread *thread);
struct message thread_wait_fault(const struct thread *thread);
struct message read_registers(seL4_CPtr tcb, bool suspend, seL4_UserContext *context);
struct message write_registers(seL4_CPtr tcb, bool resume, const seL4_UserContext *context);
struct message configure_sched_context(seL4_CPtr sc, uint64_t budget, uint64_t period, uint64_t refills,
                                       uint64_t badge, uint64_t flags);
struct message set_sched_params(seL4_CPtr tcb, uint64_t maximum, uint64_t priority, seL4_CPtr sc,
                                seL4_CPtr fault_endpoint);
struct message set_priority(seL4_CPtr tcb, uint64_t priority);
extern const seL4_CPtr empty_cspace_guard;
seL4_CPtr empty_cspace(void);
seL4_IPCBuffer *thread_buffer_new(seL4_CPtr *frame);

/* mapping.c */

seL4_CPtr vspace_new(void);
/** Maps a frame, with the paging structures that are missing. */
struct message map_frame(seL4_CPtr vspace, seL4_CPtr frame, uint64_t address, uint64_t rights);
struct message map_only(seL4_CPtr vspace, seL4_CPtr frame, uint64_t address, uint64_t rights);
struct message unmap(seL4_CPtr frame);
/** The capability of a page of the program itself. */
seL4_CPtr image_frame(const void *address);

/* domain.S: position-independent code for other VSpaces */

extern unsigned char domain_code[], domain_code_end[];
#define DOMAIN_CODE 0x10000000UL
#define DOMAIN_DATA 0x10001000UL
#define IN_DOMAIN(symbol) (DOMAIN_CODE + (uint64_t)((symbol) - domain_code))

/* the tests, one function a file */

/** The capability of the serial port's I/O ports (x86_64). */
seL4_CPtr log_port(void);

void test_bootinfo(void);
void test_untyped(void);
void test_cnode(void);
void test_lookup(void);
void test_tcb(void);
void test_ipc(void);
void test_notification(void);
void test_fault(void);
void test_schedcontext(void);
void test_scheduling(void);
void test_vspace(void);
void test_memory(void);
void test_interrupt(void);
void test_ioport(void);
void test_deletion(void);
void test_random(void);
void bench(void);

/* ends.c */

void end_stopped(void);
void end_debug_exit(void);
void end_echo(void);
void end_many_pages(void);
