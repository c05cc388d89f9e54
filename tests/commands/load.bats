#!/usr/bin/env bats
# muxbench-load as people type it, against our server and against one of another make.
load common

# A single-threaded echo server in Python that does WHAT to the bytes; sets port.
start_foreign_server() {
	start_python_server foreign_echo.py "$1"
}

# start_python_server SCRIPT ARGUMENT...: sets port and server.
start_python_server() {
	: >"$BATS_TEST_TMPDIR/foreign" # not the port of the one before
	/usr/bin/python3 tests/servers/"$1" "${@:2}" >"$BATS_TEST_TMPDIR/foreign" 3>&- &
	server=$!
	started+=("$server")
	for _ in $(seq 100); do
		[ -s "$BATS_TEST_TMPDIR/foreign" ] && break
		sleep 0.05
	done
	port=$(cat "$BATS_TEST_TMPDIR/foreign")
}

# The engines that this machine can run: one that it cannot says so with 5.
engines() {
	run_split "$BUILD/muxbench-load" --engine io_uring --port 1
	[ "$status" -eq 5 ] && echo epoll || echo epoll io_uring
}

# load OPTION...: runs it with the server's port; sets status, stdout and out, a file.
# engine is the load's.
load() {
	out="$BATS_TEST_TMPDIR/out.json"
	run_split "$BUILD/muxbench-load" --port "$port" --engine "${engine:-epoll}" "$@"
	echo "$stdout" >"$out"
	echo "muxbench-load $*: $status $stderr $(cut -c -600 "$out")" >&2 # shown on failure
}

# holds EXPRESSION: it is true of the last load's JSON object r. In it
# above(NAME, S) is how many values of a latency histogram lie above S seconds.
holds() {
	/usr/bin/python3 -c '
import json, sys
r = json.load(open(sys.argv[1]))
c, latency = r["counters"], r["latency"]
def above(name, s):
    return sum(b[2] for b in latency[name]["buckets"] if b[0] > s * 1e9)
if not eval(sys.argv[2]):
    sys.exit("not so: " + sys.argv[2])' "$out" "$1"
}

# A server and a load under control, seen from both sides: each argument is a run
# command; after each it prints one line with [what the load says, how much the server's
# counts have grown]. LOAD_OPTIONS are the load's. The server holds $held meanwhile.
drive() {
	timeout 60 /usr/bin/python3 -c '
import json, os, subprocess, sys
build, options, held = os.environ["BUILD"], sys.argv[1].split(), int(sys.argv[2])
def start(*command):
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
def ask(child, command):
    child.stdin.write(json.dumps(command) + "\n")
    child.stdin.flush()
    return json.loads(child.stdout.readline())
server = start(build + "/muxbench-server", "--backend", "epoll-lt", "--control")
ready = json.loads(server.stdout.readline())
load = start(build + "/muxbench-load", "--control", "--port", str(ready["port"]), "--engine", os.environ["engine"], *options)
connected = json.loads(load.stdout.readline())
assert connected["engine"] == os.environ["engine"], connected
assert connected["connections_held"] == held, connected
lockstep = {"lockstep_pid": ready["pid"], "lockstep_tid": ready["worker_tids"][0]}
def snapshot():
    while True:
        s = ask(server, {"cmd": "snapshot", "settle_ms": 1000})
        if s["settled"] and s["connections"]["held"] == held:
            return s
def grown(before, after):
    return {k: after[k] - before.get(k, 0) for k in after if after[k] != before.get(k, 0)}
for text in sys.argv[3:]:
    command = {"cmd": "run"} | eval(text)
    before = snapshot()
    said = ask(load, command)
    after = snapshot()
    print(json.dumps([said] + [grown(before[part], after[part])
                               for part in ("connections", "counters", "calls")]))
load.stdin.close()
load.wait()
server.stdin.close()
server.wait()' "$1" "$held" "${@:2}"
}

