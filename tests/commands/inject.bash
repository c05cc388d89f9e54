# inject.bash - what the tests of injected faults share; after common.bash.
#
# INJECT=long (`make test-inject-long`): ten seeds in place of two, every allocation in
# place of some. INJECT_SEEDS="4711" runs one seed again.

inject="$BUILD/tests/inject"
plugin="$BUILD/select_wide.so"

if [ "${INJECT:-}" = long ]; then
	seeds=${INJECT_SEEDS:-$(seq 10)}
	streams=300
else
	seeds=${INJECT_SEEDS:-1 2}
	streams=60
fi

is_sanitized() {
	nm -D "$BUILD/muxbench-server" | grep -qE '__(asan|tsan)_'
}

is_thread_sanitized() {
	nm -D "$BUILD/muxbench-server" | grep -q '__tsan_'
}

# The sanitizers want to be loaded first; what is preloaded here may come before them.
export ASAN_OPTIONS="verify_asan_link_order=0${ASAN_OPTIONS:+:$ASAN_OPTIONS}"

# driven SEED ARGUMENT...: the driver with the replay line of its failure shown.
driven() {
	local seed=$1
	shift
	timeout 120 "$inject/drive" --seed "$seed" --streams "$streams" "$@"
}

# survives BACKEND RATE FAULTS: every seed, each with other bytes and other moments.
survives() {
	local backend=$1 rate=$2 faults=$3 seed
	for seed in $seeds; do
		driven "$seed" --backend "$backend" --rate "$rate" --what "$faults"
	done
}

# may_trace: strace is there and ptrace allowed; else the test is skipped with the reason.
may_trace() {
	command -v strace >/dev/null || skip "strace is not installed"
	strace -o /dev/null true 2>/dev/null || skip "ptrace is not allowed here"
	! is_sanitized || skip "the leak checker does not run under ptrace"
}

# traced BACKEND INJECTION...: the driver, the server under strace with each -e inject=.
# Fails when strace injected nothing.
traced() {
	local backend=$1 log="$BATS_TEST_TMPDIR/strace" calls="" rule options=()
	local streams=$((streams / 3)) # each call stops twice
	shift
	for rule; do
		options+=(-e "inject=$rule")
		calls="$calls${calls:+,}${rule%%:*}"
	done
	driven 1 --backend "$backend" -- strace -f -qq -o "$log" -e "trace=$calls" "${options[@]}"
	for rule; do
		grep -q "${rule%%:*}.*(INJECTED)" "$log" || {
			echo "strace injected nothing for $rule" >&2
			return 1
		}
	done
}
