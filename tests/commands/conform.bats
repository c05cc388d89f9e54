#!/usr/bin/env bats
# muxbench conform as people type it: our servers, strangers, and servers with a mood.
load common

# A sanitizer's own memory is not what is weighed here.
case $BUILD in *-address* | *-thread*) memory=8MiB ;; *) memory=256KiB ;; esac

# conform ARGUMENTS...: runs it, with a line for each case in stdout; shows them on failure.
conform() {
	status=0
	stdout=$(timeout 280 "$BUILD/muxbench" conform "$@" 2>"$BATS_TEST_TMPDIR/stderr") || status=$?
	stderr=$(cat "$BATS_TEST_TMPDIR/stderr")
	printf '%s\n%s\n' "$stdout" "$stderr"
}

verdict() {
	sed -nE "s/^(PASS|FAIL|SKIP) $1(:.*)?\$/\1/p" <<<"$stdout"
}

needs() {
	command -v "$1" >/dev/null || skip "$1 is not installed: make deps test"
}

moody='/usr/bin/python3 tests/servers/moody_echo.py {port}'

# A number in the command lines of this run alone, for others may test here as well.
mark=9$$

# How many processes have TEXT in their command line, this shell and its grep left out.
processes_with() {
	local count=0 file
	for file in /proc/[0-9]*/cmdline; do
		{ tr '\0' ' ' <"$file"; } 2>/dev/null | grep -qF -- "$1" && count=$((count + 1))
	done
	echo "$count"
}

# Four at a time: what is judged is each server's own, and most of the time all sleep.
@test "conform: every backend passes every case" {
	supported_backends >"$BATS_TEST_TMPDIR/backends"
	echo "$BUILD/select_wide.so" >>"$BATS_TEST_TMPDIR/backends"
	xargs -P 4 -I NAME sh -c '
		out="$1/conform-$(basename NAME)"
		timeout 280 "$2/muxbench" conform --memory-max "$3" \
			--spawn "$2/muxbench-server --backend NAME --port {port}" >"$out" 2>&1 ||
			echo "exit status $?" >>"$out"' sh "$BATS_TEST_TMPDIR" "$BUILD" "$memory" \
		<"$BATS_TEST_TMPDIR/backends"
	cases=$("$BUILD/muxbench" conform --list | wc -l)
	while read -r backend; do
		echo "$backend"
		stdout=$(cat "$BATS_TEST_TMPDIR/conform-$(basename "$backend")")
		grep -vE '^PASS' <<<"$stdout" # all that is not as it should be, for a failure
		skipped=0
		if [ "$backend" = io_uring-direct ]; then
			# its connections are in a table of the ring, and not the process's
			grep -q '^SKIP descriptor-leak: process [0-9]* holds none of our' <<<"$stdout"
			skipped=1
		fi
		[ "$(tail -n 1 <<<"$stdout")" = "$((cases - skipped)) passed, 0 failed, $skipped skipped" ]
		grep -qE '^PASS emfile: [0-9]+ served, [1-9][0-9]* waited' <<<"$stdout"
		grep -qE '^PASS sigterm: exit status 0 after' <<<"$stdout"
	done <"$BATS_TEST_TMPDIR/backends"
}

@test "conform: a server that runs already, by its address and with its process" {
	start_server --backend poll
	conform "127.0.0.1:$port" --idle 100
	[ "$status" -eq 0 ]
	[ "$(verdict echo-sizes)" = PASS ]
	[ "$(verdict idle-cpu)" = SKIP ]
	[ "$(verdict emfile)" = SKIP ]
	conform "127.0.0.1:$port" --pid "$server" --only 'descriptor-leak,*cpu,stop-cont,survives,sigterm'
	[ "$status" -eq 0 ]
	[ "$(grep -c '^PASS' <<<"$stdout")" -eq 5 ]
	[ "$(verdict sigterm)" = SKIP ]
	kill -0 "$server" # neither ended nor left stopped
	[ "$(echo_once "$port" hello)" = hello ]
	# another process than the one that serves is not taken for it
	sleep 300 3>&- &
	started+=($!)
	conform "127.0.0.1:$port" --pid $! --only descriptor-leak
	[ "$(verdict descriptor-leak)" = SKIP ]
	conform "127.0.0.1:$port" --tcp --only 'half-close,idle-cpu'
	[ "$(grep -cE '^(PASS|FAIL|SKIP)' <<<"$stdout")" -eq 1 ]
}

