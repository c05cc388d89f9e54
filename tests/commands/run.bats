#!/usr/bin/env bats
# muxbench run as people type it.
load common

# A small run that still has everything: two backends, three idle counts, two blocks.
small_run() {
	run_split "$BUILD/muxbench" run --backends poll,epoll-lt --idle 0,10,200 --blocks 2 \
		--duration 0.05 --warmup 0.01 --seed 7 --out "$BATS_TEST_TMPDIR/out" "$@"
	result="$BATS_TEST_TMPDIR/out/result.json"
}

nothing_left() {
	for _ in $(seq 40); do
		[ "$(ours_running)" ] || return 0
		sleep 0.1
	done
	ours_running >&2
	return 1
}

@test "run: trials, result, table and pictures" {
	small_run
	[ "$status" -eq 0 ]
	[ "$(json "$result" "r['schema'], r['schema_version']['major'], r['run']['seed']")" = \
		"('muxbench.result', 1, 7)" ]
	# 2 backends x 3 idle counts x 2 blocks, a timed and a counted window each
	[ "$(json "$result" "len(r['trials']), {t['status'] for t in r['trials']}")" = "(24, {'ok'})" ]
	[ "$(wc -l <"$BATS_TEST_TMPDIR/out/trials.jsonl")" -eq 24 ]
	grep -q 'epoll-lt' <<<"$stdout"
	for picture in cost-against-idle latency-against-idle calls-per-request; do
		[ -s "$BATS_TEST_TMPDIR/out/plots/$picture.png" ]
		[ -s "$BATS_TEST_TMPDIR/out/plots/$picture.svg" ]
	done
	grep -q '^Report: .*/out/report.html$' <<<"$stdout"
	grep -q '</html>' "$BATS_TEST_TMPDIR/out/report.html"
	# io_uring and epoll_wait must not lose their underscore to a subscript
	grep -q 'epoll_wait' "$BATS_TEST_TMPDIR/out/plots/calls-per-request.svg"
}

@test "run: each block holds every cell once, and the same seed gives the same order" {
	small_run --no-plots
	first=$(json "$result" "[(t['block'], t['backend'], t['connections_idle']) for t in r['trials']]")
	[ "$(json "$result" "all(len({(t['backend'], t['connections_idle']) for t in r['trials']
		if t['block'] == b and t['role'] == 'timed'}) == 6 for b in (1, 2))")" = True ]
	rm -r "$BATS_TEST_TMPDIR/out"
	small_run --no-plots
	[ "$first" = "$(json "$result" "[(t['block'], t['backend'], t['connections_idle']) for t in r['trials']]")" ]
}

@test "run: the exact number of system calls an echo, by server and kernel alike" {
	run_split "$BUILD/muxbench" run --backends all --idle 0,50 --blocks 1 --duration 0.05 --warmup 0.01 \
		--no-plots --out "$BATS_TEST_TMPDIR/out"
	[ "$status" -eq 0 ]
	/usr/bin/python3 - "$BATS_TEST_TMPDIR/out/result.json" <<-'PYTHON'
		import json, sys
		calls_per_echo = {"select": 3, "select-wide": 3, "poll": 3, "epoll-lt": 3,
		                  "epoll-et": 4, "io_uring": 2,
		                  "io_uring-noflags": 2, "io_uring-multishot": 1,
		                  "io_uring-direct": 1, "io_uring-poll": 4}
		seen = set()
		for t in json.load(open(sys.argv[1]))["trials"]:
		    if t["role"] != "counted" or t["status"] == "unsupported":
		        continue
		    # how often it must wake the thread that submits for it is a matter of timing
		    wanted = (sum(t["calls"].values()) if t["backend"] == "io_uring-sqpoll" else
		              calls_per_echo[t["backend"]] * t["counters"]["requests_completed"])
		    assert t["counters"]["requests_completed"] > 10, t
		    assert sum(t["calls"].values()) == wanted, (t["backend"], t["calls"], wanted)
		    if t["syscalls_total"] is None:
		        assert t["syscall_method"].startswith("none: "), t
		    else:
		        assert t["syscalls_total"] == wanted, (t["backend"], t["syscalls_total"])
		    seen.add(t["backend"])
		assert len(seen) >= 5, seen
	PYTHON
}

