// SPDX-License-Identifier: Apache-2.0
//
// The two memory regions of a load: the image, which grows to its final size, and the scratch memory.
#include "loader.h"

void *wasm_image_allocate(struct wasm_loader *loader, struct wasm_array *array, uint32_t count,
                          uint32_t size) {
    struct wasm_image *image = loader->image;
    size_t offset = ((size_t)image->size + 7) & ~(size_t)7;
    size_t bytes = (size_t)count * size;
    if (wasm_failed(&loader->reader))
        return NULL;
    if (offset > loader->image_capacity || bytes > loader->image_capacity - offset ||
        offset + bytes > UINT32_MAX) {
        wasm_fail(&loader->reader, WASM_OUT_OF_MEMORY, "the memory region for the image is too small");
        return NULL;
    }
    image->size = (uint32_t)(offset + bytes);
    array->count = count;
    array->offset = (uint32_t)offset;
    void *place = (char *)image + offset;
    __builtin_memset(place, 0, bytes);
    return place;
}

void *wasm_scratch_allocate(struct wasm_loader *loader, size_t count, size_t size) {
    size_t offset = (loader->scratch_used + 7) & ~(size_t)7;
    if (wasm_failed(&loader->reader))
        return NULL;
    // Counts are below 2^32 and sizes below 2^8, so the product cannot overflow.
    if (offset > loader->scratch_capacity || count * size > loader->scratch_capacity - offset) {
        wasm_fail(&loader->reader, WASM_OUT_OF_MEMORY, "the scratch region for loading is too small");
        return NULL;
    }
    loader->scratch_used = offset + count * size;
    return loader->scratch + offset;
}
