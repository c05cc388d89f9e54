#!/usr/bin/env bats
# System calls denied by seccomp, as a container's profile or an old kernel does: a working
# fallback, or one clear line and the exit status of the README. And runs without privileges.
load common
load inject

setup_file() {
	"$BUILD/tests/inject/deny" io_uring_setup=ENOSYS -- true 2>/dev/null ||
		skip "seccomp filters are not allowed here"
}

# denied RULES COMMAND...: run_split of the command under deny; RULES have spaces between.
denied() {
	local rules=$1
	shift
	# shellcheck disable=SC2086 # a list of words, on purpose
	run_split "$inject/deny" $rules -- "$@"
}

# says_once STATUS TEXT: what run_split saw was that, and one line.
says_once() {
	echo "status $status: $stderr"
	[ "$status" -eq "$1" ] && [ "$(wc -l <<<"$stderr")" -eq 1 ] && grep -qF -- "$2" <<<"$stderr"
}

tiny_run() {
	local rules=$1 backends=$2
	denied "$rules" "$BUILD/muxbench" run --backends "$backends" --idle 0,3 --blocks 1 --duration 0.05 \
		--warmup 0 --counted 0.02 --no-plots --quiet --out "$BATS_TEST_TMPDIR/out"
	result="$BATS_TEST_TMPDIR/out/result.json"
	echo "status $status: $stderr"
}

statuses="sorted({(t['backend'], t['status']) for t in r['trials']})"

built_with_io_uring() {
	"$BUILD/muxbench-server" --list --json | grep -q 'built without' && skip "built without io_uring"
	true
}

@test "[row 17] a ring denied with EPERM, ENOSYS, ENOMEM: unsupported, 5, why: io_uring" {
	built_with_io_uring
	for error in EPERM:forbidden ENOSYS:'has no io_uring' ENOMEM:RLIMIT_MEMLOCK; do
		denied "io_uring_setup=${error%%:*}" "$BUILD/muxbench-server" --backend io_uring
		says_once 5 "${error#*:}"
		grep -q '^muxbench-server: unsupported: io_uring_setup: ' <<<"$stderr"
		denied "io_uring_setup=${error%%:*}" "$BUILD/muxbench-server" --backend io_uring --control
		says_once 5 "${error#*:}"
		[ "$(json_lines event <<<"$stdout")" = unsupported ]
		[ "$(json_lines reason <<<"$stdout")" != "" ]
	done
}

@test "[row 17] a ring denied: --list says unsupported and why, the rest is there: io_uring" {
	built_with_io_uring
	for error in EPERM:forbidden ENOSYS:'has no io_uring' ENOMEM:RLIMIT_MEMLOCK; do
		denied "io_uring_setup=${error%%:*}" "$BUILD/muxbench-server" --list
		[ "$status" -eq 0 ]
		rings=$(grep -c '^io_uring' <<<"$stdout")
		[ "$(grep '^ *unsupported: ' <<<"$stdout" | grep -cF "${error#*:}")" -eq "$rings" ]
		denied "io_uring_setup=${error%%:*}" "$BUILD/muxbench-server" --list --json
		[ "$(json_lines supported <<<"$stdout" | sort | uniq -c | tr -s ' \n' ' ')" = " $rings False 5 True " ]
	done
}

@test "[row 17] a ring denied: a run marks the trials unsupported, --require makes it 5: io_uring" {
	built_with_io_uring
	tiny_run io_uring_setup=EPERM io_uring,poll
	[ "$status" -eq 0 ]
	[ "$(json "$result" "$statuses")" = "[('io_uring', 'unsupported'), ('poll', 'ok')]" ]
	rm -r "$BATS_TEST_TMPDIR/out"
	tiny_run io_uring_setup=ENOSYS io_uring
	[ "$status" -eq 0 ] || [ "$status" -eq 5 ]
	[ ! -e "$result" ] || [ "$(json "$result" "$statuses")" = "[('io_uring', 'unsupported')]" ]
	[ "$status" -eq 0 ] || [ "$(wc -l <<<"$stderr")" -eq 1 ]
	denied io_uring_setup=EPERM "$BUILD/muxbench" run --backends io_uring --require io_uring --idle 0 \
		--quiet --out "$BATS_TEST_TMPDIR/out2"
	says_once 5 forbidden
}

@test "[row 17] a ring whose operations are denied is unsupported, and does not hang: io_uring" {
	supported_backends | grep -qx io_uring || skip "io_uring cannot run here"
	denied io_uring_enter=EPERM "$BUILD/muxbench-server" --backend io_uring --control
	says_once 5 'io_uring_enter: Operation not permitted'
}

@test "[row 17] an interest list denied: one line and 1: epoll-lt" {
	denied epoll_create1=EMFILE "$BUILD/muxbench-server" --backend epoll-lt
	says_once 1 'Too many open files'
}

@test "[row 17] an interest list denied: one line and 1: epoll-et" {
	denied epoll_create1=ENOMEM "$BUILD/muxbench-server" --backend epoll-et --control
	says_once 1 'no memory for tables and buffers'
}

@test "[row 17] what starts a server denied, call by call: one line and not 0: every backend" {
	for backend in $(supported_backends) "$plugin"; do
		for rule in eventfd2=EMFILE signalfd4=EMFILE socket=EACCES bind=EACCES listen=EOPNOTSUPP \
			clone3=EAGAIN\ clone=EAGAIN; do
			denied "$rule" "$BUILD/muxbench-server" --backend "$backend"
			echo "$backend, $rule"
			case "$backend $rule" in
			# its probe polls one
			'io_uring-poll eventfd2='*) says_once 5 'unsupported: ' ;;
			*) says_once 1 'muxbench-server: ' ;;
			esac
		done
	done
}

