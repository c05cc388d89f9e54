#!/usr/bin/env bats
# muxbench run --exec and --target: other people's servers in the same trials.
load common

servers="$BATS_TEST_DIRNAME/../servers"
socat='socat TCP-LISTEN:{port},fork,reuseaddr,backlog=128 EXEC:cat'
python='/usr/bin/python3'

# One short run with more options; sets result.
others_run() {
	result="$BATS_TEST_TMPDIR/out/result.json"
	run_split "$BUILD/muxbench" run --backends epoll-lt --blocks 1 --duration 0.05 \
		--counted 0.03 --warmup 0.01 --idle 0 --no-plots --quiet \
		--out "$BATS_TEST_TMPDIR/out" "$@"
}

# The exit status of the last run; if it is another, what it said.
ended() {
	[ "$status" -eq "$1" ] && return
	echo "exit status $status: $stderr" >&2
	return 1
}

# The windows of a subject, as a Python list called w; then the expression.
windows() {
	json "$result" "[w := [t for t in r['trials'] if t['backend'] == '$1'], $2][1]"
}

# Nobody is left whose command line holds the mark.
none_left() {
	for _ in $(seq 40); do
		pgrep -f -- "$1" >/dev/null || return 0
		sleep 0.05
	done
	pgrep -af -- "$1" >&2
	return 1
}

have_schema() {
	/usr/bin/python3 -c 'import jsonschema; jsonschema.Draft202012Validator' 2>/dev/null
}

valid_by_schema() {
	/usr/bin/python3 - results/schema.json "$1" <<-'PYTHON'
		import json, jsonschema, sys
		schema, result = (json.load(open(path)) for path in sys.argv[1:])
		jsonschema.Draft202012Validator(schema).validate(result)
	PYTHON
}

# Writes an echo server of one thread, three calls an echo, to that path.
one_thread() {
	cat >"$1" <<-'PYTHON'
		import select, socket, sys
		listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
		epoll = select.epoll()
		epoll.register(listener, select.EPOLLIN)
		open_ = {}
		while True:
		    for fd, _ in epoll.poll():
		        if fd == listener.fileno():
		            s, _ = listener.accept()
		            s.setblocking(False)
		            open_[s.fileno()] = s
		            epoll.register(s, select.EPOLLIN)
		            continue
		        try:
		            data = open_[fd].recv(65536)
		        except ConnectionError:
		            data = b""
		        if data:
		            open_[fd].sendall(data)
		        else:
		            open_.pop(fd).close()
	PYTHON
}

@test "others: socat beside a backend: same blocks, plots, report; held by echoes; nothing left" {
	mark="so-rcvbuf=$((40000 + RANDOM))"
	result="$BATS_TEST_TMPDIR/out/result.json"
	run_split "$BUILD/muxbench" run --backends epoll-lt \
		--exec "socat=socat TCP-LISTEN:{port},fork,reuseaddr,$mark EXEC:cat" \
		--idle 0,20 --blocks 2 --duration 0.05 --counted 0.03 --warmup 0.01 \
		--out "$BATS_TEST_TMPDIR/out"
	ended 0
	none_left "$mark"
	/usr/bin/python3 - "$result" <<-'PYTHON'
		import json, sys
		r = json.load(open(sys.argv[1]))
		assert r["config"]["backends"] == ["epoll-lt", "socat"]
		assert [f["name"] for f in r["config"]["foreign"]] == ["socat"]
		for block in (1, 2):
		    cells = {(t["backend"], t["connections_idle"]) for t in r["trials"]
		             if t["block"] == block and t["role"] == "timed"}
		    assert len(cells) == 4, cells
		for t in r["trials"]:
		    assert t["status"] == "ok", t
		    held = t["connections_idle"] + 1
		    server = t["server"]
		    assert server["connections_held_before"] == held
		    assert server["connections_held_after"] == held
		    if t["backend"] == "epoll-lt":
		        assert t["setup"]["held_by"] == "server" and "cpu_method" not in server
		        continue
		    # a parent, and a socat and a cat for each connection: all of them count
		    assert server["processes"] == 1 + 2 * held, server
		    assert t["setup"]["held_by"] == "echo"
		    assert t["calls"] is None and server["modes"] == []
		    told = {"requests_completed", "errors", "bytes_wrong", "connections_lost"}
		    for name, value in t["counters"].items():
		        assert (value is None) == (name not in told), (name, value)
		    assert t["counters"]["requests_completed"] > 0
		    assert t["placement"]["server_cpu"] == t["placement"]["client_cpu"]
		    if t["role"] == "counted" and t["syscalls_total"] is not None:
		        # socat: select, read, write, twice; cat: read, write; at the least
		        assert t["syscalls_total"] / t["counters"]["requests_completed"] > 7
		        assert "process tree" in t["syscall_method"]
		cells = {(c["backend"], c["connections_idle"]): c for c in r["summary"]}
		socat, lt = cells[("socat", 0)], cells[("epoll-lt", 0)]
		assert socat["calls_per_request"] is None and lt["calls_per_request"]
		# two processes work for each echo of socat
		cost = "server_cpu_ns_per_request"
		assert socat[cost]["median"] > 1.2 * lt[cost]["median"], (socat, lt)
	PYTHON
	have_schema && valid_by_schema "$result"
	grep -q '^  socat ' <<<"$stdout"
	grep -q '^socat,' "$BATS_TEST_TMPDIR/out/plots/cost-against-idle.csv"
	[ -s "$BATS_TEST_TMPDIR/out/plots/calls-per-request.svg" ]
	grep -q 'socat' "$BATS_TEST_TMPDIR/out/report.html"
	"$BUILD/muxbench" export "$BATS_TEST_TMPDIR/out" --format csv |
		/usr/bin/python3 -c '
import csv, sys
rows = [r for r in csv.DictReader(sys.stdin) if r["backend"] == "socat"]
assert len(rows) == 8 and all(r["wakeups"] == "" and r["server_cpu_ns"] for r in rows), rows'
}