@test "conform: over IPv6" {
	[ -e /proc/net/if_inet6 ] && [ -s /proc/net/if_inet6 ] || skip "no IPv6 here"
	start_server --backend epoll-lt --listen ::1
	conform "[::1]:$port" --only 'echo-sizes,half-close*,fin-*'
	[ "$status" -eq 0 ]
	[ "$(grep -c '^PASS' <<<"$stdout")" -eq 4 ]
}

@test "conform: socat, a process or two a connection" {
	needs socat
	conform --spawn "socat -lp $mark TCP-LISTEN:{port},fork,backlog=1024 EXEC:cat" --memory-max 2MiB --idle 100 \
		--only 'echo-sizes,dribble,half-close*,fin-*,reset-*,early-*,connect-burst,many-*,descriptor-leak,idle-cpu,stalled-readers-memory,stop-cont,survives,emfile,sigterm'
	[ "$status" -eq 0 ]
	[ "$(verdict emfile)" = SKIP ]
	[ "$(grep -c '^PASS' <<<"$stdout")" -eq 15 ]
	grep -q '^PASS sigterm: exit status 143' <<<"$stdout"
	[ "$(processes_with "socat -lp $mark")" -eq 0 ]
}

@test "conform: ncat, whose command hears of no half-close, fails just there" {
	needs ncat
	conform --spawn "ncat -i ${mark}s -l -k -m 1000 127.0.0.1 {port} -e /bin/cat" \
		--only 'dribble,stays-silent,half-close,fin-behind-data,survives'
	[ "$status" -eq 1 ]
	[ "$(verdict dribble)" = PASS ]
	[ "$(verdict stays-silent)" = PASS ]
	[ "$(verdict survives)" = PASS ]
	[ "$(verdict fin-behind-data)" = FAIL ]
	grep -q "^FAIL half-close: expected every byte .* saw the server's FIN after 0 of 1 bytes" <<<"$stdout"
	[ "$(processes_with "ncat -i $mark")" -eq 0 ]
}

@test "conform: asyncio passes, but for what a stopped reader costs" {
	conform --spawn '/usr/bin/python3 tests/servers/asyncio_echo.py {port}'
	[ "$status" -eq 1 ]
	[ "$(grep -c '^FAIL' <<<"$stdout")" -eq 1 ]
	grep -qE '^FAIL stalled-readers-memory: expected at most 256 KiB .* saw [0-9]+ KiB each' <<<"$stdout"
	conform --spawn '/usr/bin/python3 tests/servers/asyncio_echo.py {port}' --memory-max 1MiB --only stalled-readers-memory
	[ "$status" -eq 0 ]
}

@test "conform: a wrong byte is told with its position" {
	conform --spawn "$moody flips 65537" --only echo-sizes,dribble
	[ "$status" -eq 1 ]
	[ "$(verdict dribble)" = PASS ]
	# the messages up to 16,383 bytes are 65,532 in all
	grep -qE '^FAIL echo-sizes: expected every byte to come back as it was sent, saw byte 65,537 of [0-9,]+ was 0x[0-9a-f]{2}, expected 0x[0-9a-f]{2} \(message of 16,384 bytes\)$' <<<"$stdout"
}

@test "conform: a server that dies in the middle: spawned, the rest gets another" {
	conform --spawn "$moody dies 40" --only 'half-close,churn-*,dribble,idle-cpu,survives'
	[ "$status" -eq 1 ]
	[ "$(verdict dribble)" = PASS ]
	[ "$(verdict half-close)" = PASS ]
	grep -qE "^FAIL churn-no-crosstalk: .*; the server ended: exit status 3, after 'moody: that was enough'" <<<"$stdout"
	grep -qE "^FAIL survives: expected a server that runs to the end, saw it ended in churn-no-crosstalk: exit status 3" <<<"$stdout"
}

