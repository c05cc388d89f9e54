/* tally.c - what a crowd of clients has seen. */
#include "tests/soak/tally.h"

#include <stddef.h>

void tally_sum(struct tally *sum, const struct tally *one)
{
	/* clang-format off */
	static const size_t counters[] = {
		offsetof(struct tally, connections),
		offsetof(struct tally, bytes_sent),
		offsetof(struct tally, bytes_verified),
		offsetof(struct tally, resets),
		offsetof(struct tally, half_closes),
		offsetof(struct tally, cut_bytes_sent),
		offsetof(struct tally, cut_bytes_received),
		offsetof(struct tally, lost_connections),
		offsetof(struct tally, lost_bytes),
		offsetof(struct tally, wrong_connections),
		offsetof(struct tally, wrong_bytes),
		offsetof(struct tally, live),
	};
	/* clang-format on */
	uint64_t longest_ns = tally_get(&one->quiet_longest_ns);

	for (size_t i = 0; i < sizeof(counters) / sizeof(*counters); i++)
		*(uint64_t *)((char *)sum + counters[i]) +=
			tally_get((const uint64_t *)((const char *)one + counters[i]));
	for (int kind = 0; kind < KIND_COUNT; kind++) {
		sum->kinds[kind].finished += tally_get(&one->kinds[kind].finished);
		sum->kinds[kind].bytes_verified +=
			tally_get(&one->kinds[kind].bytes_verified);
	}
	if (longest_ns > sum->quiet_longest_ns)
		sum->quiet_longest_ns = longest_ns;
}

uint64_t tally_faults(const struct tally *tally)
{
	return tally_get(&tally->lost_connections) + tally_get(&tally->wrong_connections);
}