@test "others: our own server as a stranger costs and calls what it does as a backend" {
	others_run --blocks 2 --idle 3 --duration 0.1 \
		--exec "same='$BUILD/muxbench-server' --backend epoll-lt --port {port}"
	ended 0
	/usr/bin/python3 - "$result" <<-'PYTHON'
		import json, sys
		r = json.load(open(sys.argv[1]))
		cost = {c["backend"]: c["server_cpu_ns_per_request"]["median"] for c in r["summary"]}
		assert 0.7 < cost["same"] / cost["epoll-lt"] < 1.4, cost
		for t in r["trials"]:
		    if t["backend"] == "same" and t["role"] == "counted":
		        assert t["server"]["threads"] == 2
		        if t["syscalls_total"] is not None:
		            calls = t["syscalls_total"] / t["counters"]["requests_completed"]
		            assert 2.5 < calls < 3.5, calls
	PYTHON
}

@test "others: a server of one thread is counted in lockstep, exactly" {
	one_thread "$BATS_TEST_TMPDIR/one.py"
	others_run --idle 7 --exec "one=$python '$BATS_TEST_TMPDIR/one.py' {port}"
	ended 0
	# epoll_wait, recvfrom, sendto
	[ "$(windows one "[(t['syscalls_total'] or 3 * t['counters']['requests_completed'])
		/ t['counters']['requests_completed'] for t in w if t['role'] == 'counted']")" = "[3.0]" ]
	[ "$(windows one "any('lockstep' in t['syscall_method'] for t in w)")" = False ]
	[ "$(windows one "{t['server']['threads'] for t in w}")" = "{1}" ]
}

@test "others: where perf is not allowed ptrace counts the whole tree, and what it forks" {
	[ "$(id -u)" -eq 0 ] && command -v setpriv >/dev/null || skip "takes root to give it up"
	folder=$(mktemp -d /tmp/muxbench-others-XXXXXX)
	one_thread "$folder/one.py"
	cp "$BUILD"/muxbench{,-server,-load} "$folder"
	chown -R 65534:65534 "$folder"
	run_split setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all \
		"$folder/muxbench" run --backends epoll-lt --blocks 1 --duration 0.05 --counted 0.05 \
		--warmup 0 --idle 2 --no-plots --quiet --out "$folder/out" \
		--exec "one=$python $folder/one.py {port}" --exec "socat=$socat"
	result="$BATS_TEST_TMPDIR/result.json"
	mv "$folder/out/result.json" "$result" || true
	rm -r "$folder"
	ended 0
	[ "$(windows one "[(t['syscall_method'], t['syscalls_total']
		/ t['counters']['requests_completed']) for t in w if t['role'] == 'counted']")" = \
		"[('ptrace, process tree', 3.0)]" ]
	[ "$(windows socat "[(t['syscall_method'], t['syscalls_total']
		/ t['counters']['requests_completed'] > 7) for t in w if t['role'] == 'counted']")" = \
		"[('ptrace, process tree, not in lockstep', True)]" ]
}