@test "conform: a server that dies in the middle: not ours, the rest is skipped" {
	port=$((20000 + RANDOM % 10000))
	/usr/bin/python3 tests/servers/moody_echo.py "$port" dies 40 2>/dev/null 3>&- &
	started+=($!)
	for _ in $(seq 100); do
		/usr/bin/python3 -c "import socket; socket.create_connection(('127.0.0.1', $port))" 2>/dev/null && break
		sleep 0.05
	done
	conform "127.0.0.1:$port" --only 'dribble,half-close,churn-*,many-*,slow-*'
	[ "$status" -eq 1 ]
	[ "$(verdict dribble)" = PASS ]
	[ "$(verdict churn-no-crosstalk)" = FAIL ]
	[ "$(grep -c '^SKIP .*: nobody answers since churn-no-crosstalk' <<<"$stdout")" -eq 2 ]
}

@test "conform: what is deaf to SIGTERM fails, and is ended with its whole family" {
	conform --spawn "$moody ignores 0 $mark" --only sigterm,survives
	[ "$status" -eq 1 ]
	[ "$(verdict survives)" = PASS ]
	grep -q '^FAIL sigterm: expected its end within 2 s of SIGTERM, saw it goes on' <<<"$stdout"
	[ "$(processes_with " 0 $mark")" -eq 0 ]
}

@test "conform: Ctrl-C ends it, and leaves nothing running" {
	needs socat
	"$BUILD/muxbench" conform --spawn "socat -lp $mark TCP-LISTEN:{port},fork,backlog=1024 EXEC:cat" --json \
		>"$BATS_TEST_TMPDIR/out" 3>&- &
	pid=$!
	started+=("$pid")
	sleep 2
	[ "$(processes_with "socat -lp $mark")" -ge 1 ]
	kill -INT "$pid"
	wait_status "$pid"
	[ "$status" -eq 130 ]
	[ "$(processes_with "socat -lp $mark")" -eq 0 ]
	[ "$(json "$BATS_TEST_TMPDIR/out" 'r["complete"]')" = False ]
}

@test "conform: a reader who goes away ends it, and leaves nothing running" {
	"$BUILD/muxbench" conform --spawn "$moody ignores 0 $mark" 2>/dev/null 3>&- | head -n 1 >/dev/null
	[ "$(processes_with " 0 $mark")" -eq 0 ]
}

@test "conform: JSON says the same as the lines" {
	conform --spawn "$moody flips 5" --only 'dribble,half-close,idle-cpu,past-*' --json --seed 9
	[ "$status" -eq 1 ]
	/usr/bin/python3 - "$BUILD" <<-PYTHON
		import json
		r = json.loads('''$stdout''')
		assert (r["schema"], r["schema_version"]) == ("muxbench.conform", {"major": 1, "minor": 0})
		assert r["complete"] is True and r["config"]["seed"] == 9
		assert r["target"]["spawn"].endswith("flips 5")
		names = [c["name"] for c in r["cases"]]
		assert names == ["dribble", "half-close", "idle-cpu", "past-1024-descriptors"], names
		for c in r["cases"]:
		    assert set(c) == {"name", "what", "status", "expected", "seen", "duration_ns"}, c
		    assert c["duration_ns"] > 0 and (c["expected"] is not None) == (c["status"] == "fail"), c
		counts = {s: sum(c["status"] == s for c in r["cases"]) for s in ("pass", "fail", "skip")}
		assert r["totals"] == {"passed": counts["pass"], "failed": counts["fail"], "skipped": counts["skip"]}
		assert [c["status"] for c in r["cases"]][0] == "fail"
		assert "byte 5 of 3,000" in r["cases"][0]["seen"], r["cases"][0]
	PYTHON
}