@test "run: a backend with options is one of its own: in the table, the result, the pictures" {
	run_split "$BUILD/muxbench" run --idle 5,50 --blocks 1 --duration 0.05 --warmup 0.01 \
		--backends "epoll-et,epoll-et:drain=short-read,$BUILD/select_wide.so:drain=eagain" \
		--require epoll-et:drain=short-read --out "$BATS_TEST_TMPDIR/out"
	[ "$status" -eq 0 ]
	grep -q '^ *epoll-et:drain=short-read ' <<<"$stdout"
	[ "$(json "$BATS_TEST_TMPDIR/out/result.json" "sorted({(t['backend'].split('/')[-1],
		sum(t['calls'].values()) // t['counters']['requests_completed'])
		for t in r['trials'] if t['role'] == 'counted'})")" = \
		"[('epoll-et', 4), ('epoll-et:drain=short-read', 3), ('select_wide.so:drain=eagain', 4)]" ]
	grep -q 'epoll-et:drain=short-read' "$BATS_TEST_TMPDIR/out/report.html"
	grep -q '^epoll-et:drain=short-read,' "$BATS_TEST_TMPDIR"/out/plots/cost-against-idle.csv
	grep -q 'et:drain=short-read' "$BATS_TEST_TMPDIR"/out/plots/cost-against-idle.svg
	"$BUILD/muxbench" report "$BATS_TEST_TMPDIR/out" --format text >"$BATS_TEST_TMPDIR/text"
	grep -q '^ *epoll-et:drain=short-read ' "$BATS_TEST_TMPDIR/text"
}

@test "run: a plug-in beside built-ins" {
	run_split "$BUILD/muxbench" run --backends "epoll-lt,$BUILD/select_wide.so" --idle 5 \
		--blocks 1 --duration 0.05 --no-plots --out "$BATS_TEST_TMPDIR/out"
	[ "$status" -eq 0 ]
	grep -q 'select_wide.so' <<<"$stdout"
}

@test "run: select past 1,024 descriptors is skipped with the reason, a datum" {
	[ "$(ulimit -n)" -gt 1100 ] || skip "needs more than 1,100 descriptors"
	run_split "$BUILD/muxbench" run --backends select --idle 1050 --blocks 1 --no-plots \
		--out "$BATS_TEST_TMPDIR/out"
	[ "$status" -eq 0 ]
	[ "$(json "$BATS_TEST_TMPDIR/out/result.json" "{(t['status'], t['status_reasons'][0][:15],
		t['measured_ns']) for t in r['trials']}")" = "{('skipped', 'fd_setsize 1024', None)}" ]
}

@test "[row 22] run: wrong command lines are one line and 2, and write nothing" {
	out="$BATS_TEST_TMPDIR/out"
	refused 2 'bogus' "$BUILD/muxbench" run --bogus
	refused 2 'kqueue' "$BUILD/muxbench" run --backends kqueue --out "$out"
	refused 2 'epoll-lt:batch=0' "$BUILD/muxbench" run --backends epoll-lt:batch=0 --out "$out"
	refused 2 'idle' "$BUILD/muxbench" run --idle 1,x --out "$out"
	refused 2 'idle' "$BUILD/muxbench" run --idle '' --out "$out"
	refused 2 'blocks' "$BUILD/muxbench" run --blocks 0 --out "$out"
	refused 2 'active' "$BUILD/muxbench" run --active 0 --out "$out"
	refused 2 'placement' "$BUILD/muxbench" run --placement moon --out "$out"
	refused 2 'profile' "$BUILD/muxbench" run --profile fast --out "$out"
	refused 2 'message-bytes' "$BUILD/muxbench" run --message-bytes 1e18 --out "$out"
	refused 2 'frobnicate' "$BUILD/muxbench" frobnicate
	[ ! -e "$out" ]
}

@test "[row 20] run: a folder that cannot be written, or holds a result, is one line and 1" {
	refused 1 '/proc/nowhere' "$BUILD/muxbench" run --idle 0 --out /proc/nowhere
	mkdir "$BATS_TEST_TMPDIR/out"
	echo kept >"$BATS_TEST_TMPDIR/out/result.json"
	refused 1 'result.json' "$BUILD/muxbench" run --idle 0 --out "$BATS_TEST_TMPDIR/out"
	[ "$(cat "$BATS_TEST_TMPDIR/out/result.json")" = kept ]
}

@test "run: --require of what cannot run here is 5 and measures nothing" {
	never="$fixtures/plugin_unsupported.so"
	refused 5 'needs a moon' "$BUILD/muxbench" run --backends "poll,$never" \
		--require "$never" --idle 0 --out "$BATS_TEST_TMPDIR/out"
	# without --require it is a datum beside the others
	run_split "$BUILD/muxbench" run --backends "poll,$never" --idle 0 \
		--blocks 1 --duration 0.05 --no-plots --out "$BATS_TEST_TMPDIR/out2"
	[ "$status" -eq 0 ]
	[ "$(json "$BATS_TEST_TMPDIR/out2/result.json" "{t['status'] for t in r['trials']
		if t['backend'].endswith('unsupported.so')}")" = "{'unsupported'}" ]
}

@test "run: without gnuplot the results stay and a line says what to install" {
	mkdir "$BATS_TEST_TMPDIR/bin"
	run_split env PATH="$BATS_TEST_TMPDIR/bin" "$BUILD/muxbench" run --backends poll --idle 0 \
		--blocks 1 --duration 0.05 --out "$BATS_TEST_TMPDIR/out"
	[ "$status" -eq 0 ]
	grep -q 'gnuplot-nox' <<<"$stderr"
	[ -s "$BATS_TEST_TMPDIR/out/result.json" ]
}

@test "[row 19] run: Ctrl-C in the middle keeps what was measured, says so, and leaves nothing behind" {
	"$BUILD/muxbench" run --backends poll,epoll-lt --idle 0,100 --blocks 50 --duration 0.1 \
		--no-plots --out "$BATS_TEST_TMPDIR/out" >/dev/null 2>"$BATS_TEST_TMPDIR/errors" 3>&- &
	pid=$!
	started+=("$pid")
	for _ in $(seq 200); do
		[ -s "$BATS_TEST_TMPDIR/out/trials.jsonl" ] && break
		sleep 0.05
	done
	kill -INT "$pid"
	wait_status "$pid"
	[ "$status" -eq 130 ]
	grep -q 'interrupted' "$BATS_TEST_TMPDIR/errors"
	[ "$(json "$BATS_TEST_TMPDIR/out/result.json" "r['run']['interrupted'], len(r['trials']) > 0")" = \
		"(True, True)" ]
	nothing_left
}

@test "[row 19] run: kill -9 of the harness leaves no server and no load behind" {
	"$BUILD/muxbench" run --backends poll --idle 100 --blocks 50 --duration 0.2 --no-plots \
		--out "$BATS_TEST_TMPDIR/out" >/dev/null 2>&1 3>&- &
	pid=$!
	sleep 1
	kill -KILL "$pid"
	wait_status "$pid"
	nothing_left
}

@test "[row 19] run: a server that dies in a trial is named with its signal, and the run fails" {
	"$BUILD/muxbench" run --backends poll --idle 10 --blocks 3 --duration 1 --no-plots \
		--out "$BATS_TEST_TMPDIR/out" >/dev/null 2>"$BATS_TEST_TMPDIR/errors" 3>&- &
	pid=$!
	started+=("$pid")
	for _ in $(seq 100); do
		victim=$(pgrep -P "$pid" -f muxbench-server) && break
		sleep 0.05
	done
	sleep 0.3
	kill -KILL "$victim"
	wait_status "$pid"
	[ "$status" -eq 1 ]
	[ "$(json "$BATS_TEST_TMPDIR/out/result.json" "any('killed by signal 9' in ' '.join(t['status_reasons'])
		and 'muxbench-server' in ' '.join(t['status_reasons'])
		for t in r['trials'] if t['status'] == 'failed')")" = True ]
	[ "$(json "$BATS_TEST_TMPDIR/out/result.json" "any(t['status'] == 'ok' for t in r['trials'])")" = True ]
}

@test "run: a trial says how long the cores were stolen, and what its cell was" {
	small_run --no-plots --message-bytes 1KiB
	[ "$status" -eq 0 ]
	[ "$(json "$result" "{(t['message_bytes'], t['pipeline'], t['rate'], t['workload'], t['active_set'],
		t['steal_ns'] is None) for t in r['trials']}")" = "{(1024, 1, None, 'echo', 'fixed', False)}" ]
}

@test "run: another list than --idle can be the x axis, in table and pictures" {
	run_split "$BUILD/muxbench" run --backends poll,epoll-lt --idle 5 --message-bytes 64,1KiB,64KiB \
		--blocks 1 --duration 0.05 --warmup 0.01 --out "$BATS_TEST_TMPDIR/out"
	[ "$status" -eq 0 ]
	grep -q '65,536 bytes' <<<"$stdout"
	[ -s "$BATS_TEST_TMPDIR/out/plots/cost-against-message-bytes.png" ]
	[ -s "$BATS_TEST_TMPDIR/out/plots/latency-against-message-bytes.svg" ]
	[ "$(json "$BATS_TEST_TMPDIR/out/result.json" "sorted({t['message_bytes'] for t in r['trials']
		if t['status'] == 'ok'})")" = "[64, 1024, 65536]" ]
}

@test "run: verdicts stand in the table and in complexity" {
	run_split "$BUILD/muxbench" run --backends epoll-lt --idle 0,10,50,100 --blocks 3 --duration 0.05 \
		--warmup 0.01 --no-plots --out "$BATS_TEST_TMPDIR/out"
	[ "$status" -eq 0 ]
	grep -q '^Verdicts' <<<"$stdout"
	sentence=$(json "$BATS_TEST_TMPDIR/out/result.json" "r['complexity'][0]['sentence']")
	grep -qF -- "$sentence" <<<"$stdout"
	[ "$(json "$BATS_TEST_TMPDIR/out/result.json" "[(c['backend'], c['points'], c['blocks'], c['publishable'],
		c['connections_max']) for c in r['complexity']]")" = "[('epoll-lt', 4, 3, False, 101.0)]" ]
}

@test "[row 20] run: kill -9 in the middle, a torn line, --resume: every cell of every block exactly once" {
	out="$BATS_TEST_TMPDIR/out"
	"$BUILD/muxbench" run --backends poll,epoll-lt --idle 0,10,50,100 --blocks 3 --duration 0.05 --warmup 0 \
		--counted 0.02 --seed 3 --no-plots --out "$out" >/dev/null 2>&1 3>&- &
	pid=$!
	started+=("$pid")
	for _ in $(seq 200); do
		[ -s "$out/trials.jsonl" ] && [ "$(wc -l <"$out/trials.jsonl")" -ge 10 ] && break
		sleep 0.05
	done
	kill -KILL "$pid"
	wait_status "$pid"
	[ ! -e "$out/result.json" ]
	truncate -s -100 "$out/trials.jsonl" # as if the disk had lost the end
	refused 2 '--blocks' "$BUILD/muxbench" run --resume "$out" --blocks 4
	run_split "$BUILD/muxbench" run --resume "$out" --no-plots
	[ "$status" -eq 0 ]
	grep -q 'was not whole' <<<"$stderr"
	[ "$(json "$out/result.json" "(len(r['run']['sessions']), r['run']['sessions'][1]['trials_before'] > 2,
		r['run']['seed'], r['run']['interrupted'])")" = "(2, True, 3, False)" ]
	[ "$(json "$out/result.json" "(len(r['trials']), len({(t['block'], t['backend'], t['connections_idle'],
		t['role']) for t in r['trials']}), {t['status'] for t in r['trials']})")" = "(48, 48, {'ok'})" ]
	# the order is that of a run that was not disturbed
	run_split "$BUILD/muxbench" run --plan "$out/plan.json" --quiet --no-plots --out "$out.2"
	order="[(t['block'], t['order_in_block'], t['backend'], t['connections_idle']) for t in r['trials']]"
	[ "$(json "$out/result.json" "$order")" = "$(json "$out.2/result.json" "$order")" ]
}

@test "[row 21] run: what cannot be resumed is one line and 2" {
	out="$BATS_TEST_TMPDIR/out"
	refused 2 'plan.json' "$BUILD/muxbench" run --resume "$BATS_TEST_TMPDIR/nowhere"
	run_split "$BUILD/muxbench" run --backends poll --idle 0 --blocks 1 --duration 0.02 --no-plots --out "$out"
	cp "$out/trials.jsonl" "$out/kept"
	sed -i 's/"backend":"poll"/"backend":"kqueue"/' "$out/trials.jsonl"
	refused 2 'line 1' "$BUILD/muxbench" run --quiet --resume "$out"
	cat "$out/kept" "$out/kept" >"$out/trials.jsonl"
	refused 2 'twice' "$BUILD/muxbench" run --quiet --resume "$out"
	cp "$out/kept" "$out/trials.jsonl"
	sed -i 's/"kernel":"[^"]*"/"kernel":"2.4"/' "$out/sessions.jsonl"
	refused 2 'another kernel' "$BUILD/muxbench" run --quiet --resume "$out"
}

@test "run: real-time priority where it is allowed, and else a line and 5" {
	out="$BATS_TEST_TMPDIR/out"
	if chrt -f 1 true 2>/dev/null; then
		run_split "$BUILD/muxbench" run --backends epoll-lt --idle 0 --blocks 1 --duration 0.1 \
			--sched fifo --no-plots --out "$out"
		[ "$status" -eq 0 ]
		[ "$(json "$out/result.json" "{(t['status'], t['placement']['sched']) for t in r['trials']}")" = \
			"{('ok', 'fifo')}" ]
	fi
	command -v setpriv >/dev/null && [ "$(id -u)" -eq 0 ] || skip "needs setpriv and root"
	refused 5 'CAP_SYS_NICE' setpriv --bounding-set -sys_nice --inh-caps -sys_nice \
		"$BUILD/muxbench" run --backends epoll-lt --idle 0 --sched fifo --out "$out.2"
	[ ! -e "$out.2" ]
}

@test "[row 21] run: a plan file that is wrong is one line and 2, and nothing is written" {
	out="$BATS_TEST_TMPDIR/out" plan="$BATS_TEST_TMPDIR/plan.json"
	echo '{"idle": [0], "speed": 3}' >"$plan"
	refused 2 "speed" "$BUILD/muxbench" run --plan "$plan" --out "$out"
	refused 2 "missing.json" "$BUILD/muxbench" run --plan "$BATS_TEST_TMPDIR/missing.json" --out "$out"
	[ ! -e "$out" ]
}
