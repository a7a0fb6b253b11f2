// SPDX-License-Identifier: Apache-2.0
//
// Which frames hold a written file's pages: a radix tree of 64 frame ids or subtrees a node. A file of one page needs
// no node, one of 256 KiB a single node of 256 bytes, and a sparse file only the nodes on the way to what was written.
// The tree holds one reference on each of its frames.

const NODE_BITS: i32 = 6;
const NODE_ENTRIES: u32 = 1 << NODE_BITS;
const NODE_SIZE: usize = NODE_ENTRIES * 4;

/** No page: what `next` answers at the end. */
export const NO_PAGE: u32 = u32.MAX_VALUE;

/** Takes back the reference that a tree held on a frame. */
export type FrameRelease = (frame: u32) => void;

export class PageTree {
    constructor(private readonly release: FrameRelease) {}

    /** Height 0: the frame of page 0 (or 0). Else the address of a node (or 0). */
    private root: usize = 0;
    private height: i32 = 0;
    /** Frames in the tree. */
    count: u32 = 0;

    /** The frame of page `index`, or 0. */
    get(index: u32): u32 {
        let shift = this.height * NODE_BITS;
        if (shift < 32 && index >> shift != 0) return 0;
        let node = this.root;
        while (shift > 0) {
            if (node == 0) return 0;
            shift -= NODE_BITS;
            node = load<u32>(node + (((index >> shift) & (NODE_ENTRIES - 1)) << 2));
        }
        return <u32>node;
    }

    /** Gives page `index`, which has none, the frame `frame`, whose reference the tree takes over. */
    set(index: u32, frame: u32): void {
        while (this.height * NODE_BITS < 32 && index >> (this.height * NODE_BITS) != 0) this.raise();
        this.count++;
        let shift = this.height * NODE_BITS;
        if (shift == 0) {
            this.root = frame;
            return;
        }
        if (this.root == 0) this.root = newNode();
        let node = this.root;
        for (;;) {
            shift -= NODE_BITS;
            const entry = node + (((index >> shift) & (NODE_ENTRIES - 1)) << 2);
            if (shift == 0) {
                store<u32>(entry, frame);
                return;
            }
            let child: usize = load<u32>(entry);
            if (child == 0) {
                child = newNode();
                store<u32>(entry, <u32>child);
            }
            node = child;
        }
    }

    private raise(): void {
        if (this.root != 0) {
            const node = newNode();
            store<u32>(node, <u32>this.root);
            this.root = node;
        }
        this.height++;
    }

    /** The first page at or behind `index` that has a frame, or NO_PAGE. */
    next(index: u32): u32 {
        return this.root == 0 ? NO_PAGE : this.nextWithin(this.root, this.height, 0, index);
    }

    private nextWithin(node: usize, height: i32, base: u32, index: u32): u32 {
        if (height == 0) return base >= index ? base : NO_PAGE;
        const shift = (height - 1) * NODE_BITS;
        const span: u32 = ((<u32>1) << shift) - 1;
        for (let i: u32 = 0; i < NODE_ENTRIES; i++) {
            // The topmost of six levels has only four useful entries.
            if (shift + NODE_BITS > 32 && i >> (32 - shift) != 0) break;
            const child: usize = load<u32>(node + (i << 2));
            if (child == 0) continue;
            const first = base + (i << shift);
            // The last page of the child; computed so that it cannot wrap.
            if (first + span < index) continue;
            const found = this.nextWithin(child, height - 1, first, index);
            if (found != NO_PAGE) return found;
        }
        return NO_PAGE;
    }

    /** Releases the frames of page `first` and all behind. */
    truncate(first: u32): void {
        if (this.root == 0) return;
        if (first == 0) {
            this.releaseAll(this.root, this.height);
            this.root = 0;
            this.height = 0;
            this.count = 0;
            return;
        }
        if (this.height > 0) this.truncateNode(this.root, this.height, 0, first);
    }

    private truncateNode(node: usize, height: i32, base: u32, first: u32): void {
        const shift = (height - 1) * NODE_BITS;
        const span: u32 = ((<u32>1) << shift) - 1;
        for (let i: u32 = 0; i < NODE_ENTRIES; i++) {
            if (shift + NODE_BITS > 32 && i >> (32 - shift) != 0) break;
            const entry = node + (i << 2);
            const child: usize = load<u32>(entry);
            if (child == 0) continue;
            const start = base + (i << shift);
            if (start >= first) {
                this.releaseAll(child, height - 1);
                store<u32>(entry, 0);
            } else if (height > 1 && start + span >= first) {
                this.truncateNode(child, height - 1, start, first);
            }
        }
    }

    /** Takes the frame of page `index` out and releases it. */
    remove(index: u32): void {
        const frame = this.get(index);
        if (frame == 0) return;
        this.release(frame);
        this.count--;
        let shift = this.height * NODE_BITS;
        if (shift == 0) {
            this.root = 0;
            return;
        }
        let node = this.root;
        for (;;) {
            shift -= NODE_BITS;
            const entry = node + (((index >> shift) & (NODE_ENTRIES - 1)) << 2);
            if (shift == 0) {
                store<u32>(entry, 0);
                return;
            }
            node = load<u32>(entry);
        }
    }

    private releaseAll(node: usize, height: i32): void {
        if (height == 0) {
            this.release(<u32>node);
            this.count--;
            return;
        }
        for (let i: u32 = 0; i < NODE_ENTRIES; i++) {
            const child: usize = load<u32>(node + (i << 2));
            if (child != 0) this.releaseAll(child, height - 1);
        }
        heap.free(node);
    }
}

function newNode(): usize {
    const node = heap.alloc(NODE_SIZE);
    memory.fill(node, 0, NODE_SIZE);
    return node;
}