@test "others: children that have ended are charged to the server, and told when they cannot be" {
	cat >"$BATS_TEST_TMPDIR/forks.py" <<-'PYTHON'
		import os, signal, socket, sys, time
		def bury(*_):
		    try:
		        while os.waitpid(-1, os.WNOHANG)[0]:
		            pass
		    except ChildProcessError:
		        pass
		signal.signal(signal.SIGCHLD, bury if sys.argv[2] == "buries" else signal.SIG_IGN)
		listener = socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=256)
		while True:
		    s, _ = listener.accept()
		    if os.fork() == 0:
		        try:
		            while data := s.recv(65536):
		                while time.process_time() < 0.004: # since the fork
		                    pass
		                s.sendall(data)
		        except ConnectionError:
		            pass
		        os._exit(0)
		    s.close()
	PYTHON
	forks="$python '$BATS_TEST_TMPDIR/forks.py' {port}"
	others_run --workload churn --duration 0.3 --counted 0.1 \
		--exec "buries=$forks buries" --exec "forgets=$forks forgets"
	ended 0
	/usr/bin/python3 - "$result" <<-'PYTHON'
		import json, sys
		for t in json.load(open(sys.argv[1]))["trials"]:
		    server, opened = t["server"], t["counters"].get("connections_opened")
		    assert t["status"] == "ok" and opened > 0, t
		    if t["backend"] == "epoll-lt":
		        continue
		    if t["role"] == "counted" and t["syscalls_total"] is not None:
		        # accept, fork, close; in the child recv, send, recv, close at the least
		        assert t["syscalls_total"] / opened > 7, t
		    if t["backend"] == "buries":
		        # all but the forks is done by children that have ended; two ticks may lack
		        assert server["cpu_ns"] + 20e6 > 3e6 * opened, (server["cpu_ns"], opened)
		        assert server["cpu_method"].startswith("clocks of the process tree")
		    else:
		        assert server["cpu_ns"] is None, server
		        assert server["cpu_method"].startswith("none: it ignores SIGCHLD"), server
	PYTHON
	[ "$(json "$result" "[c['server_cpu_ns_per_connection'] is None for c in r['summary']]")" = \
		"[False, False, True]" ]
	have_schema && valid_by_schema "$result"
	grep -qE '^  forgets +-' <<<"$stdout"
}

@test "others: a server that runs already, found by its port and not ended" {
	start_server --backend poll --port 0
	result="$BATS_TEST_TMPDIR/out/result.json"
	run_split "$BUILD/muxbench" run --backends epoll-lt --blocks 1 --duration 0.05 \
		--counted 0.03 --warmup 0.01 --idle 5 --no-plots --out "$BATS_TEST_TMPDIR/out" \
		--target "running=127.0.0.1:$port"
	ended 0
	[ "$(grep -c 'note: running stays on the core where it runs' <<<"$stderr")" -eq 1 ]
	kill -0 "$server"
	[ "$(windows running "[(t['status'], t['server']['cpu_ns'] > 0, t['server']['processes'],
		t['placement']['server_cpu'], t['placement']['pinned']) for t in w]")" = \
		"[('ok', True, 1, None, False), ('ok', True, 1, None, False)]" ]
	[ "$(json "$result" "r['config']['foreign'][0]['address']")" = "127.0.0.1:$port" ]
	# its connections are gone
	[ "$(echo_once "$port" still-there)" = still-there ]
}

