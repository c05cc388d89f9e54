#!/usr/bin/env bats
# muxbench-load as people type it, against our server and against one of another make.
load common

# A single-threaded echo server in Python that does WHAT to the bytes; sets port.
start_foreign_server() {
	: >"$BATS_TEST_TMPDIR/foreign" # not the port of the one before
	/usr/bin/python3 tests/servers/foreign_echo.py "$1" >"$BATS_TEST_TMPDIR/foreign" 3>&- &
	started+=("$!")
	for _ in $(seq 100); do
		[ -s "$BATS_TEST_TMPDIR/foreign" ] && break
		sleep 0.05
	done
	port=$(cat "$BATS_TEST_TMPDIR/foreign")
}

@test "load: echoes are verified and counted, in one JSON object" {
	start_server --backend epoll-lt
	for bytes in 1 64 65536 1MiB; do
		run_split "$BUILD/muxbench-load" --port "$port" --active 4 --idle 50 \
			--message-bytes "$bytes" --requests 40
		[ "$status" -eq 0 ]
		echo "$stdout" >"$BATS_TEST_TMPDIR/out.json"
		[ "$(json "$BATS_TEST_TMPDIR/out.json" \
			"r['counters']['requests_completed'], r['counters']['errors']")" = "(40, 0)" ]
		[ "$(json "$BATS_TEST_TMPDIR/out.json" \
			"r['latency']['service']['count'] == sum(b[2] for b in r['latency']['service']['buckets'])")" = True ]
	done
	kill "$server"
}

@test "load: it drives an echo server that is not ours" {
	start_foreign_server honest
	run_split "$BUILD/muxbench-load" --port "$port" --active 3 --idle 5 --echo-idle --requests 30
	[ "$status" -eq 0 ]
}

@test "load: every kind of wrong answer is found, counted and ends with 1" {
	for fault in flip drop double close; do
		start_foreign_server "$fault"
		run_split "$BUILD/muxbench-load" --port "$port" --requests 20 --message-bytes 100
		echo "$fault: $status $stdout" >&2
		[ "$status" -eq 1 ]
		echo "$stdout" >"$BATS_TEST_TMPDIR/out.json"
		[ "$(json "$BATS_TEST_TMPDIR/out.json" "r['counters']['errors'] > 0")" = True ]
	done
}

@test "load: more connections than one process has descriptors for are held by others" {
	start_server --backend epoll-lt
	run_split bash -c "ulimit -n 300; exec \"$BUILD/muxbench-load\" --port $port --idle 1000 --echo-idle --requests 10"
	[ "$status" -eq 0 ]
	echo "$stdout" >"$BATS_TEST_TMPDIR/out.json"
	[ "$(json "$BATS_TEST_TMPDIR/out.json" \
		"r['connected']['processes'] > 3, r['connected']['connections_idle']")" = "(True, 1000)" ]
	kill "$server"
}

@test "load: wrong command lines are one line and 2" {
	refused 2 'port' "$BUILD/muxbench-load"
	refused 2 'active' "$BUILD/muxbench-load" --port 1 --active 0
	refused 2 'idle' "$BUILD/muxbench-load" --port 1 --idle -1
	refused 2 'message-bytes' "$BUILD/muxbench-load" --port 1 --message-bytes 1e18
	refused 2 'duration' "$BUILD/muxbench-load" --port 1 --duration 10x
	refused 2 'unknown option' "$BUILD/muxbench-load" --port 1 --bogus
}

@test "load: nobody listens: one line that says so, and 1" {
	start_server --backend poll
	kill "$server"
	wait_status "$server"
	refused 1 "nothing listens" "$BUILD/muxbench-load" --port "$port"
}
