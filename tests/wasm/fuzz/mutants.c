// SPDX-License-Identifier: Apache-2.0
//
// Writes mutants of modules, for the comparison with another engine:
//
//   mutants PACK CHANGES SEED > PACK     PACK: for each module its length (4 bytes, little endian) and its
//   bytes
//
// Every module gets CHANGES changes to its functions, one after the other.
#include "mutate.h"

#include <stdio.h>
#include <stdlib.h>

enum { ROOM = 1 << 17 };

int main(int argument_count, char **arguments) {
    if (argument_count != 4) {
        fprintf(stderr, "usage: %s PACK CHANGES SEED\n", arguments[0]);
        return 2;
    }
    FILE *pack = fopen(arguments[1], "rb");
    if (!pack) {
        perror(arguments[1]);
        return 2;
    }
    uint32_t changes = (uint32_t)atoi(arguments[2]);
    uint32_t seed = (uint32_t)atoi(arguments[3]);
    static uint8_t bytes[ROOM];
    for (uint32_t length; fread(&length, sizeof length, 1, pack) == 1;) {
        if (length > ROOM || fread(bytes, 1, length, pack) != length)
            return 2;
        for (uint32_t i = 0; i < changes; i++) {
            size_t changed = mutate_module(bytes, length, ROOM, seed++, true);
            length = changed ? (uint32_t)changed : length;
        }
        fwrite(&length, sizeof length, 1, stdout);
        fwrite(bytes, 1, length, stdout);
    }
    fclose(pack);
    return 0;
}
