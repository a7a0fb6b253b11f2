// SPDX-License-Identifier: Apache-2.0
//
// Linux's capabilities by number (capabilities(7)), as far as something here depends on them, and what a container has.

export const CAP_CHOWN: i32 = 0;
export const CAP_DAC_OVERRIDE: i32 = 1;
export const CAP_DAC_READ_SEARCH: i32 = 2;
export const CAP_FOWNER: i32 = 3;
export const CAP_FSETID: i32 = 4;
export const CAP_KILL: i32 = 5;
export const CAP_SETGID: i32 = 6;
export const CAP_SETUID: i32 = 7;
export const CAP_SETPCAP: i32 = 8;
export const CAP_NET_BIND_SERVICE: i32 = 10;
export const CAP_IPC_OWNER: i32 = 15;
export const CAP_SYS_CHROOT: i32 = 18;
export const CAP_SYS_PTRACE: i32 = 19;
export const CAP_SYS_ADMIN: i32 = 21;
export const CAP_SYS_NICE: i32 = 23;
export const CAP_SYS_RESOURCE: i32 = 24;
export const CAP_MKNOD: i32 = 27;
export const CAP_SETFCAP: i32 = 31;
/** CAP_CHECKPOINT_RESTORE. */
export const CAP_LAST: i32 = 40;

/** The capabilities that container engines give by default: chown, dac_override, fowner, fsetid, kill, setgid, setuid,
 *  setpcap, net_bind_service, sys_chroot, mknod, setfcap. */
export const DEFAULT_CAPABILITIES: u64 = 0x8804_05fb;
/** Those that come and go with the user of file accesses: chown to fsetid, linux_immutable, mknod, mac_override. */
export const CAPABILITIES_OF_FILES: u64 = 0x1_0800_021f;

/** SECBIT_ flags. */
export const SECBIT_NOROOT: u32 = 1 << 0;
export const SECBIT_NO_SETUID_FIXUP: u32 = 1 << 2;
export const SECBIT_KEEP_CAPS: u32 = 1 << 4;
export const SECBIT_NO_CAP_AMBIENT_RAISE: u32 = 1 << 6;
export const ALL_SECURE_BITS: u32 = 0xff;
/** Each flag's lock is the bit above it. */
export const SECURE_LOCKS: u32 = 0xaa;