@test "load: echoes are verified and counted, in one JSON object" {
	for engine in $(engines); do
		start_server --backend epoll-lt
		for bytes in 1 64 65536 1MiB; do
			load --active 4 --idle 50 --message-bytes "$bytes" --requests 40
			[ "$status" -eq 0 ]
			[ "$(json "$BATS_TEST_TMPDIR/out.json" \
				"r['counters']['requests_completed'], r['counters']['errors']")" = "(40, 0)" ]
			[ "$(json "$BATS_TEST_TMPDIR/out.json" \
				"r['latency']['service']['count'] == sum(b[2] for b in r['latency']['service']['buckets'])")" = True ]
		done
		kill "$server"
	done
}

@test "load: io_uring: more answers at once than buffers, and cut in pieces: nothing is lost" {
	[ "$(engines)" = "epoll io_uring" ] || skip "no io_uring for the load generator here"
	engine=io_uring
	start_server --backend epoll-lt
	load --active 700 --requests 7000
	[ "$status" -eq 0 ]
	holds 'c["requests_completed"] == 7000 and c["bytes_rx"] == c["bytes_tx"] == 448000'
	# 70 pipelined echoes of 100 KiB fill every buffer many times over
	load --active 8 --pipeline 70 --message-bytes 100KiB --requests 1120
	[ "$status" -eq 0 ]
	holds 'c["requests_completed"] == 1120 and c["bytes_rx"] == c["bytes_tx"] == 1120 * 102400'
	holds '{"DEFER_TASKRUN", "RECV_MULTISHOT", "DIRECT_DESCRIPTORS"} <= set(r["connected"]["engine_modes"])'
	# closed with a reset although a recv was pending on each: the server has nobody left
	kill "$server"
	wait_status "$server"
	[ "$status" -eq 0 ]
}

@test "load: whoever answers wrongly is reset at once, while the others go on" {
	for engine in $(engines); do
		: >"$BATS_TEST_TMPDIR/reset"
		/usr/bin/python3 -u - >"$BATS_TEST_TMPDIR/foreign" 3>&- <<-'PYTHON' 2>"$BATS_TEST_TMPDIR/reset" &
			import socket, sys, threading, time
			listener = socket.create_server(("127.0.0.1", 0))
			print(listener.getsockname()[1], flush=True)
			good, bad = listener.accept()[0], listener.accept()[0]
			def honest():
			    while data := good.recv(65536):
			        good.sendall(data)
			threading.Thread(target=honest, daemon=True).start()
			bad.sendall(b"x" * len(bad.recv(65536)))
			bad.settimeout(1)
			try:
			    print("closed" if bad.recv(1) == b"" else "more", file=sys.stderr, flush=True)
			except OSError as error:
			    print(type(error).__name__, file=sys.stderr, flush=True)
		PYTHON
		server=$!
		started+=("$server")
		for _ in $(seq 100); do
			[ -s "$BATS_TEST_TMPDIR/foreign" ] && break
			sleep 0.05
		done
		port=$(cat "$BATS_TEST_TMPDIR/foreign")
		load --active 2 --duration 2
		[ "$status" -eq 1 ]
		holds 'c["errors"] >= 1 and c["bytes_wrong"] > 0'
		[ "$(cat "$BATS_TEST_TMPDIR/reset")" = ConnectionResetError ]
		: >"$BATS_TEST_TMPDIR/foreign"
	done
}

@test "load: ctrl-C, and the end of the commands, end a window that runs" {
	start_server --backend epoll-lt
	for engine in $(engines); do
		"$BUILD/muxbench-load" --port "$port" --engine "$engine" --active 3 --duration 50 \
			>"$BATS_TEST_TMPDIR/out.json" 2>/dev/null 3>&- &
		pid=$!
		started+=("$pid")
		sleep 0.7
		kill -INT "$pid"
		timeout 10 tail --pid="$pid" -f /dev/null
		wait_status "$pid"
		[ "$status" -eq 130 ]
		[ "$(json "$BATS_TEST_TMPDIR/out.json" "r['interrupted'], r['counters']['errors'], \
			r['counters']['requests_started'] == r['counters']['requests_completed'] > 0")" = "(True, 0, True)" ]
		# nobody is left who could read the answer
		(printf '{"cmd":"run","duration_ns":50000000000}\n' && sleep 0.7) |
			timeout 10 "$BUILD/muxbench-load" --port "$port" --engine "$engine" --control \
				>"$BATS_TEST_TMPDIR/lines"
		[ "$(json_lines event <"$BATS_TEST_TMPDIR/lines" | tr '\n' ' ')" = "connected stopped " ]
	done
}

