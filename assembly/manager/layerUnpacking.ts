// SPDX-License-Identifier: Apache-2.0
//
// Has one layer unpacked: runs its domain (unpackerDomain.ts) and answers what that asks. Nothing that comes from there is believed: pages
// are copied before they are looked at, numbers are checked, and an index is only ever read by containers of the layer and by the unpackers
// of layers above it.

import { BootKey } from "../sel4/generated/boot-keys";
import { bundleRead, clockNow, timerArm } from "../sel4/generated/host";
import { Message } from "../sel4/message";
import { Reply, capability } from "../sel4/capabilities";
import { Layer } from "../oci/image";
import { SHA256_BYTES, sha256Digest } from "../oci/digest";
import { Compression } from "../oci/mediaTypes";
import { Failure } from "../std/failure";
import { bytesToHex } from "../std/hex";
import { byteSize } from "../std/numberText";
import { PAGE_BITS, PAGE_SIZE } from "../std/pages";
import { decodeUtf8 } from "../std/utf8";
import {
    UNPACKER_CONTENT_PAGES,
    UNPACKER_PACKED_PAGES,
    UNPACK_ADOPT,
    UNPACK_BEGIN,
    UNPACK_DONE,
    UNPACK_FAILED,
    UNPACK_FREE,
    UNPACK_INDEX,
    UNPACK_INVALID,
    UNPACK_NO_MEMORY,
    UNPACK_OK,
    UNPACK_PAGES,
    UNPACK_READ,
    UNPACK_READ_AT,
    UNPACK_SHARE,
    UNPACK_TRAPPED,
} from "../std/unpackerProtocol";
import { BundleFile, ReadObserver } from "./bundle";
import { NO_DEADLINE } from "./instance";
import { LayerDraft } from "./layerDraft";
import { fact, machine } from "./machine";
import { postponeInterrupts } from "./interrupts";
import { FAULT_VM, continueInTrap, faultText } from "./runtimeThread";
import { BADGE_UNPACKER, BADGE_UNPACKER_FAULT, Touch, UnpackerDomain } from "./unpackerDomain";
import { UNPACKING_EXCHANGE, UNPACKING_PACKED } from "./window";

/** Bytes handed over by one UNPACK_READ. */
const PACKED_SIZE: u32 = UNPACKER_PACKED_PAGES * PAGE_SIZE;

// CPU time that unpacking may take: some fifty times what it does take under an emulator. It ends a domain that its archive has taken over and that
// runs for ever; whether that asks for something meanwhile makes no difference.
const ALLOWED_MICROSECONDS: u64 = 10_000_000;
/** For each byte of the archive, and of the frames that the domain was given. */
const ALLOWED_FOR_BYTE: u64 = 10;
/** Nanoseconds between two looks at it. */
const LOOK_INTERVAL: u64 = 1_000_000_000;

export class LayerUnpacking {
    private readonly message: Message;
    private readonly domain: UnpackerDomain;
    /** Packed bytes that the domain has been given. */
    private at: u64 = 0;
    /** Frames that it has been given for contents. */
    private contentPages: u64 = 0;
    private isDone: bool = false;
    private isTrapping: bool = false;
    private failure: Failure | null = null;
    /** When it is done: whether the index would be another one over other layers. */
    dependsOnLower: bool = false;
    /**
     * When it is done: what the unpacker says is the digest of the archive. Of an EROFS image the digest of the image itself has been
     * checked, and the host that made it knew the archive's.
     */
    digest: string = "";

    /** `draft` gets what the domain hands over. */
    constructor(
        private readonly layer: Layer,
        private readonly file: BundleFile,
        private readonly draft: LayerDraft,
        private readonly observer: ReadObserver,
    ) {
        this.message = Message.make();
        this.domain = new UnpackerDomain(draft);
    }

    /** Unpacks the layer. */
    run(): Failure | null {
        if (this.domain.start()) this.serve();
        else this.failure = this.outOfMemory();
        timerArm(NO_DEADLINE);
        this.domain.release();
        heap.free(changetype<usize>(this.message));
        return this.failure;
    }

    private serve(): void {
        const reply = capability<Reply>(this.domain.reply);
        const endpoint = this.domain.endpoint;
        let answer = false;
        timerArm(clockNow() + LOOK_INTERVAL);
        while (!this.isDone && this.failure === null) {
            const badge = answer
                ? endpoint.replyRecv(reply, this.message)
                : endpoint.recv(reply, this.message);
            answer = false;
            if ((badge & BADGE_UNPACKER) == 0) {
                if (postponeInterrupts(badge)) this.checkTime();
            } else answer = badge == BADGE_UNPACKER_FAULT ? this.takeFault() : this.takeRequest();
        }
    }

    private checkTime(): void {
        const bytes = this.file.size + (this.contentPages << PAGE_BITS);
        if (this.domain.processorTime() > ALLOWED_MICROSECONDS + bytes * ALLOWED_FOR_BYTE)
            this.failure = new Failure("its unpacker does not come to an end; do not use this image");
        timerArm(clockNow() + LOOK_INTERVAL);
    }

