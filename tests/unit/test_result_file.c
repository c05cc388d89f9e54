/*
 * test_result_file.c - reading result.json back: what is a result is loaded, from a file
 * and from a folder; what is not is refused in one line, and nothing hangs or is guessed.
 */
#include "harness/result/result_file.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define GOOD_HEAD                                                                        \
	"\"schema\":\"muxbench.result\",\"schema_version\":{\"major\":1,\"minor\":0}"
#define GOOD "{" GOOD_HEAD ",\"trials\":[{},{\"new\":1}],\"newer\":null}"

/* A folder of the test's own, with a file in it. */
struct fixture {
	char folder[64];
	char path[96];
};

static int set_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	strcpy(fixture->folder, "/tmp/test_result_file.XXXXXX");
	if (!mkdtemp(fixture->folder))
		return -1;
	snprintf(fixture->path, sizeof(fixture->path), "%s/result.json", fixture->folder);
	*state = fixture;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;
	char unfinished[96];

	snprintf(unfinished, sizeof(unfinished), "%s/trials.jsonl", fixture->folder);
	unlink(unfinished);
	if (unlink(fixture->path) < 0 && errno == EISDIR)
		rmdir(fixture->path);
	int error = rmdir(fixture->folder);

	free(fixture);
	return error;
}

static void put_bytes(const struct fixture *fixture, const char *bytes, size_t length)
{
	int fd = open(fixture->path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, length), (ssize_t)length);
	close(fd);
}

/* Refused with that error, in one printable line that names the file and the reason. */
static void assert_refused(const char *path, int error, const char *reason)
{
	struct problem problem = {""};
	json_t *root = json_null(); /* a value that must not stay */
	int result = result_file_load(path, &root, &problem);

	if (result != error || root != NULL || !strstr(problem.text, reason) ||
		!strstr(problem.text, path) || strpbrk(problem.text, "\n\r\t\033"))
		fail_msg("wanted %d and '%s', got %d: %s", error, reason, result,
			problem.text);
	assert_int_equal(result_file_load(path, &root, NULL), error);
}

static void test_loads_a_file_and_a_folder(void **state)
{
	const struct fixture *fixture = *state;
	const char *paths[] = {fixture->path, fixture->folder};

	put_bytes(fixture, GOOD, strlen(GOOD));
	for (size_t i = 0; i < 2; i++) {
		struct problem problem = {""};
		json_t *root = NULL;

		assert_int_equal(result_file_load(paths[i], &root, &problem), 0);
		assert_int_equal(json_array_size(json_object_get(root, "trials")), 2);
		assert_string_equal(problem.text, "");
		json_decref(root);
	}
}

struct hostile {
	const char *text;
	const char *reason;
};

static void test_refuses_what_is_no_result(void **state)
{
	static const struct hostile files[] = {
		{"", "empty"},
		{" \n", "not JSON"},
		{"{\"schema\":\"muxbench.result\",", "not JSON"}, /* truncated */
		{"[]", "no JSON object"},
		{"[{" GOOD_HEAD ",\"trials\":[]}]", "no JSON object"},
		{"\"text\"", "not JSON"},
		{"{" GOOD_HEAD ",\"trials\":[]} {}", "not JSON"},
		{"{" GOOD_HEAD ",\"trials\":[],\"trials\":[]}", "duplicate"},
		{"{\"schema\":\"muxbench.result\"," GOOD_HEAD ",\"trials\":[]}",
			"duplicate"},
		{"{" GOOD_HEAD "}", "'trials'"},
		{"{" GOOD_HEAD ",\"trials\":{}}", "'trials'"},
		{"{" GOOD_HEAD ",\"trials\":null}", "'trials'"},
		{"{" GOOD_HEAD ",\"trials\":[{},7]}", "trials[1]"},
		{"{" GOOD_HEAD ",\"trials\":[[]]}", "trials[0]"},
		{"{}", "'schema'"},
		{"{\"schema\":7,\"schema_version\":{\"major\":1},\"trials\":[]}",
			"'schema'"},
		{"{\"schema\":\"other\\n\\u001b[2J\",\"trials\":[]}", "its schema is"},
		{"{\"schema\":\"muxbench.result\",\"trials\":[]}", "'schema_version'"},
		{"{\"schema\":\"muxbench.result\",\"schema_version\":1,\"trials\":[]}",
			"'schema_version'"},
		{"{\"schema\":\"muxbench.result\",\"schema_version\":{},\"trials\":[]}",
			"'major'"},
		{"{\"schema\":\"muxbench.result\",\"schema_version\":{\"major\":2},"
		 "\"trials\":[]}",
			"version 2"},
		{"{\"schema\":\"muxbench.result\",\"schema_version\":{\"major\":\"1\"},"
		 "\"trials\":[]}",
			"'major'"},
		{"{" GOOD_HEAD ",\"trials\":[{\"a\":NaN}]}", "not JSON"},
		{"{" GOOD_HEAD ",\"trials\":[{\"a\":Infinity}]}", "not JSON"},
		{"{" GOOD_HEAD ",\"trials\":[{\"a\":1e999}]}", "not JSON"},
		{"{" GOOD_HEAD ",\"trials\":[{\"a\":99999999999999999999}]}", "not JSON"},
		{"{" GOOD_HEAD ",\"trials\":[{\"a\":\"\xff\xfe\"}]}", "not JSON"},
		{"{" GOOD_HEAD ",\"trials\":[{\"a\":\"\\u0000\"}]}", "not JSON"},
		{"\x7f"
		 "ELF",
			"not JSON"},
	};
	const struct fixture *fixture = *state;

	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		put_bytes(fixture, files[i].text, strlen(files[i].text));
		assert_refused(fixture->path, -EBADMSG, files[i].reason);
	}
	put_bytes(fixture, GOOD "\0", sizeof(GOOD));
	assert_refused(fixture->path, -EBADMSG, "not JSON");
}