@test "[row 17] every backend but the denied one serves on without its neighbour's calls" {
	for backend in select select-wide poll "$plugin"; do
		driven 1 --backend "$backend" -- "$inject/deny" epoll_create1=ENOSYS io_uring_setup=EPERM --
	done
	for backend in epoll-lt epoll-et; do
		driven 1 --backend "$backend" -- "$inject/deny" select=ENOSYS pselect6=ENOSYS io_uring_setup=EPERM --
	done
}

@test "deny: the load without epoll_pwait2 spins its open loop out, and says so" {
	start_server --backend epoll-lt
	for error in ENOSYS EPERM; do
		denied epoll_pwait2=$error "$BUILD/muxbench-load" --port "$port" --active 4 --duration 0.2 --rate 1000
		echo "$error: $status $stderr"
		[ "$status" -eq 0 ]
		[ "$(json_lines wait_method <<<"$stdout")" = 'epoll_wait and spinning' ]
	done
}

@test "deny: the load without epoll, sockets, connections: one line and 1" {
	start_server --backend poll
	for rule in epoll_create1=EMFILE socket=EMFILE connect=ENETUNREACH epoll_ctl=ENOMEM; do
		denied "$rule" "$BUILD/muxbench-load" --port "$port" --active 2 --idle 2 --requests 10
		echo "$rule"
		says_once 1 'muxbench-load: '
	done
}

# Without perf the kernel does not count (null, with the reason); counts goes on by ptrace.
@test "deny: perf_event_open: a run goes on with null and why, counts goes on by ptrace" {
	for error in EACCES ENOSYS; do
		rm -rf "$BATS_TEST_TMPDIR/out"
		tiny_run perf_event_open=$error poll
		[ "$status" -eq 0 ]
		[ "$(json "$result" "{t['syscalls_total'] for t in r['trials']}, {t['status'] for t in r['trials']}")" = \
			"({None}, {'ok'})" ]
		[ "$(json "$result" "all(t['syscall_method'].startswith('none: ') for t in r['trials'])")" = True ]
		denied perf_event_open=$error "$BUILD/muxbench" counts --backends poll,epoll-lt
		echo "counts, $error: status $status: $stderr"
		[ "$status" -eq 0 ]
		grep -qi ptrace <<<"$stdout"
	done
}