@test "load: io_uring: a batch of answers costs one call, one answer alone one" {
	[ "$(engines)" = "epoll io_uring" ] || skip "no io_uring for the load generator here"
	start_server --backend epoll-lt
	for active in 1 64; do
		ASAN_OPTIONS=detect_leaks=0 strace -f -c -o "$BATS_TEST_TMPDIR/calls" "$BUILD/muxbench-load" --engine io_uring \
			--port "$port" --active "$active" --requests 6400 >/dev/null
		cat "$BATS_TEST_TMPDIR/calls" >&2
		enters=$(awk '$NF == "io_uring_enter" {print $4}' "$BATS_TEST_TMPDIR/calls")
		others=$(awk '$NF ~ /^(recv|send|epoll_wait|epoll_pwait2)/ {n += $4} END {print n + 0}' \
			"$BATS_TEST_TMPDIR/calls")
		[ "$others" -lt 50 ]
		if [ "$active" -eq 1 ]; then
			[ "$enters" -ge 6400 ] && [ "$enters" -lt 6500 ]
		else
			[ "$enters" -lt 6400 ]
		fi
	done
}

@test "[row 17] load: a ring that is denied: one line that says why, and 5" {
	[ "$(engines)" = "epoll io_uring" ] || skip "no io_uring for the load generator here"
	for error in EPERM:io_uring_disabled ENOSYS:'has none' ENOMEM:RLIMIT_MEMLOCK EINVAL:6.1; do
		refused 5 "${error#*:}" "$BUILD/tests/inject/deny" "io_uring_setup=${error%%:*}" -- \
			"$BUILD/muxbench-load" --engine io_uring --port 1
	done
	for call in io_uring_register io_uring_enter; do
		refused 5 "cannot run here" "$BUILD/tests/inject/deny" "$call=EPERM" -- \
			"$BUILD/muxbench-load" --engine io_uring --port 1 --control
		[ "$(json_lines event <<<"$stdout")" = unsupported ]
	done
}

@test "load: it drives an echo server that is not ours" {
	start_foreign_server honest
	run_split "$BUILD/muxbench-load" --port "$port" --active 3 --idle 5 --echo-idle --requests 30
	[ "$status" -eq 0 ]
}