/* Deep enough to end the stack of a parser that recurses without a limit. */
static void test_refuses_deep_nesting(void **state)
{
	enum { DEPTH = 1000000 };
	const struct fixture *fixture = *state;
	char *text = malloc(DEPTH);

	memset(text, '[', DEPTH);
	put_bytes(fixture, text, DEPTH);
	assert_refused(fixture->path, -EBADMSG, "lists within lists within lists");
	for (size_t i = 0; i + 5 <= DEPTH; i += 5)
		memcpy(text + i, "{\"a\":", 5);
	put_bytes(fixture, text, DEPTH);
	assert_refused(fixture->path, -EBADMSG, "depth");
	free(text);
}

/* Without reading it: the file has a hole as large as the disk would take. */
static void test_refuses_a_huge_file(void **state)
{
	const struct fixture *fixture = *state;

	put_bytes(fixture, GOOD, strlen(GOOD));
	assert_int_equal(truncate(fixture->path, (off_t)RESULT_FILE_BYTES_MAX + 1), 0);
	assert_refused(fixture->path, -EFBIG, "64 MiB");
}

/* Whatever else has a name in the file system; none may block or be read. */
static void test_refuses_what_is_no_file(void **state)
{
	const struct fixture *fixture = *state;

	assert_refused(fixture->path, -ENOENT, "No such file");
	assert_refused(fixture->folder, -ENOENT, "no result.json in it");
	assert_int_equal(mkfifo(fixture->path, 0600), 0);
	assert_refused(fixture->path, -EINVAL, "not a regular file");
	assert_refused(fixture->folder, -EINVAL, "not a regular file");
	unlink(fixture->path);
	assert_int_equal(mkdir(fixture->path, 0700), 0);
	assert_refused(fixture->folder, -EINVAL, "not a regular file");
	rmdir(fixture->path);
	assert_int_equal(symlink("/dev/zero", fixture->path), 0);
	assert_refused(fixture->folder, -EINVAL, "not a regular file");
	unlink(fixture->path);
	assert_int_equal(symlink("result.json", fixture->path), 0);
	assert_refused(fixture->folder, -ELOOP, "result.json");
}

/* A run that was killed leaves trials.jsonl alone: that is said. */
static void test_tells_an_unfinished_run(void **state)
{
	const struct fixture *fixture = *state;
	char unfinished[96];

	snprintf(unfinished, sizeof(unfinished), "%s/trials.jsonl", fixture->folder);
	close(open(unfinished, O_WRONLY | O_CREAT, 0600));
	assert_refused(fixture->folder, -ENOENT, "did not finish");
}

/* A path may hold anything, and is quoted in the line. */
static void test_a_path_with_control_characters(void **state)
{
	struct problem problem = {""};
	json_t *root;

	(void)state;
	assert_int_equal(
		result_file_load("/nowhere/\033[2J\nx", &root, &problem), -ENOENT);
	assert_null(strpbrk(problem.text, "\n\033"));
	assert_int_equal(result_file_load("", &root, &problem), -ENOENT);
}

/* No descriptor is left behind, however it ends. */
static void test_leaves_no_descriptor(void **state)
{
	const struct fixture *fixture = *state;
	int before = dup(0);
	json_t *root;

	close(before);
	put_bytes(fixture, GOOD, strlen(GOOD));
	for (int i = 0; i < 3; i++) {
		assert_int_equal(result_file_load(fixture->folder, &root, NULL), 0);
		json_decref(root);
	}
	put_bytes(fixture, "{", 1);
	assert_int_equal(result_file_load(fixture->folder, &root, NULL), -EBADMSG);
	assert_int_equal(result_file_load("/proc/self", &root, NULL), -ENOENT);
	int after = dup(0);

	close(after);
	assert_int_equal(after, before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_loads_a_file_and_a_folder, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_refuses_what_is_no_result, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_refuses_deep_nesting, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_refuses_a_huge_file, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_refuses_what_is_no_file, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_tells_an_unfinished_run, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_a_path_with_control_characters, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_leaves_no_descriptor, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
