/*
 * test_ring.c - what a kernel must be able to do before the io_uring backend is offered:
 * older ones are imitated, for no test can bring them along.
 */
#define backend_io_uring         ring_under_test
#define backend_io_uring_noflags ring_without_flags
#include "backends/io_uring.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { OPERATIONS = 64, WHY_BYTES = 200 };

/* What a kernel answers to IORING_REGISTER_PROBE that has all but one operation. */
struct answer {
	struct io_uring_probe probe;
	struct io_uring_probe_op operations[OPERATIONS];
};

static void answer_without(struct answer *answer, int missing)
{
	*answer = (struct answer){.probe = {.last_op = OPERATIONS - 1}};
	for (int i = 0; i < OPERATIONS; i++)
		answer->operations[i] = (struct io_uring_probe_op){
			.op = (uint8_t)i,
			.flags = (uint16_t)(i == missing ? 0 : IO_URING_OP_SUPPORTED),
		};
}

static void test_a_kernel_that_can_all(void **state)
{
	struct answer answer;
	char why[WHY_BYTES] = "";

	(void)state;
	answer_without(&answer, -1);
	assert_int_equal(uring_check(&best_plan, IORING_FEAT_NODROP, &answer.probe, why,
				 sizeof(why)),
		0);
	assert_string_equal(why, "");
}

static void test_results_may_not_be_dropped(void **state)
{
	struct answer answer;
	char why[WHY_BYTES] = "";

	(void)state;
	answer_without(&answer, -1);
	assert_int_equal(uring_check(&best_plan, ~(unsigned)IORING_FEAT_NODROP,
				 &answer.probe, why, sizeof(why)),
		-EOPNOTSUPP);
	assert_non_null(strstr(why, "IORING_FEAT_NODROP"));
}

static void test_every_operation_is_needed(void **state)
{
	static const struct {
		int opcode;
		const char *name;
	} needed[] = {
		{IORING_OP_ACCEPT, "IORING_OP_ACCEPT"},
		{IORING_OP_RECV, "IORING_OP_RECV"},
		{IORING_OP_SEND, "IORING_OP_SEND"},
		{IORING_OP_TIMEOUT, "IORING_OP_TIMEOUT"},
		{IORING_OP_POLL_ADD, "IORING_OP_POLL_ADD"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(needed) / sizeof(*needed); i++) {
		struct answer answer;
		char why[WHY_BYTES] = "";

		answer_without(&answer, needed[i].opcode);
		assert_int_equal(uring_check(&best_plan, IORING_FEAT_NODROP,
					 &answer.probe, why, sizeof(why)),
			-EOPNOTSUPP);
		assert_non_null(strstr(why, needed[i].name));
	}
}

/* The backend itself says what this machine lets it do, and says why not. */
static void test_the_probe_gives_a_reason(void **state)
{
	char why[WHY_BYTES] = "";
	int error = ring_under_test.probe(why, sizeof(why));

	(void)state;
	assert_int_equal(error < 0, why[0] != '\0');
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_kernel_that_can_all),
		cmocka_unit_test(test_results_may_not_be_dropped),
		cmocka_unit_test(test_every_operation_is_needed),
		cmocka_unit_test(test_the_probe_gives_a_reason),
	};

	return cmocka_run_group_tests_name("ring", tests, NULL, NULL);
}