@test "load: every kind of wrong answer is found, counted and ends with 1" {
	for engine in $(engines); do
		for fault in flip drop double close; do
			start_foreign_server "$fault"
			load --requests 20 --message-bytes 100
			[ "$status" -eq 1 ]
			[ "$(json "$BATS_TEST_TMPDIR/out.json" "r['counters']['errors'] > 0")" = True ]
		done
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

@test "[row 22] load: wrong command lines are one line and 2" {
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

@test "load: open loop: a server that stalls for a second shows in response time alone" {
	for engine in $(engines); do
		start_server --backend epoll-lt
		load --active 4 --rate 1000 --duration 3 &
		pid=$!
		sleep 1
		kill -STOP "$server"
		sleep 1
		kill -CONT "$server"
		wait "$pid"
		out="$BATS_TEST_TMPDIR/out.json"
		# all were sent in the end, and on time to be counted
		holds 'c["requests_intended"] == c["requests_started"] == c["requests_completed"] == 3000'
		holds 'c["errors"] == 0 and c["requests_completed"] / r["measured_ns"] * 1e9 > 900'
		holds 'all(latency[name]["count"] == 3000 for name in ("response", "service", "send_lag"))'
		# a third fell due in that second: their p99 lies above half of it
		holds '300 < above("response", 0.5) < 1000 and above("response", 5) == 0'
		holds '300 < above("send_lag", 0.5)'
		# one a connection was in flight
		holds '1 <= above("service", 0.5) <= 4 and above("service", 0.1) < 100'
		kill "$server"
	done
}

@test "load: open loop: every request has its time, and waiting counts from there" {
	declare -A ways=([io_uring]='("io_uring_enter",)'
		[epoll]='("epoll_pwait2", "epoll_wait and spinning")')
	for engine in $(engines); do
		start_server --backend poll
		for arrival in constant poisson; do
			load --active 3 --rate 2000 --arrival "$arrival" --duration 0.5 --seed 7
			[ "$status" -eq 0 ]
			holds 'c["requests_intended"] == c["requests_completed"] == latency["send_lag"]["count"]'
			holds 'latency["response"]["sum_ns"] == latency["service"]["sum_ns"] + latency["send_lag"]["sum_ns"]'
			holds '500e6 <= r["measured_ns"] < 700e6'
			holds "r['wait_method'] in ${ways[$engine]}"
			# most go out on time, also where the machine is busy
			holds 'above("send_lag", 0.01) < 500'
		done
		# 1,000 +- 32 of them, the same number again from the same seed
		holds '850 < c["requests_intended"] < 1150'
		intended=$(json "$out" "r['counters']['requests_intended']")
		load --rate 2000 --arrival poisson --duration 0.5 --seed 7
		holds "c['requests_intended'] == $intended"
		load --rate 2000 --arrival poisson --duration 0.5 --seed 8
		holds "c['requests_intended'] != $intended"
		load --rate 2000 --duration 0.5
		holds 'c["requests_intended"] == 1000'
		kill "$server"
	done
}

@test "load: open loop: what a server cannot do in time is told in numbers, not as errors" {
	for engine in $(engines); do
		start_foreign_server honest
		load --rate 500000 --duration 0.3
		[ "$status" -eq 0 ]
		holds 'c["requests_intended"] == 150000 and c["errors"] == 0'
		holds '0 < c["requests_completed"] == c["requests_started"] < 140000'
		# it worked off its backlog for a second, and then gave up on the rest
		holds '1.2e9 < r["measured_ns"] < 3e9'
	done
}

@test "load: pipelined requests are answered in order, by our server and a foreign one" {
	for engine in $(engines); do
		start_server --backend epoll-et
		for bytes in 1 64 100KiB; do
			load --active 3 --pipeline 16 --message-bytes "$bytes" --requests 1000
			[ "$status" -eq 0 ]
			holds 'c["requests_completed"] == 1000 and c["bytes_wrong"] == 0'
		done
		load --active 2 --pipeline 8 --rate 5000 --duration 0.2
		holds 'c["requests_completed"] == 1000'
		kill "$server"
		start_foreign_server honest
		load --active 3 --pipeline 16 --requests 1000
		[ "$status" -eq 0 ]
		for fault in flip drop double close; do
			start_foreign_server "$fault"
			load --pipeline 16 --requests 200
			[ "$status" -eq 1 ]
			holds 'c["errors"] > 0'
		done
	done
}

@test "load: spread goes to every connection, fixed to the active ones" {
	for set in fixed spread; do
		start_python_server touched_echo.py
		load --active 2 --idle 98 --active-set "$set" --requests 3000
		[ "$status" -eq 0 ]
		holds 'c["requests_completed"] == 3000'
		kill "$server"
		wait_status "$server"
		read -r touched busiest < <(tail -n 1 "$BATS_TEST_TMPDIR/foreign")
		echo "$set: $touched connections, the busiest $busiest bytes" >&2
		if [ "$set" = fixed ]; then
			[ "$touched" -eq 2 ]
		else
			[ "$touched" -eq 100 ]
			# 30 messages each on average, but drawn: not 35 at most, and not 80
			[ "$busiest" -gt 2240 ]
			[ "$busiest" -lt 5120 ]
		fi
	done
	start_server --backend epoll-lt
	refused 1 'must open them all' bash -c "ulimit -n 300; exec \"$BUILD/muxbench-load\" --port $port --idle 1000 --active-set spread"
}

@test "load: churn opens and closes, the server sees each end and has nothing left" {
	for engine in $(engines); do
		export engine
		held=7
		drive "--idle 7 --active 4 --workload churn --churn-requests 3" \
			'{"duration_ns": 200000000}' '{"requests": 100}' '{"requests": 40} | lockstep' \
			>"$BATS_TEST_TMPDIR/lines"
		/usr/bin/python3 - "$BATS_TEST_TMPDIR/lines" <<-'PYTHON'
			import json, sys
			runs = [json.loads(line) for line in open(sys.argv[1])]
			for said, connections, counters, calls in runs:
			    c = said["counters"]
			    assert c["errors"] == 0, said["errors_first"]
			    opened = c["connections_opened"]
			    assert opened > 0 and connections == {"accepted": opened, "closed": opened}, connections
			    assert c["requests_completed"] == 3 * opened
			    assert said["latency"]["connect"]["count"] == opened
			    assert counters["bytes_tx"] == c["bytes_rx"] == 64 * 3 * opened
			    assert "connection_errors" not in counters, "the server saw an error, not an end"
			assert runs[1][0]["counters"]["connections_opened"] == 34  # whole ones only
			# lockstep: accept, three echoes, the end, each with a wait of its own
			calls = runs[2][3]
			assert calls["epoll_wait"] == 5 * 14 and calls["recvfrom"] == 4 * 14, calls
		PYTHON
		start_foreign_server honest
		load --workload churn --active 3 --requests 60
		[ "$status" -eq 0 ]
		holds 'c["requests_completed"] == c["connections_opened"] == 60'
		for fault in flip close; do
			start_foreign_server "$fault"
			load --workload churn --message-bytes 1500 --churn-requests 2 --requests 10
			[ "$status" -eq 1 ]
		done
		kill "$server"
		wait_status "$server"
		load --workload churn --active 2
		[ "$status" -eq 1 ]
		grep -q 'refused' <<<"$stderr"
	done
}

@test "load: under control, each window is an open or a closed loop as it is told" {
	for engine in $(engines); do
		export engine
		held=3
		drive "--idle 1 --active 2" '{"duration_ns": 100000000, "rate": 1000}' '{"requests": 50}' \
			'{"duration_ns": 100000000, "rate": 1000, "arrival": "poisson"}' \
			'{"rate": 5}' '{"duration_ns": 1, "rate": 0}' '{"requests": 5, "arrival": "poisson"}' \
			'{"duration_ns": 1, "rate": 5, "arrival": "often"}' \
			'{"duration_ns": 100000000, "rate": 5} | lockstep' '{"requests": 5}' \
			>"$BATS_TEST_TMPDIR/lines"
		/usr/bin/python3 - "$BATS_TEST_TMPDIR/lines" <<-'PYTHON'
			import json, sys
			said = [json.loads(line)[0] for line in open(sys.argv[1])]
			assert [s["event"] for s in said] == ["done"] * 3 + ["error"] * 5 + ["done"], said
			assert said[0]["counters"]["requests_intended"] == 100
			assert said[0]["latency"]["response"]["count"] == 100
			for closed in (said[1], said[8]):
			    assert closed["latency"]["response"] is closed["latency"]["send_lag"] is None
			    assert closed["counters"]["requests_intended"] is closed["wait_method"] is None
			    assert closed["latency"]["connect"] is None
			assert said[8]["counters"]["requests_completed"] == 5
		PYTHON
	done
}

@test "[row 22] load: options that do not go together are one line and 2" {
	refused 2 'rate' "$BUILD/muxbench-load" --port 1 --rate 0
	refused 2 'rate' "$BUILD/muxbench-load" --port 1 --rate 1e3
	refused 2 'leave out --requests' "$BUILD/muxbench-load" --port 1 --rate 5 --requests 5
	refused 2 'one window' "$BUILD/muxbench-load" --port 1 --rate 10000000 --duration 60
	refused 2 'give both' "$BUILD/muxbench-load" --port 1 --arrival poisson
	refused 2 'constant or poisson' "$BUILD/muxbench-load" --port 1 --rate 5 --arrival random
	refused 2 'fixed or spread' "$BUILD/muxbench-load" --port 1 --active-set all
	refused 2 'echo or churn' "$BUILD/muxbench-load" --port 1 --workload ping
	refused 2 'needs --workload churn' "$BUILD/muxbench-load" --port 1 --churn-requests 5
	refused 2 'goes without' "$BUILD/muxbench-load" --port 1 --workload churn --rate 5
	refused 2 'epoll or io_uring' "$BUILD/muxbench-load" --port 1 --engine select
	refused 2 'pipeline' "$BUILD/muxbench-load" --port 1 --pipeline 1025
	refused 2 'in flight' "$BUILD/muxbench-load" --port 1 --pipeline 1024 --active 100000
	refused 2 'leave out' "$BUILD/muxbench-load" --port 1 --control --rate 5
}

# flagged PROGRAM: how many of 6 windows say client_bound, when that one is slow.
flagged() {
	rm -rf "$BATS_TEST_TMPDIR/run"
	run_split env LD_PRELOAD="$fixtures/preload_slow_recv.so" SLOW="$1" \
		ASAN_OPTIONS=verify_asan_link_order=0 "$BUILD/muxbench" run --backends epoll-lt \
		--idle 0 --active 20 --blocks 6 --warmup 20ms --duration 100ms \
		--counted 10ms --no-plots --quiet --out "$BATS_TEST_TMPDIR/run"
	echo "$1: $status $stderr $stdout" >&2
	[ "$status" -eq 0 ]
	windows=$(json "$BATS_TEST_TMPDIR/run/result.json" "r['summary'][0]['flags']['client_bound']")
}

@test "run: a client that is the bottleneck says so, in table and report; a slow server does not" {
	# other work on the machine may take the core from some windows
	flagged muxbench-load
	[ "$windows" -gt 0 ]
	grep -q "client_bound in $windows window" <<<"$stdout"
	"$BUILD/muxbench" report "$BATS_TEST_TMPDIR/run" --format text |
		grep -q 'the client took [0-9]* % of the CPU time of a request'
	flagged muxbench-server
	[ "$windows" -eq 0 ]
}

@test "run: --engine goes to the load generator, into the result and on to the next run" {
	[ "$(engines)" = "epoll io_uring" ] || skip "no io_uring for the load generator here"
	out="$BATS_TEST_TMPDIR/run"
	run_split "$BUILD/muxbench" run --backends epoll-lt --idle 0 --active 4 --blocks 2 \
		--engine io_uring --warmup 0 --duration 20ms --counted 10ms --no-plots -q --out "$out"
	[ "$status" -eq 0 ]
	grep -q 'client io_uring' <<<"$stdout"
	grep -q '^ *backend *server *client' <<<"$stdout"
	[ "$(json "$out/result.json" "r['config']['engine'], {t['engine'] for t in r['trials']}, \
		r['summary'][0]['client_cpu_ns_per_request']['median'] > 0")" = "('io_uring', {'io_uring'}, True)" ]
	[ "$(json "$out/plan.json" "r['engine']")" = io_uring ]
	"$BUILD/muxbench" report "$out" --format text | grep -q 'client io_uring'
	"$BUILD/muxbench" export "$out" --format gobench | grep -q '/engine=io_uring'
	# the counted window is as exact as with epoll: one answer, one call of the server each
	[ "$(json "$out/result.json" "r['summary'][0]['calls_per_request']['recvfrom']")" = 1.0 ]
	refused 2 'epoll or io_uring' "$BUILD/muxbench" run --engine poll
	refused 2 'another --engine' "$BUILD/muxbench" run --resume "$out" --engine epoll
	# denied: the trials say why, none runs over another engine
	run_split "$BUILD/tests/inject/deny" io_uring_setup=EPERM -- "$BUILD/muxbench" run \
		--backends poll --idle 0 --blocks 1 --engine io_uring --no-plots -q --out "$out.denied"
	[ "$(json "$out.denied/result.json" "{(t['status'], 'io_uring engine cannot run' in \
		t['status_reasons'][0]) for t in r['trials']}")" = "{('unsupported', True)}" ]
}
