// SPDX-License-Identifier: Apache-2.0
//
// Typed capabilities. A capability is its pointer and nothing else: these classes are unmanaged "references" whose
// address is the capability pointer and which are never dereferenced, so that a capability costs no memory and an
// endpoint cannot be passed where a thread is expected. Methods are the manual's invocations of the object.
//
// Errors are seL4_Error codes (objects.ts).

import {
    asidControlMakePool,
    asidPoolAssign,
    kernelCall,
    kernelRecv,
    kernelSend,
    kernelSignal,
    pageGetAddress,
    pageMap,
    pageTableMap,
    pageTableUnmap,
    pageUnmap,
    replyRecv,
    schedContextBind,
    schedContextConsumed,
    schedContextUnbind,
    schedControlConfigure,
    tcbBindNotification,
    tcbConfigure,
    tcbReadRegisters,
    tcbResume,
    tcbSetSchedParams,
    tcbSuspend,
    tcbWriteRegisters,
    untypedRetype,
    windowMap,
    windowTableMap,
} from "./generated/host";
import { Message } from "./message";
import { WORD_BITS } from "./objects";

/** What all capabilities have: their pointer. */
@unmanaged
export class Capability {
    @inline get cptr(): u32 {
        return <u32>changetype<usize>(this);
    }
}

/** The capability of type T in slot `cptr`. */
export function capability<T>(cptr: u32): T {
    return changetype<T>(<usize>cptr);
}

@unmanaged
export class Untyped extends Capability {
    /** Makes `count` objects into the slots `offset`... of the CNode that `node` is. */
    @inline retype(object: u32, sizeBits: u32, node: CNode, offset: u32, count: u32): u32 {
        return untypedRetype(this.cptr, object, sizeBits, node.cptr, 0, 0, offset, count);
    }
}

/** A CNode; its slots are the business of cspace.ts. */
@unmanaged
export class CNode extends Capability {}

@unmanaged
export class Endpoint extends Capability {
    /** Waits for a message; `reply` will answer it. The result is the badge. */
    @inline recv(reply: Reply, message: Message): u64 {
        return kernelRecv(this.cptr, reply.cptr, <u32>changetype<usize>(message));
    }

    /** Answers through `reply`, then waits as `recv` does. */
    @inline replyRecv(reply: Reply, message: Message): u64 {
        return replyRecv(this.cptr, reply.cptr, <u32>changetype<usize>(message));
    }

    /** Sends and waits for the answer. The result is its label. */
    @inline call(message: Message): u32 {
        return kernelCall(this.cptr, <u32>changetype<usize>(message));
    }
}

@unmanaged
export class Notification extends Capability {
    @inline signal(): void {
        kernelSignal(this.cptr);
    }
}

@unmanaged
export class Reply extends Capability {
    /** Answers and does not wait. */
    @inline send(message: Message): void {
        kernelSend(this.cptr, <u32>changetype<usize>(message));
    }
}

@unmanaged
export class TCB extends Capability {
    /** `cspaceData` 0 keeps the guard of the CNode's capability. A buffer of 0 takes the IPC buffer away. */
    @inline configure(cspace: CNode, cspaceData: u64, vspace: VSpace, buffer: u64, bufferFrame: Frame): u32 {
        return tcbConfigure(this.cptr, cspace.cptr, cspaceData, vspace.cptr, buffer, bufferFrame.cptr);
    }

    @inline setSchedParams(
        authority: TCB,
        maximumControlledPriority: u32,
        priority: u32,
        schedContext: SchedContext,
        faultEndpoint: Endpoint,
    ): u32 {
        return tcbSetSchedParams(
            this.cptr,
            authority.cptr,
            maximumControlledPriority,
            priority,
            schedContext.cptr,
            faultEndpoint.cptr,
        );
    }

    @inline bindNotification(notification: Notification): u32 {
        return tcbBindNotification(this.cptr, notification.cptr);
    }

    @inline suspend(): u32 {
        return tcbSuspend(this.cptr);
    }

    @inline resume(): u32 {
        return tcbResume(this.cptr);
    }

    /** `count` words of seL4_UserContext to address `registers`. */
    @inline readRegisters(count: u32, registers: usize): u32 {
        return tcbReadRegisters(this.cptr, 0, count, <u32>registers);
    }

    @inline writeRegisters(resume: bool, count: u32, registers: usize): u32 {
        return tcbWriteRegisters(this.cptr, resume ? 1 : 0, count, <u32>registers);
    }
}

@unmanaged
export class SchedContext extends Capability {
    @inline bind(object: Capability): u32 {
        return schedContextBind(this.cptr, object.cptr);
    }

    @inline unbind(): u32 {
        return schedContextUnbind(this.cptr);
    }

    /** Microseconds that have run on it since this was last asked; the maximum after an error. */
    @inline consumed(): u64 {
        return schedContextConsumed(this.cptr);
    }
}

@unmanaged
export class SchedControl extends Capability {
    /** Budget and period in microseconds. `extraRefills` is how many more than two pieces a used budget may come back in. */
    @inline configure(schedContext: SchedContext, budget: u64, period: u64, extraRefills: u32): u32 {
        return schedControlConfigure(this.cptr, schedContext.cptr, budget, period, extraRefills, 0);
    }
}

@unmanaged
export class VSpace extends Capability {}

@unmanaged
export class ASIDControl extends Capability {
    /** Makes a pool of an untyped of a page into slot `index` of the CSpace with the root `root`. */
    @inline makePool(untyped: Untyped, root: CNode, index: u32): u32 {
        return asidControlMakePool(this.cptr, untyped.cptr, root.cptr, index, WORD_BITS);
    }
}

@unmanaged
export class ASIDPool extends Capability {
    @inline assign(vspace: VSpace): u32 {
        return asidPoolAssign(this.cptr, vspace.cptr);
    }
}

/** A frame of 4 KiB. One capability maps a frame at one address: copy it to map the frame at another. */
@unmanaged
export class Frame extends Capability {
    @inline map(vspace: VSpace, address: u64, rights: u32, execute: bool): u32 {
        return pageMap(this.cptr, vspace.cptr, address, rights, execute ? 1 : 0);
    }

    @inline unmap(): u32 {
        return pageUnmap(this.cptr);
    }

    /** Maps the frame in the caller's own window, at an address of its linear memory. */
    @inline mapInWindow(address: usize, writable: bool): u32 {
        return windowMap(this.cptr, <u32>address, writable ? 1 : 0);
    }

    @inline get physicalAddress(): u64 {
        return pageGetAddress(this.cptr);
    }
}

/** A page table below the root; its level (1: its entries are frames) is the caller's knowledge. */
@unmanaged
export class PageTable extends Capability {
    @inline map(level: u32, vspace: VSpace, address: u64): u32 {
        return pageTableMap(this.cptr, level, vspace.cptr, address);
    }

    @inline unmap(level: u32): u32 {
        return pageTableUnmap(this.cptr, level);
    }

    @inline mapInWindow(level: u32, address: usize): u32 {
        return windowTableMap(this.cptr, level, <u32>address);
    }
}