@test "others: what goes wrong with one is a line and an invalid trial, and the run goes on" {
	cat >"$BATS_TEST_TMPDIR/bad.py" <<-'PYTHON'
		import os, socket, sys, threading
		how = sys.argv[2]
		def serve(s):
		    count = 0
		    while data := s.recv(65536):
		        count += 1
		        if how == "dies" and count > 20:
		            print("I have had enough", file=sys.stderr, flush=True)
		            os.kill(os.getpid(), 11)
		        if how == "lies" and count > 20:
		            data = data[:-1] + bytes([data[-1] ^ 1])
		        s.sendall(data)
		listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
		some = 0
		while True:
		    s, _ = listener.accept()
		    some += 1
		    if how == "idle-deaf" and some % 3 == 0:
		        keep = globals().setdefault("keep", [])
		        keep.append(s)
		        s.shutdown(socket.SHUT_WR)
		        continue
		    threading.Thread(target=serve, args=(s,), daemon=True).start()
	PYTHON
	bad="$python '$BATS_TEST_TMPDIR/bad.py' {port}"
	result="$BATS_TEST_TMPDIR/out/result.json"
	run_split "$BUILD/muxbench" run --backends epoll-lt --blocks 1 --duration 0.05 \
		--counted 0.03 --warmup 0 --idle 5 --no-plots --out "$BATS_TEST_TMPDIR/out" \
		--exec "dies=$bad dies" --exec "lies=$bad lies" --exec "deaf=$bad idle-deaf" \
		--exec "ends=sh -c 'echo no such option >&2; exit 3' {port}" \
		--exec "gone=/no/such/server {port}"
	ended 3
	for name in dies lies deaf ends gone; do
		[ "$(windows "$name" "{t['status'] for t in w}")" = "{'invalid'}" ]
		[ "$(grep -c "($name, .* invalid: " <<<"$stderr")" -eq 1 ]
	done
	[ "$(windows epoll-lt "{t['status'] for t in w}")" = "{'ok'}" ]
	grep -q "(dies, .*killed by signal 11 .*after 'I have had enough'" <<<"$stderr"
	grep -q '(lies, .* wrong bytes' <<<"$stderr"
	grep -q '(deaf, .*idle set incomplete' <<<"$stderr"
	grep -q "(ends, .*exit status 3, after 'no such option'" <<<"$stderr"
	grep -q '(gone, .*cannot start /no/such/server: No such file' <<<"$stderr"
	have_schema && valid_by_schema "$result"
	none_left "$BATS_TEST_TMPDIR/bad.py"
}

@test "others: a plan file says them, a run leaves them in its plan, and resume asks for the same" {
	cat >"$BATS_TEST_TMPDIR/plan.json" <<-'JSON'
		{"backends": "poll", "exec": ["a=socat TCP-LISTEN:{port},fork,reuseaddr EXEC:cat"],
		 "idle": 0, "blocks": 1, "duration": "20ms", "counted": "20ms", "warmup": 0}
	JSON
	out="$BATS_TEST_TMPDIR/out"
	run_split "$BUILD/muxbench" run --plan "$BATS_TEST_TMPDIR/plan.json" --no-plots --quiet --out "$out"
	ended 0
	[ "$(json "$out/plan.json" "r['backends'], r['exec']")" = \
		"(['poll'], ['a=socat TCP-LISTEN:{port},fork,reuseaddr EXEC:cat'])" ]
	# what a file starts is said, even so quietly
	[ "$stderr" = "muxbench: note: the plan starts a: socat TCP-LISTEN:{port},fork,reuseaddr EXEC:cat" ]
	rm "$out/result.json"
	run_split "$BUILD/muxbench" run --resume "$out" --no-plots --quiet
	ended 0
	[ "$(json "$out/result.json" "len(r['trials'])")" = 4 ]
	refused 2 "was begun with another --target" "$BUILD/muxbench" run --resume "$out" \
		--target b=127.0.0.1:7
}

@test "others: what cannot be a server's name or command is refused" {
	run="$BUILD/muxbench run --out $BATS_TEST_TMPDIR/none"
	refused 2 "takes NAME='COMMAND {port}'" $run --exec "$BUILD/server"
	refused 2 "needs a {port}" $run --exec 'a=socat fork'
	refused 2 "is not closed" $run --exec "a=socat 'fork {port}"
	refused 2 "is no name" $run --exec 'a b=socat {port}'
	refused 2 "is no name" $run --exec '../x=socat {port}'
	refused 2 "is no name" $run --target '=127.0.0.1:7'
	refused 2 "would be taken for a plug-in" $run --exec 'mine.so=socat {port}'
	refused 2 "name of a backend" $run --exec 'epoll-lt=socat {port}'
	refused 2 "name of a backend" $run --exec 'Io_Uring=socat {port}'
	refused 2 "two servers are called 'a'" $run --exec 'a=socat {port}' --target a=127.0.0.1:7
	refused 2 "is not HOST:PORT" $run --target a=7777
	refused 2 "goes without --target" $run --sched fifo --target a=127.0.0.1:7
	refused 5 "the required server gone: cannot start" $run --exec 'gone=/no/such {port}' \
		--require gone
	[ ! -e "$BATS_TEST_TMPDIR/none" ]
}

@test "others: counts names the calls of a server of one thread, and takes no other" {
	one_thread "$BATS_TEST_TMPDIR/one.py"
	for method in perf ptrace; do
		run_split "$BUILD/muxbench" counts --backends epoll-lt --requests 30 --format json \
			--method "$method" --exec "one=$python '$BATS_TEST_TMPDIR/one.py' {port}" \
			--exec "two='$BUILD/muxbench-server' --backend poll --port {port}"
		if [ "$status" -eq 5 ]; then
			echo "# $method: $stderr" >&3
			continue
		fi
		ended 0
		result="$BATS_TEST_TMPDIR/$method.json"
		echo "$stdout" >"$result"
		/usr/bin/python3 - "$result" <<-'PYTHON'
			import json, sys
			r = json.load(open(sys.argv[1]))
			assert r["config"]["backends"] == ["epoll-lt", "one", "two"]
			by_name = {s["backend"]: s for s in r["summary"]}
			one, lt = by_name["one"], by_name["epoll-lt"]
			echo = "syscalls_per_request_by_name"
			assert one[echo] == {"epoll_wait": 1, "recvfrom": 1, "sendto": 1} == lt[echo], one
			batch = one["syscalls_per_batch_by_name"]
			assert batch["recvfrom"] == batch["sendto"] == 16, batch
			assert one["wakeups_per_request"] is None and lt["wakeups_per_request"] == 1
			for t in r["trials"]:
			    if t["backend"] == "one":
			        assert t["calls"] is None and t["waits_restarted"] is None
			        assert t["counters"]["wakeups"] is None
			    if t["backend"] == "two":
			        assert t["status"] == "unsupported" and "several threads" in t["status_reasons"][0]
		PYTHON
	done
	refused 2 "name of a backend" "$BUILD/muxbench" counts --exec 'poll=socat {port}'
}

@test "others: Ctrl-C, and a kill of the harness itself, leave no server behind" {
	# workers that nobody's end would end
	cat >"$BATS_TEST_TMPDIR/prefork.py" <<-'PYTHON'
		import os, signal, socket, sys
		signal.signal(signal.SIGTERM, signal.SIG_IGN)
		listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
		for _ in range(3):
		    if os.fork() == 0:
		        while True:
		            s, _ = listener.accept()
		            try:
		                while data := s.recv(65536):
		                    s.sendall(data)
		            except ConnectionError:
		                pass
		while True:
		    signal.pause()
	PYTHON
	for signal in INT KILL; do
		mark="mark$((40000 + RANDOM))"
		"$BUILD/muxbench" run --backends epoll-lt --blocks 50 --duration 1 --idle 1 --no-plots \
			--quiet --exec "prefork=$python '$BATS_TEST_TMPDIR/prefork.py' {port} $mark" \
			--out "$BATS_TEST_TMPDIR/$signal" >/dev/null 2>&1 3>&- &
		pid=$!
		started+=("$pid")
		for _ in $(seq 200); do
			[ "$(pgrep -fc -- "prefork.py.*[0-9] $mark" || true)" -eq 4 ] && break
			sleep 0.05
		done
		kill -"$signal" "$pid"
		none_left "$mark"
	done
}

@test "others: the examples of the guide compile, echo, and make the calls that it says" {
	pkg-config --exists libevent_core libuv 2>/dev/null ||
		skip "needs libevent-dev and libuv1-dev"
	for example in libevent_echo libevent_bufferevent_echo libuv_echo; do
		# as its header says
		build=$(sed -n 's/^ \*\tcc /cc -Wall -Wextra -Werror /p' "docs/guides/examples/$example.c")
		(cd docs/guides/examples && ${build/-o $example/-o "$BATS_TEST_TMPDIR/$example"})
	done
	others_run --idle 30 \
		--exec "libevent='$BATS_TEST_TMPDIR/libevent_echo' {port}" \
		--exec "bufferevent='$BATS_TEST_TMPDIR/libevent_bufferevent_echo' {port}" \
		--exec "libuv='$BATS_TEST_TMPDIR/libuv_echo' {port}"
	ended 0
	/usr/bin/python3 - "$result" <<-'PYTHON'
		import json, sys
		calls = {"libevent": 3, "bufferevent": 7, "libuv": 3}
		for t in json.load(open(sys.argv[1]))["trials"]:
		    assert t["status"] == "ok", t
		    if t["role"] == "counted" and t["syscalls_total"] is not None:
		        if t["backend"] in calls:
		            wanted = calls[t["backend"]] * t["counters"]["requests_completed"]
		            assert t["syscalls_total"] == wanted, (t["backend"], t["syscalls_total"], wanted)
	PYTHON
	for example in libevent_echo libevent_bufferevent_echo libuv_echo; do
		"$BUILD/muxbench" conform --only 'half-close*,early-close*' \
			--spawn "'$BATS_TEST_TMPDIR/$example' {port}"
	done
}