    /** Whether the message now holds an answer. */
    private takeRequest(): bool {
        const message = this.message;
        const first = message.get(0);
        switch (message.label) {
            case UNPACK_BEGIN:
                message.begin(UNPACK_OK, 3);
                message.set(0, this.layer.compression);
                message.set(1, this.file.size);
                message.set(2, this.draft.writeLowerAddresses(UNPACKING_EXCHANGE));
                return true;
            case UNPACK_READ:
                return this.isImage ? this.answer(UNPACK_INVALID) : this.read();
            case UNPACK_READ_AT:
                return this.readAt(first);
            case UNPACK_ADOPT:
                return this.answer(this.isImage ? this.draft.adopt(first, message.get(1)) : UNPACK_INVALID);
            case UNPACK_PAGES:
                return this.answer(this.addPages(first));
            case UNPACK_SHARE:
                return this.answer(this.draft.share(first, message.get(1), message.get(2)));
            case UNPACK_INDEX:
                return this.answer(this.addIndexPages(first, message.get(1)));
            case UNPACK_FREE:
                message.begin(UNPACK_OK, 2);
                message.set(0, machine().pool.freeBytes);
                message.set(1, fact(BootKey.MACHINE_MEMORY));
                return true;
            case UNPACK_DONE:
                this.isDone = true;
                this.dependsOnLower = first != 0;
                this.digest = this.isImage
                    ? this.layer.diffId
                    : sha256Digest(bytesToHex(UNPACKING_EXCHANGE, SHA256_BYTES));
                if (!this.draft.isComplete)
                    this.failure = new Failure("its unpacker left out a part; do not use this image");
                return false;
            case UNPACK_FAILED:
                this.failure = new Failure(this.text(first));
                return false;
            case UNPACK_TRAPPED:
                this.failure = new Failure(
                    "its unpacker failed: " + this.text(first) + "; this is a defect of Sealift",
                );
                return false;
            default:
                return this.answer(UNPACK_INVALID);
        }
    }

    @inline private answer(error: u32): bool {
        this.message.answer(error);
        return true;
    }

    private read(): bool {
        const count = <u32>min<u64>(PACKED_SIZE, this.file.size - this.at);
        if (count > 0) bundleRead(this.file.offset + this.at, <u32>UNPACKING_PACKED, count);
        this.at += count;
        this.observer.advance(count);
        this.draft.packedBytesRead(this.at);
        this.message.begin(UNPACK_OK, 1);
        this.message.set(0, count);
        return true;
    }

    /** Whether the layer is an EROFS image. */
    private get isImage(): bool {
        return this.layer.compression == Compression.Unpacked;
    }

    private readAt(offset: u64): bool {
        // When the index has begun, pages of the image may be other ones.
        if (!this.isImage || offset > this.file.size || this.draft.isRead) return this.answer(UNPACK_INVALID);
        const count = <u32>min<u64>(PACKED_SIZE, this.file.size - offset);
        if (count > 0) bundleRead(this.file.offset + offset, <u32>UNPACKING_PACKED, count);
        this.message.begin(UNPACK_OK, 1);
        this.message.set(0, count);
        return true;
    }

    private addPages(pages: u64): u32 {
        if (pages > UNPACKER_CONTENT_PAGES) return UNPACK_INVALID;
        if (!this.draft.addPages(<u32>pages)) return UNPACK_NO_MEMORY;
        this.contentPages += pages;
        return UNPACK_OK;
    }

    private addIndexPages(total: u64, pages: u64): u32 {
        if (pages > UNPACKER_CONTENT_PAGES) return UNPACK_INVALID;
        if (this.isImage) this.draft.endReading();
        return this.draft.addIndexPages(total, <u32>pages);
    }

    /** The text that the unpacker left in the exchange page. */
    private text(length: u64): string {
        return decodeUtf8(UNPACKING_EXCHANGE, <i32>min<u64>(length, PAGE_SIZE));
    }

    /** Whether the fault was the touch of a page that is there now. */
    private takeFault(): bool {
        const message = this.message;
        const label = message.label;
        const instruction = message.get(0);
        const address = message.get(1);
        const touch = label == FAULT_VM ? this.domain.touch(address) : Touch.Refused;
        if (touch == Touch.Mapped) return this.answer(UNPACK_OK);
        if (touch == Touch.NoMemory) {
            this.failure = this.outOfMemory();
            return false;
        }
        if (label == FAULT_VM && !this.isTrapping && continueInTrap(this.domain.tcb, address)) {
            this.isTrapping = true;
            return false;
        }
        this.failure = new Failure("its unpacker " + faultText(label, instruction, address));
        return false;
    }

    private outOfMemory(): Failure {
        return new Failure(
            "unpacking it takes more than the machine's free memory of " +
                byteSize(machine().pool.freeBytes) +
                "; give the machine more memory or use a smaller image",
        );
    }
}