@test "deny: perf and ptrace both: counts says both and is not 0" {
	denied "perf_event_open=EACCES ptrace=EPERM" "$BUILD/muxbench" counts --backends poll
	echo "status $status: $stderr"
	[ "$status" -ne 0 ]
	[ "$status" -lt 126 ]
	grep -q 'perf_event_open' <<<"$stderr$stdout"
}

# The harness starts, watches and pins by these: each one line and not 0, or it goes on.
@test "deny: what the harness starts with, call by call: never a hang, never a crash" {
	for rule in pidfd_open=ENOSYS pidfd_open=EPERM pipe2=EMFILE sched_setaffinity=EPERM \
		sched_getaffinity=ENOSYS memfd_create=ENOSYS signalfd4=EMFILE prctl=EPERM setpgid=EPERM \
		eventfd2=EMFILE epoll_create1=EMFILE prlimit64=EPERM fsync=EIO rename=EROFS mkdir=EROFS \
		"clone=EAGAIN clone3=EAGAIN vfork=EAGAIN" pidfd_send_signal=ENOSYS; do
		rm -rf "$BATS_TEST_TMPDIR/out"
		tiny_run "$rule" poll,epoll-lt
		echo "== $rule"
		[ "$status" -lt 124 ]
		if [ "$status" -eq 0 ]; then
			[ "$(json "$result" "{t['status'] for t in r['trials']} <= {'ok', 'invalid'}")" = True ]
		else
			grep -q '^muxbench: ' <<<"$stderr"
		fi
	done
}

# ---- without privileges ----------------------------------------------------------------------

# as_nobody COMMAND...: as an ordinary user without capabilities; we are one or become one.
as_nobody() {
	if [ "$(id -u)" -ne 0 ]; then
		"$@"
		return
	fi
	command -v setpriv >/dev/null || skip "needs setpriv to become an ordinary user"
	setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps=-all "$@"
}

# That user must be able to read the programs, wherever the build is.
programs_for_nobody() {
	bin="$BATS_TEST_TMPDIR/bin"
	mkdir -p "$bin"
	cp "$BUILD"/muxbench* "$plugin" "$bin/"
	local folder="$bin"
	while [ "$folder" != / ] && [ "$(stat -c %u "$folder")" -eq "$(id -u)" ]; do
		[ "$(id -u)" -ne 0 ] || chmod a+x "$folder" 2>/dev/null || true
		folder=$(dirname "$folder")
	done
	chmod -R a+rX "$bin"
	as_nobody test -x "$bin/muxbench-server" || skip "an ordinary user cannot reach $bin"
}

@test "[row 17] as an ordinary user every backend serves, byte for byte" {
	programs_for_nobody
	as_nobody "$bin/muxbench-server" --list
	for backend in $(as_nobody "$bin/muxbench-server" --list --json | /usr/bin/python3 -c '
import json, sys
for line in sys.stdin:
    b = json.loads(line)
    print(b["name"] if b["supported"] else "")') "$bin/select_wide.so"; do
		if [ "$(id -u)" -eq 0 ]; then
			driven 1 --backend "$backend" --server "$bin/muxbench-server" -- \
				setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps=-all
		else
			driven 1 --backend "$backend"
		fi
	done
}

@test "as an ordinary user: a run is ok, and says why the kernel did not count" {
	programs_for_nobody
	mkdir "$BATS_TEST_TMPDIR/mine"
	chmod 777 "$BATS_TEST_TMPDIR/mine"
	local drop=()
	[ "$(id -u)" -ne 0 ] || drop=(setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps=-all)
	run_split "${drop[@]}" "$bin/muxbench" run --backends poll,epoll-lt --idle 0,3 --blocks 1 --duration 0.05 \
		--warmup 0 --counted 0.02 --no-plots --quiet --out "$BATS_TEST_TMPDIR/mine/out"
	echo "status $status: $stderr"
	[ "$status" -eq 0 ]
	[ "$(json "$BATS_TEST_TMPDIR/mine/out/result.json" "{t['status'] for t in r['trials']}")" = "{'ok'}" ]
	[ "$(json "$BATS_TEST_TMPDIR/mine/out/result.json" "all(t['syscalls_total'] is not None or \
t['syscall_method'].startswith('none: ') for t in r['trials'])")" = True ]
}
