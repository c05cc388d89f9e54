/*
 * test_stream.c - requests in flight behind one another: sent whole and in order through
 * a socket that takes little, and compared by position however their echo is cut up; and
 * whose turn it is to take the next one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "loadgen/engine.h"
#include "loadgen/stream.h"
#include "loadgen/turns.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MESSAGE_BYTES = 1000, PIPELINE = 100, ALL_BYTES = MESSAGE_BYTES * PIPELINE };

struct fixture {
	struct payload payload;
	struct engine_result result;
	struct request ring[PIPELINE];
	struct stream stream;
	int fds[2]; /* the stream's end, the server's */
	uint8_t bytes[ALL_BYTES + MESSAGE_BYTES];
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	*state = f;
	if (!f || payload_init(&f->payload, MESSAGE_BYTES, 1) < 0)
		return -1;
	f->stream = (struct stream){
		.fd = &f->fds[0],
		.number = 3,
		.message_bytes = MESSAGE_BYTES,
		.ring = f->ring,
		.capacity = PIPELINE,
	};
	return socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, f->fds);
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	close(f->fds[0]);
	close(f->fds[1]);
	payload_free(&f->payload);
	free(f);
	return 0;
}

/* Adds requests, named by their times. */
static void add(struct fixture *f, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		assert_true(stream_has_room(&f->stream));
		stream_add(&f->stream, &f->payload)->sent_ns = f->stream.requests_started;
	}
}

/* All that the server has got by now, behind what it got before. */
static size_t drain(struct fixture *f, size_t at)
{
	ssize_t n;

	while ((n = read(f->fds[1], f->bytes + at, sizeof(f->bytes) - at)) > 0)
		at += (size_t)n;
	return at;
}

/* What a ring does: parts are noted down as sent, and some turn out not to be. */
static void test_parts_are_noted_down_and_taken_back(void **state)
{
	static const size_t back[] = {0, 1, 999, 1000, 1001, 2999, 3000};
	struct fixture *f = *state;
	struct iovec parts[3];
	size_t count;

	add(f, 5);
	for (size_t i = 0; i < sizeof(back) / sizeof(*back); i++) {
		assert_int_equal(stream_unsent(&f->stream, parts, 3, &count), 3000);
		assert_int_equal(count, 3);
		stream_sent(&f->stream, 3000);
		assert_int_equal(f->stream.unsent, 2);
		stream_unsend(&f->stream, back[i]);
		/* the rest begins with the first byte that was taken back */
		size_t bytes = stream_unsent(&f->stream, parts, 3, &count);
		size_t at = 3000 - back[i];

		assert_int_equal(bytes, count * 1000 - at % 1000);
		assert_ptr_equal(
			parts[0].iov_base, f->ring[at / 1000].message + at % 1000);
		assert_int_equal(f->stream.unsent, 5 - at / 1000);
		stream_unsend(&f->stream, at);
		assert_int_equal(f->stream.unsent, 5);
		assert_int_equal(f->stream.sent, 0);
	}
}

/* Sends all that is unsent; the server reads whenever the socket is full. */
static size_t send_all(struct fixture *f)
{
	size_t got = 0;

	while (f->stream.unsent > 0) {
		assert_int_equal(stream_send(&f->stream, &f->result), 0);
		got = drain(f, got);
	}
	return got;
}

/* Takes off all that is answered, in order from request `next`; the one after. */
static uint64_t pop_all(struct fixture *f, uint64_t next)
{
	struct request request;

	while (stream_pop(&f->stream, &request))
		assert_int_equal(request.sent_ns, next++);
	return next;
}

static void test_what_is_sent_is_the_messages_in_order(void **state)
{
	struct fixture *f = *state;
	int little = 1; /* the kernel makes it a few KiB */

	setsockopt(f->fds[0], SOL_SOCKET, SO_SNDBUF, &little, sizeof(little));
	add(f, PIPELINE);
	assert_false(stream_has_room(&f->stream));
	assert_int_equal(send_all(f), ALL_BYTES);
	assert_int_equal(f->result.bytes_tx, ALL_BYTES);
	for (size_t i = 0; i < PIPELINE; i++)
		assert_memory_equal(f->bytes + i * MESSAGE_BYTES,
			payload_message(&f->payload, 3, i), MESSAGE_BYTES);
}

/* The echo comes in pieces of every kind; requests come off as they are whole. */
static void test_echo_is_taken_however_it_is_cut(void **state)
{
	static const size_t pieces[] = {1, 7, 999, 1000, 1001, 2500, 65536};
	struct fixture *f = *state;
	uint64_t next = 1;

	for (size_t i = 0; i < sizeof(pieces) / sizeof(*pieces); i++) {
		/* Also where the ring begins anew. */
		add(f, PIPELINE);
		assert_int_equal(send_all(f), ALL_BYTES);
		for (size_t at = 0; at < ALL_BYTES; at += pieces[i]) {
			size_t left = ALL_BYTES - at;
			size_t n = left < pieces[i] ? left : pieces[i];

			assert_int_equal(stream_answers(&f->stream, n),
				at % MESSAGE_BYTES + n >= MESSAGE_BYTES);
			assert_int_equal(
				stream_take(&f->stream, f->bytes + at, n, &f->result), 0);
			next = pop_all(f, next);
		}
		assert_int_equal(next, 1 + (i + 1) * PIPELINE);
		assert_int_equal(f->stream.in_flight, 0);
	}
	assert_int_equal(f->result.errors, 0);
	assert_int_equal(f->result.bytes_rx, f->result.bytes_tx);
}

