/* kind.c - the kinds of clients, a function that draws and a line of the table each. */
#include "tests/soak/kind.h"

#include "common/clock.h"

enum {
	KIB = 1024,
	PLENTY_BYTES = 128 * KIB,
	SEGMENT_TINY_BYTES = 536,
	SEGMENT_BYTES = 8 * KIB,
};

/* Both ends are possible. */
static uint64_t between(struct random *random, uint64_t low, uint64_t high)
{
	return low + random_below(random, high - low + 1);
}

static bool one_in(struct random *random, uint64_t n)
{
	return random_below(random, n) == 0;
}

/* Mostly small; now and then a byte beside a size that buffers have. */
static uint64_t message_bytes(struct random *random)
{
	static const uint64_t sizes[] = {4 * KIB, 16 * KIB, 32 * KIB, 64 * KIB};

	if (!one_in(random, 16))
		return between(random, 1, 512);
	return sizes[random_below(random, sizeof(sizes) / sizeof(*sizes))] - 1 +
	       random_below(random, 3);
}

/* Tiny ones leave the server with odd rests to write, large ones with all or nothing. */
static int segment_bytes(struct random *random)
{
	return one_in(random, 2) ? SEGMENT_TINY_BYTES : SEGMENT_BYTES;
}

/* k echoes and gone. */
static void draw_churn(struct random *random, struct script *script)
{
	script->message_bytes = message_bytes(random);
	script->bytes = script->message_bytes * between(random, 1, 6);
	script->ending = one_in(random, 64) ? END_CLOSE_WHEN_BACK : END_RESET_WHEN_BACK;
}

/* Connects in a crowd; one small echo. */
static void draw_burst(struct random *random, struct script *script)
{
	script->message_bytes = between(random, 1, 64);
	script->bytes = script->message_bytes;
	script->ending = END_RESET_WHEN_BACK;
}

/* FIN right behind the last byte: everything must still come. */
static void draw_half_close(struct random *random, struct script *script)
{
	uint64_t most = one_in(random, 16) ? 256 * KIB : 4 * KIB;

	script->bytes = random_below(random, most);
	script->ending = END_HALF_CLOSE;
}

/* RST: before a word, having sent and not read, amid the echo, and while stuck. */
static void draw_reset(struct random *random, struct script *script)
{
	script->bytes = between(random, 1, 64 * KIB);
	script->ending = END_CUT;
	script->cut_ns = between(random, 5 * NS_PER_MS, 20 * NS_PER_MS);
	script->cut_sent = script->cut_received = UINT64_MAX;
	switch (random_below(random, 8)) {
	case 0:
		script->cut_sent = 0;
		return;
	case 1:
	case 2:
	case 3:
		script->cut_sent = between(random, 1, script->bytes);
		script->stall_ns = NS_PER_S;
		return;
	case 4:
	case 5:
	case 6:
		script->cut_received = between(random, 1, script->bytes);
		return;
	default:
		script->bytes = 1024 * KIB;
		script->stall_ns = NS_PER_S;
	}
}

/* As much as the server takes, as fast as it takes it. */
static void draw_hose(struct random *random, struct script *script)
{
	script->bytes = between(random, 256 * KIB, 4096 * KIB);
	script->send_bytes = script->read_bytes = PLENTY_BYTES;
	script->ending = one_in(random, 8) ? END_HALF_CLOSE : END_RESET_WHEN_BACK;
}

/* Takes its echo in small bites, so that the server must hold back. */
static void draw_slow(struct random *random, struct script *script)
{
	script->segment_bytes = segment_bytes(random);
	script->bytes = between(random, 64 * KIB, 512 * KIB);
	script->read_bytes = between(random, 512, 8 * KIB);
	script->read_pause_ns = between(random, NS_PER_MS / 2, 6 * NS_PER_MS);
	script->ending = one_in(random, 2) ? END_HALF_CLOSE : END_RESET_WHEN_BACK;
}

/* Reads nothing for long; often its FIN arrives while the server is stuck. */
static void draw_stalled(struct random *random, struct script *script)
{
	script->segment_bytes = segment_bytes(random);
	script->bytes = between(random, 64 * KIB, 1024 * KIB);
	script->stall_ns = between(random, 50 * NS_PER_MS, 500 * NS_PER_MS);
	script->ending = one_in(random, 4) ? END_RESET_WHEN_BACK : END_HALF_CLOSE;
}

/* A byte at a time, both ways. */
static void draw_dribbler(struct random *random, struct script *script)
{
	script->bytes = between(random, 16, 128);
	script->send_bytes = 1;
	script->read_bytes = between(random, 1, 3);
	script->send_pause_ns = between(random, NS_PER_MS / 5, 3 * NS_PER_MS);
	script->ending = one_in(random, 2) ? END_HALF_CLOSE : END_RESET_WHEN_BACK;
}

/* Says a word now and then: held among all the others, and how long it waits is seen. */
static void draw_quiet(struct random *random, struct script *script)
{
	script->message_bytes = between(random, 1, 64);
	script->bytes = script->message_bytes * between(random, 8, 24);
	script->send_pause_ns = between(random, 10 * NS_PER_MS, 50 * NS_PER_MS);
	script->ending = END_RESET_WHEN_BACK;
}

/* As much as fits, so that what the server keeps for one who does not read is full. How
 * full hangs on where it got stuck, so the ways there are many. */
static void draw_warm_up(struct random *random, struct script *script)
{
	script->segment_bytes = SEGMENT_BYTES;
	script->send_bytes = between(random, 16 * KIB, PLENTY_BYTES);
	script->bytes = 16384 * KIB;
	script->until_stuck = true;
	script->read_bytes = between(random, 4 * KIB, 64 * KIB);
	script->stall_ns = between(random, 100 * NS_PER_MS, 150 * NS_PER_MS);
	script->ending = END_HALF_CLOSE;
}

/* clang-format off */
const struct kind kinds[KIND_COUNT] = {
	[KIND_CHURN] = {.name = "churn", .role = ROLE_SHORT, .places = 92,
		.draw = draw_churn},
	[KIND_BURST] = {.name = "burst", .role = ROLE_SHORT, .places = 56,
		.together = true, .draw = draw_burst},
	[KIND_HALF_CLOSE] = {.name = "half-close", .role = ROLE_SHORT, .places = 16,
		.draw = draw_half_close},
	[KIND_RESET] = {.name = "reset", .role = ROLE_SHORT, .places = 24,
		.cuts = true, .draw = draw_reset},
	[KIND_HOSE] = {.name = "hose", .role = ROLE_BULK,
		.draw = draw_hose},
	[KIND_SLOW] = {.name = "slow", .role = ROLE_STEADY, .places = 16,
		.draw = draw_slow},
	[KIND_STALLED] = {.name = "stalled", .role = ROLE_STEADY, .places = 24,
		.draw = draw_stalled},
	[KIND_DRIBBLER] = {.name = "dribbler", .role = ROLE_STEADY, .places = 16,
		.no_delay = true, .draw = draw_dribbler},
	[KIND_QUIET] = {.name = "quiet", .role = ROLE_STEADY, .places = 8,
		.draw = draw_quiet},
	[KIND_WARM_UP] = {.name = "warm-up", .role = ROLE_WARM_UP,
		.places = KIND_PLACES, .together = true,
		.draw = draw_warm_up},
};
/* clang-format on */
