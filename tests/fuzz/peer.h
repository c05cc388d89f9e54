/*
 * peer.h - programs that are not started: peer_start() is put aside by the linker
 * (--wrap), and whoever would be launched has said all that it will say in a file.
 */
#ifndef TESTS_FUZZ_PEER_H
#define TESTS_FUZZ_PEER_H

#include <stddef.h>
#include <stdint.h>

/*
 * What the peers started from here on say: the bytes are cut at NULs, the first peer gets
 * the first piece. Those beyond the last piece say nothing.
 */
void fuzz_peers_say(const uint8_t *data, size_t size);

#endif
