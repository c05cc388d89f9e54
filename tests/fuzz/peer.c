/* peer.c - peer_start() without a program behind it. */
#include "tests/fuzz/peer.h"

#include "harness/process/peer.h"
#include "tests/fuzz/fuzz.h"

#include <fcntl.h>
#include <string.h>

int __wrap_peer_start(struct peer *peer, const struct launcher *launcher,
	const char *const *argv, struct problem *problem);

static struct {
	const uint8_t *data;
	size_t size;
} left;

void fuzz_peers_say(const uint8_t *data, size_t size)
{
	left.data = data;
	left.size = size;
}

int __wrap_peer_start(struct peer *peer, const struct launcher *launcher,
	const char *const *argv, struct problem *problem)
{
	const uint8_t *end = left.size > 0 ? memchr(left.data, 0, left.size) : NULL;
	size_t size = end ? (size_t)(end - left.data) : left.size;
	size_t step = end ? size + 1 : size;

	(void)launcher;
	(void)problem;
	peer_init(peer);
	peer->name = argv[0];
	peer->child.out = fuzz_open(left.data, size);
	peer->child.in = open("/dev/null", O_WRONLY | O_CLOEXEC);
	jsonl_reader_init(&peer->reader, peer->child.out);
	left.data = left.size > 0 ? left.data + step : left.data;
	left.size -= step;
	return 0;
}
