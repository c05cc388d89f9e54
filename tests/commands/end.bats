#!/usr/bin/env bats
# How things end: connections of the load, and a server in hard times.
load common

# every_backend: those that this machine can run, and the plug-in.
every_backend() {
	supported_backends
	echo "$BUILD/select_wide.so"
}

@test "end: a visit of churn lasts until the server's FIN has come" {
	/usr/bin/python3 tests/servers/late_fin_echo.py >"$BATS_TEST_TMPDIR/late" 3>&- &
	server=$!
	started+=("$server")
	for _ in $(seq 100); do
		[ -s "$BATS_TEST_TMPDIR/late" ] && break
		sleep 0.05
	done
	run_split "$BUILD/muxbench-load" --port "$(cat "$BATS_TEST_TMPDIR/late")" \
		--workload churn --active 3 --churn-requests 2 --requests 120
	[ "$status" -eq 0 ]
	kill "$server"
	wait_status "$server"
	read -r came most < <(tail -n 1 "$BATS_TEST_TMPDIR/late")
	echo "$came came, $most at once" >&2
	[ "$came" -eq 60 ]
	[ "$most" -eq 3 ]
}

@test "end: a server whose stderr nobody reads goes on, and ends on SIGTERM" {
	for backend in $(every_backend); do
		timeout 60 /usr/bin/python3 - "$BUILD/muxbench-server" "$backend" <<-'PYTHON'
			import fcntl, os, resource, signal, socket, subprocess, sys, time

			def few_descriptors():
			    resource.setrlimit(resource.RLIMIT_NOFILE, (32, 32))

			unread, stderr = os.pipe()
			fcntl.fcntl(stderr, fcntl.F_SETFL, os.O_NONBLOCK)
			try:
			    while os.write(stderr, b"x" * 4096):
			        pass
			except BlockingIOError:
			    fcntl.fcntl(stderr, fcntl.F_SETFL, 0)  # full, and writing to it blocks
			server = subprocess.Popen([sys.argv[1], "--backend", sys.argv[2]], stderr=stderr,
			                          stdout=subprocess.PIPE, text=True, preexec_fn=few_descriptors)
			port = int(server.stdout.readline().rsplit(":", 1)[1])
			# more than it can hold: its listener starves, which it wants to tell
			clients = [socket.create_connection(("127.0.0.1", port), timeout=10) for _ in range(40)]
			time.sleep(0.3)
			for client in clients[:10]:
			    client.sendall(b"still here")
			    assert client.recv(100) == b"still here"
			for client in clients[:20]:
			    client.close()
			for client in clients[20:]:
			    client.sendall(b"newcomer")
			    assert client.recv(100) == b"newcomer"
			server.send_signal(signal.SIGTERM)
			assert server.wait(10) == 0, server.returncode
		PYTHON
	done
}

@test "end: thousands of connections are gone within the second" {
	hard=$(ulimit -Hn)
	for backend in $(every_backend); do
		idle=4000
		[ "$backend" = select ] && idle=900
		[ "$hard" = unlimited ] || [ "$hard" -gt $((idle + 200)) ] || continue
		start_server --backend "$backend"
		echo '{"cmd":"snapshot"}' >"$BATS_TEST_TMPDIR/none"
		mkfifo "$BATS_TEST_TMPDIR/commands.$idle.${backend##*/}"
		"$BUILD/muxbench-load" --port "$port" --idle "$idle" --active 1 --control \
			<>"$BATS_TEST_TMPDIR/commands.$idle.${backend##*/}" \
			>"$BATS_TEST_TMPDIR/connected" 3>&- &
		client=$!
		started+=("$client")
		for _ in $(seq 200); do
			grep -q connected "$BATS_TEST_TMPDIR/connected" && break
			sleep 0.05
		done
		grep -q "\"connections_held\":$((idle + 1))" "$BATS_TEST_TMPDIR/connected"
		: >"$BATS_TEST_TMPDIR/connected"
		begin=$(date +%s%N)
		kill "$server"
		wait_status "$server"
		took_ms=$((($(date +%s%N) - begin) / 1000000))
		echo "$backend with $idle: exit $status after $took_ms ms" >&2
		[ "$status" -eq 0 ]
		[ "$took_ms" -lt 1500 ]
		kill -KILL "$client"
		wait_status "$client"
	done
}
