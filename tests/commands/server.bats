#!/usr/bin/env bats
# muxbench-server as people type it.
load common

@test "server: --list names the built-in backends and says nothing else on stderr" {
	run_split "$BUILD/muxbench-server" --list
	[ "$status" -eq 0 ]
	[ -z "$stderr" ]
	for name in select select-wide poll epoll-lt epoll-et io_uring io_uring-noflags \
		io_uring-multishot io_uring-direct io_uring-sqpoll io_uring-poll; do
		grep -qE "^$name +[a-z_0-9]+\(" <<<"$stdout"
	done
}

@test "server: --list --json is one object a line" {
	run_split "$BUILD/muxbench-server" --list --json
	[ "$status" -eq 0 ]
	[ "$(json_lines 'name' <<<"$stdout" | sort | tr '\n' ' ')" = \
		"epoll-et epoll-lt io_uring io_uring-direct io_uring-multishot io_uring-noflags io_uring-poll io_uring-sqpoll poll select select-wide " ]
}

@test "server: every backend listens by hand, echoes, and ends with 0 on SIGINT and SIGTERM" {
	for backend in $(supported_backends) "$BUILD/select_wide.so"; do
		for signal in INT TERM; do
			start_server --backend "$backend"
			[ "$(echo_once "$port" "hello $backend")" = "hello $backend" ]
			kill -"$signal" "$server"
			wait_status "$server"
			[ "$status" -eq 0 ]
		done
	done
}

@test "server: options are a part of the backend's name, by hand, listed and in control" {
	for backend in epoll-et:drain=short-read:batch=2 epoll-lt:wait=epoll_pwait2 \
		poll:drain=eagain:budget=10; do
		start_server --backend "$backend"
		[ "$(echo_once "$port" "hello $backend")" = "hello $backend" ]
		kill "$server"
		wait_status "$server"
		[ "$status" -eq 0 ]
		run_split "$BUILD/muxbench-server" --list --json --backend "$backend"
		[ "$(json_lines name <<<"$stdout")" = "$backend" ]
		run_split "$BUILD/muxbench-server" --backend "$backend" --control </dev/null
		[ "$(head -n1 <<<"$stdout" | json_lines backend)" = "$backend" ]
	done
	run_split "$BUILD/muxbench-server" --backend "$BUILD/select_wide.so:batch=1" --control </dev/null
	[ "$(head -n1 <<<"$stdout" | json_lines backend)" = "select-wide:batch=1" ]
}

@test "server: io_uring-poll tells the flags it got" {
	supported_backends | grep -qx io_uring-poll || skip "io_uring-poll cannot run here"
	run_split "$BUILD/muxbench-server" --backend io_uring-poll --control </dev/null
	[[ "$(head -n1 <<<"$stdout" | json_lines modes)" == "['POLL_MULTISHOT'"* ]]
}

@test "[row 22] server: options that a backend does not take are one line and 2" {
	refused 2 'an edge is not told twice' "$BUILD/muxbench-server" --backend epoll-et:drain=once
	refused 2 'before any budget' "$BUILD/muxbench-server" --backend poll:budget=10
	refused 2 'a loop of its own' "$BUILD/muxbench-server" --backend io_uring:batch=2
	refused 2 'from 1 to 4096' "$BUILD/muxbench-server" --backend epoll-lt:batch=0
	refused 2 "no option 'bogus=1'" "$BUILD/muxbench-server" --backend epoll-lt:bogus=1
	refused 2 "no option ''" "$BUILD/muxbench-server" --list --backend epoll-lt:
	refused 2 'leave out drain' \
		"$BUILD/muxbench-server" --waitcost --backend epoll-lt:batch=2
}

@test "[row 22] server: wrong command lines are one line and 2" {
	refused 2 'which backend' "$BUILD/muxbench-server"
	refused 2 "no backend is called 'kqueue'" "$BUILD/muxbench-server" --backend kqueue
	refused 2 "unknown option '--bogus'" "$BUILD/muxbench-server" --bogus
	refused 2 "needs a value" "$BUILD/muxbench-server" --backend
	refused 2 "unexpected argument 'poll'" "$BUILD/muxbench-server" --backend poll poll
	for port in -1 65536 1e3 '' 80x 99999999999999999999; do
		refused 2 'port takes a whole number' \
			"$BUILD/muxbench-server" --backend poll --port "$port"
	done
	refused 2 'not a numeric address' "$BUILD/muxbench-server" --backend poll --listen localhost
}

@test "server: a busy port, a foreign address: one line that says what to do, and 1" {
	start_server --backend poll
	refused 1 'choose another, or 0' "$BUILD/muxbench-server" --backend poll --port "$port"
	kill "$server"
	wait_status "$server"
	refused 1 'no interface of this machine' \
		"$BUILD/muxbench-server" --backend poll --listen 192.0.2.1
}

@test "server: a core that is not there is 1 and says so, a list that cannot be written is 1" {
	refused 1 'cannot stay on core 1023' "$BUILD/muxbench-server" --backend poll --cpu 1023
	run_split bash -c '"$1" --list >/dev/full' list "$BUILD/muxbench-server"
	[ "$status" -eq 1 ]
}

@test "server: what is no plug-in of this version is refused" {
	refused 2 'cannot read plug-in' "$BUILD/muxbench-server" --backend ./absent.so
	echo 'not an object' >"$BATS_TEST_TMPDIR/text.so"
	refused 2 'cannot load plug-in' "$BUILD/muxbench-server" --backend "$BATS_TEST_TMPDIR/text.so"
	refused 2 'exports no symbol' "$BUILD/muxbench-server" --backend "$fixtures/plugin_no_symbol.so"
	refused 2 'built for ABI' "$BUILD/muxbench-server" --backend "$fixtures/plugin_wrong_abi.so"
	refused 2 'lacks a' "$BUILD/muxbench-server" --backend "$fixtures/plugin_no_run.so"
	refused 2 'lacks a' "$BUILD/muxbench-server" --backend "$fixtures/plugin_half_poller.so"
	refused 2 'has a name' "$BUILD/muxbench-server" --backend "$fixtures/plugin_bad_name.so"
}

@test "server: the plug-in recipe of the README works as written" {
	cp backends/poll.c "$BATS_TEST_TMPDIR/mine.c"
	sed -i 's/^const struct backend backend_poll/const struct backend muxbench_backend/' \
		"$BATS_TEST_TMPDIR/mine.c"
	${CC:-cc} -O2 -fPIC -shared -D_GNU_SOURCE -DMUXBENCH_PLUGIN -I. \
		"$BATS_TEST_TMPDIR/mine.c" -o "$BATS_TEST_TMPDIR/mine.so"
	start_server --backend "$BATS_TEST_TMPDIR/mine.so"
	[ "$(echo_once "$port" mine)" = mine ]
	kill "$server"
}

@test "server: end of file on the control channel ends it with 0" {
	run_split "$BUILD/muxbench-server" --backend poll --control </dev/null
	[ "$status" -eq 0 ]
	[ "$(json_lines event <<<"$stdout" | tr '\n' ' ')" = "ready stopped " ]
}

@test "server: --help goes to stdout, shows examples, and exits 0" {
	run_split "$BUILD/muxbench-server" --help
	[ "$status" -eq 0 ]
	[ -z "$stderr" ]
	grep -q '^Examples:' <<<"$stdout"
}