/* New requests join while others are half answered. */
static void test_requests_join_in_the_middle(void **state)
{
	struct fixture *f = *state;

	add(f, 2);
	size_t got = send_all(f);

	assert_int_equal(stream_take(&f->stream, f->bytes, 1500, &f->result), 0);
	assert_int_equal(pop_all(f, 1), 2);
	memmove(f->bytes, f->bytes + 1500, got - 1500);
	add(f, 3);
	assert_int_equal(stream_send(&f->stream, &f->result), 0);
	got = drain(f, got - 1500);
	assert_int_equal(got, 3500);
	assert_int_equal(stream_take(&f->stream, f->bytes, got, &f->result), 0);
	assert_int_equal(pop_all(f, 2), 6);
}

static void test_wrong_byte_is_found_in_its_request(void **state)
{
	struct fixture *f = *state;

	add(f, 3);
	size_t got = send_all(f);

	f->bytes[2017] ^= 1;
	assert_int_equal(stream_take(&f->stream, f->bytes, got, &f->result), -EPROTO);
	assert_int_equal(f->result.errors, 1);
	assert_int_equal(f->result.bytes_wrong, 1);
	assert_non_null(strstr(f->result.first_error.text, "request 3: byte 17 of 1000"));
}

/* Answers in the wrong order are wrong bytes. */
static void test_swapped_answers_are_found(void **state)
{
	struct fixture *f = *state;
	uint8_t first[MESSAGE_BYTES];

	add(f, 2);
	send_all(f);
	memcpy(first, f->bytes, MESSAGE_BYTES);
	memmove(f->bytes, f->bytes + MESSAGE_BYTES, MESSAGE_BYTES);
	memcpy(f->bytes + MESSAGE_BYTES, first, MESSAGE_BYTES);
	assert_int_equal(stream_take(&f->stream, f->bytes, 2 * MESSAGE_BYTES, &f->result),
		-EPROTO);
}

static void test_more_than_was_sent_is_found(void **state)
{
	struct fixture *f = *state;

	add(f, 2);
	send_all(f);
	assert_int_equal(stream_take(&f->stream, f->bytes, 1999, &f->result), 0);
	assert_int_equal(
		stream_take(&f->stream, f->bytes + 1999, 2, &f->result), -EPROTO);
	assert_int_equal(f->result.bytes_wrong, 1);
}

/* The right bytes, but before they were sent: a server that knows the future. */
static void test_bytes_before_they_were_sent_are_found(void **state)
{
	struct fixture *f = *state;

	add(f, 1);
	assert_int_equal(stream_take(&f->stream, payload_message(&f->payload, 3, 0),
				 MESSAGE_BYTES, &f->result),
		-EPROTO);
}

static void test_closed_connection_is_an_error(void **state)
{
	struct fixture *f = *state;

	close(f->fds[1]);
	add(f, 2);
	assert_int_equal(stream_send(&f->stream, &f->result), -EPIPE);
	assert_int_equal(stream_clear(&f->stream), 2);
	assert_true(stream_has_room(&f->stream));
	f->fds[1] = dup(f->fds[0]);
}

enum { CONNECTIONS = 10 };

/* Each in its turn, over the end of the ring and again. */
static void test_turns_go_round(void **state)
{
	struct turns turns;

	(void)state;
	assert_int_equal(turns_init(&turns, CONNECTIONS), 0);
	for (size_t i = 0; i < CONNECTIONS; i++)
		turns_add(&turns, i);
	for (size_t i = 0; i < 10 * CONNECTIONS; i++) {
		size_t taken = turns_take_first(&turns);

		assert_int_equal(taken, i % CONNECTIONS);
		turns_add(&turns, taken);
	}
	turns_free(&turns);
}

/* Any of those that are in, each equally often, and nobody is lost. */
static void test_turns_are_drawn(void **state)
{
	enum { DRAWS = 100000 };
	struct random random = {.state = 1};
	size_t drawn[CONNECTIONS] = {0};
	struct turns turns;

	(void)state;
	assert_int_equal(turns_init(&turns, CONNECTIONS), 0);
	for (size_t i = 0; i < CONNECTIONS; i++)
		turns_add(&turns, i);
	for (size_t i = 0; i < DRAWS; i++) {
		size_t one = turns_take_drawn(&turns, &random);
		size_t other = turns_take_drawn(&turns, &random);

		assert_int_not_equal(one, other);
		drawn[one]++;
		turns_add(&turns, one);
		turns_add(&turns, other);
		assert_int_equal(turns.count, CONNECTIONS);
	}
	/* 10,000 each; the standard deviation is 95. */
	for (size_t i = 0; i < CONNECTIONS; i++)
		assert_in_range(drawn[i], 9500, 10500);
	turns_free(&turns);
}

#define WITH_FIXTURE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_FIXTURE(test_parts_are_noted_down_and_taken_back),
		WITH_FIXTURE(test_what_is_sent_is_the_messages_in_order),
		WITH_FIXTURE(test_echo_is_taken_however_it_is_cut),
		WITH_FIXTURE(test_requests_join_in_the_middle),
		WITH_FIXTURE(test_wrong_byte_is_found_in_its_request),
		WITH_FIXTURE(test_swapped_answers_are_found),
		WITH_FIXTURE(test_more_than_was_sent_is_found),
		WITH_FIXTURE(test_bytes_before_they_were_sent_are_found),
		WITH_FIXTURE(test_closed_connection_is_an_error),
		cmocka_unit_test(test_turns_go_round),
		cmocka_unit_test(test_turns_are_drawn),
	};

	return cmocka_run_group_tests_name("stream", tests, NULL, NULL);
}