@test "conform: the bytes are the seed's" {
	conform --spawn "$moody flips 1" --only dribble --seed 7
	first=$(grep '^FAIL' <<<"$stdout")
	conform --spawn "$moody flips 1" --only dribble --seed 7
	[ "$(grep '^FAIL' <<<"$stdout")" = "$first" ]
	for seed in 8 9; do
		conform --spawn "$moody flips 1" --only dribble --seed $seed
		[ "$(grep '^FAIL' <<<"$stdout")" = "$first" ] || return 0
	done
	false
}

@test "conform: wrong command lines are one line and 2" {
	local conform=("$BUILD/muxbench" conform)
	refused 2 'is missing' "${conform[@]}"
	refused 2 'HOST:PORT' "${conform[@]}" 7777
	refused 2 'brackets' "${conform[@]}" ::1:7777
	refused 2 'the port of HOST:PORT' "${conform[@]}" 127.0.0.1:65536
	refused 2 'the port of HOST:PORT' "${conform[@]}" 127.0.0.1:
	refused 2 'unexpected' "${conform[@]}" 127.0.0.1:7 127.0.0.1:8
	refused 2 'not both' "${conform[@]}" 127.0.0.1:7 --spawn 'x {port}'
	refused 2 '{port}' "${conform[@]}" --spawn 'cat'
	refused 2 'is not closed' "${conform[@]}" --spawn "cat '{port}"
	refused 2 'takes a command' "${conform[@]}" --spawn ''
	refused 2 '--pid goes with' "${conform[@]}" --spawn 'x {port}' --pid 1
	refused 2 '--pid' "${conform[@]}" 127.0.0.1:7 --pid 0
	refused 2 '--only' "${conform[@]}" 127.0.0.1:7 --only nothing-like-it
	refused 2 '--only' "${conform[@]}" 127.0.0.1:7 --only ''
	refused 2 '--timeout' "${conform[@]}" 127.0.0.1:7 --timeout 1ms
	refused 2 '--seed' "${conform[@]}" 127.0.0.1:7 --seed -1
	refused 2 '--idle' "${conform[@]}" 127.0.0.1:7 --idle 0
	refused 2 '--memory-max' "${conform[@]}" 127.0.0.1:7 --memory-max 10x
	refused 2 'unknown option' "${conform[@]}" --bogus
}

@test "conform: nobody there, or a command that does not start: one line and 5" {
	local conform=("$BUILD/muxbench" conform)
	refused 5 'no server answers' "${conform[@]}" 127.0.0.1:1
	start_server --backend poll
	refused 5 'no process 4194304' "${conform[@]}" "127.0.0.1:$port" --pid 4194304
	refused 5 'is a parent of muxbench' "${conform[@]}" "127.0.0.1:$port" --pid $$
	refused 5 'cannot start /nowhere/server' "${conform[@]}" --spawn '/nowhere/server {port}'
	refused 5 "exit status 3, after 'sorry 1'" "${conform[@]}" --spawn "sh -c 'echo sorry 1 >&2; exit 3' {port}"
	refused 5 'accepts no connection' "${conform[@]}" --spawn "sleep $mark{port}" --timeout 0.2
	[ "$(processes_with "sleep $mark")" -eq 0 ]
}

@test "conform: --list and the reference name the same cases; --help and the man page the same options" {
	run_split "$BUILD/muxbench" conform --list
	[ "$status" -eq 0 ]
	diff <(awk '{print $1}' <<<"$stdout" | sort) \
		<(sed -nE 's/^\| `([a-z0-9-]+)` \|.*/\1/p' docs/reference/conform.md | sort -u)
	help=$("$BUILD/muxbench" conform --help)
	for option in $(grep -oE -- '--[a-z]+(-[a-z]+)*' <<<"$help" | sort -u); do
		case $option in --help | --backend | --port) continue ;; esac
		grep -qE -- "Fl -?${option#--}( |\$)" docs/man/muxbench-conform.1 ||
			{ echo "muxbench-conform.1 lacks $option" >&2; return 1; }
	done
}
