// SPDX-License-Identifier: Apache-2.0
//
// Untypeds, CNode slots and their derivation as seL4 defines them, as far as the allocators of assembly/sel4 use them. A slot is known by its
// capability pointer; slots 50 to 57 hold untypeds of 4 MiB each to begin with.

const NO_ERROR = 0;
const INVALID_ARGUMENT = 1;
const FAILED_LOOKUP = 6;
const DELETE_FIRST = 8;
const NOT_ENOUGH_MEMORY = 10;

const UNTYPED = 0;
const CNODE = 4;
const SCHED_CONTEXT = 5;
const FIRST_SLOT = 50;
const INITIAL_BITS = 22;
const LEAF_BITS = 12;

/** log2 of object sizes by type; a CNode's is one slot's. */
const objectBits = [0, 11, 4, 6, 5, 7, 5, 12, 21, 12, 12, 12, 12];

export function kernelModel() {
    /** Capability by slot: type, base, bits, parent capability, children, watermark of an untyped. */
    const slots = new Map();
    for (let i = 0; i < 8; i++) slots.set(FIRST_SLOT + i, newCapability(UNTYPED, 0, INITIAL_BITS, null));

    function newCapability(type, base, bits, parent) {
        const capability = { type, base, bits, parent, children: new Set(), used: 0 };
        parent?.children.add(capability);
        return capability;
    }

    const slotOf = (index, depth) => (depth === 64 ? index : `entry ${index}`);

    function remove(slot) {
        const capability = slots.get(slot);
        if (!capability) return;
        slots.delete(slot);
        capability.parent?.children.delete(capability);
        // What was derived from it belongs to what it was derived from.
        for (const child of capability.children) {
            child.parent = capability.parent;
            capability.parent?.children.add(child);
        }
    }

    function revoke(capability) {
        for (const [slot, other] of [...slots]) {
            for (let ancestor = other.parent; ancestor; ancestor = ancestor.parent) {
                if (ancestor === capability) {
                    slots.delete(slot);
                    break;
                }
            }
        }
        capability.children.clear();
    }

    const derive = (to, toDepth, from, fromDepth) => {
        const source = slots.get(slotOf(from, fromDepth));
        if (!source) return FAILED_LOOKUP;
        if (slots.has(slotOf(to, toDepth))) return DELETE_FIRST;
        // A copy is a sibling, which goes when the untyped beneath is revoked.
        slots.set(slotOf(to, toDepth), newCapability(source.type, source.base, source.bits, source.parent));
        return NO_ERROR;
    };

    return {
        'untyped-retype': (untyped, type, sizeBits, _root, nodeIndex, nodeDepth, offset, count) => {
            const parent = slots.get(untyped);
            if (!parent || parent.type !== UNTYPED) return INVALID_ARGUMENT;
            const bits =
                type === CNODE
                    ? sizeBits + objectBits[CNODE]
                    : type === UNTYPED || type === SCHED_CONTEXT
                      ? sizeBits
                      : objectBits[type];
            if (parent.children.size === 0) parent.used = 0;
            const size = 2 ** bits;
            const start = Math.ceil(parent.used / size) * size;
            if (start + size * count > 2 ** parent.bits) return NOT_ENOUGH_MEMORY;
            const first = nodeDepth === 0 ? offset : (nodeIndex << LEAF_BITS) + offset;
            for (let i = 0; i < count; i++) if (slots.has(first + i)) return DELETE_FIRST;
            for (let i = 0; i < count; i++) {
                slots.set(first + i, newCapability(type, parent.base + start + i * size, bits, parent));
            }
            parent.used = start + size * count;
            return NO_ERROR;
        },
        'cnode-copy': (_to, index, depth, _from, source, sourceDepth) =>
            derive(index, depth, source, sourceDepth),
        'cnode-mint': (_to, index, depth, _from, source, sourceDepth) =>
            derive(index, depth, source, sourceDepth),
        'cnode-delete': (_root, index, depth) => {
            remove(slotOf(index, depth));
            return NO_ERROR;
        },
        'cnode-revoke': (_root, index, depth) => {
            const capability = slots.get(slotOf(index, depth));
            if (!capability) return FAILED_LOOKUP;
            revoke(capability);
            return NO_ERROR;
        },
    };
}
