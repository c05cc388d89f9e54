#!/usr/bin/env bats
# Each allocation of a program refused in turn (tests/inject/memory.c): it says so and ends
# with a status that is not 0, or goes on and does just what it would have done. Never a
# crash, a hang, a hole in what it writes. By default some, with INJECT=long all of them.
load common
load inject

# The server and the load are small enough for all; of the harness's thousands a sample.
if [ "${INJECT:-}" = long ]; then
	few=1 some=7 many=61
else
	few=3 some=397 many=1301
fi

setup() {
	started=()
	is_sanitized && skip "the sanitizers' allocators are in the way"
	true
}

setup_file() {
	"$BUILD/muxbench" run --backends poll,epoll-lt --idle 0,3 --blocks 2 --duration 0.02 --warmup 0 \
		--counted 0.01 --no-plots --quiet --out "$BATS_FILE_TMPDIR/run" >/dev/null
}

# refuses STEP PROGRAM COMPARE ARGUMENT...: one refused, then all from one on.
refuses() {
	local step=$1 program=$2 compare=$3
	shift 3
	tests/inject/refuse.py --step "$step" --program "$program" --compare "$compare" "$@"
	tests/inject/refuse.py --step "$((step * 4 + 1))" --after --program "$program" --compare "$compare" "$@"
}

conversation='{"cmd":"snapshot"}\n{"cmd":"stop"}\n'

@test "[row 1] no memory at any allocation of the server: select" {
	refuses "$few" muxbench-server keys --stdin "$conversation" -- \
		"$BUILD/muxbench-server" --backend select --control
}

@test "[row 1] no memory at any allocation of the server: select-wide" {
	refuses "$few" muxbench-server keys --stdin "$conversation" -- \
		"$BUILD/muxbench-server" --backend select-wide --control
}

@test "[row 1] no memory at any allocation of the server: poll" {
	refuses "$few" muxbench-server keys --stdin "$conversation" -- \
		"$BUILD/muxbench-server" --backend poll --control
}

@test "[row 1] no memory at any allocation of the server: epoll-lt" {
	refuses "$few" muxbench-server keys --stdin "$conversation" -- \
		"$BUILD/muxbench-server" --backend epoll-lt --control
}

@test "[row 1] no memory at any allocation of the server: epoll-et" {
	refuses "$few" muxbench-server keys --stdin "$conversation" -- \
		"$BUILD/muxbench-server" --backend epoll-et --control
}

@test "[row 1] no memory at any allocation of the server: io_uring" {
	supported_backends | grep -qx io_uring || skip "io_uring cannot run here"
	refuses "$few" muxbench-server keys --stdin "$conversation" -- \
		"$BUILD/muxbench-server" --backend io_uring --control
}

@test "[row 1] no memory at any allocation of the server: plug-in" {
	refuses "$few" muxbench-server keys --stdin "$conversation" -- \
		"$BUILD/muxbench-server" --backend "$plugin" --control
}

@test "no memory at any allocation of the load" {
	start_server --backend poll
	refuses "$few" muxbench-load keys -- \
		"$BUILD/muxbench-load" --port "$port" --idle 2 --active 2 --requests 10
}

@test "no memory at the allocations of a run, of its server and of its load" {
	for program in muxbench:$many muxbench-server:$((few * 40 + 1)) muxbench-load:$((few * 40 + 1)); do
		refuses "${program#*:}" "${program%:*}" '{dir}/result.json' -- "$BUILD/muxbench" run --backends poll \
			--idle 0 --blocks 1 --duration 0.02 --warmup 0 --counted 0.01 --no-plots --quiet --out '{dir}'
	done
}

@test "no memory at the allocations of export" {
	for format in csv json markdown gobench; do
		refuses "$some" muxbench bytes -- \
			"$BUILD/muxbench" export "$BATS_FILE_TMPDIR/run" --format $format
	done
}

@test "no memory at the allocations of report" {
	for format in html markdown text; do
		refuses "$some" muxbench bytes -- \
			"$BUILD/muxbench" report "$BATS_FILE_TMPDIR/run" --format $format --out -
	done
}

@test "control: a program that ignores a refusal is caught" {
	printf '%s\n' '#include <stdio.h>' '#include <stdlib.h>' '#include <string.h>' \
		'int main(void) { char *p = malloc(9); puts(strcpy(p, "alive")); free(p); return 0; }' \
		>"$BATS_TEST_TMPDIR/careless.c"
	${CC:-cc} -O0 "$BATS_TEST_TMPDIR/careless.c" -o "$BATS_TEST_TMPDIR/careless"
	run_split tests/inject/refuse.py --program careless -- "$BATS_TEST_TMPDIR/careless"
	[ "$status" -eq 1 ]
	grep -q 'allocation 1 of careless: ended by signal' <<<"$stdout"
}
