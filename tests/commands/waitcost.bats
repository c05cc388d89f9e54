#!/usr/bin/env bats
# What one wait costs: the server's raw measure, and muxbench waitcost over it.
load common

# Some milliseconds of work, printed as JSON.
measure() {
	run_split "$BUILD/muxbench-server" --waitcost --batches 3 --batch-time 50us "$@"
}

# of EXPRESSION: of the JSON object on stdout, as r.
of() {
	printf '%s' "$stdout" >"$BATS_TEST_TMPDIR/stdout.json"
	json "$BATS_TEST_TMPDIR/stdout.json" "$1"
}

# The run was made: 0, or 3 where the machine was too busy for a tenth of the trials.
measured() {
	[ "$status" -eq 0 ] || [ "$status" -eq 3 ]
}

@test "waitcost: the server makes exactly the calls that it says it timed" {
	measure --backend poll --descriptors 200 --ready 3
	[ "$status" -eq 0 ]
	[ -z "$stderr" ]
	[ "$(of "r['event'], r['backend'], r['descriptors'], r['ready'], r['edge_triggered']")" = \
		"('waitcost', 'poll', 200, 3, False)" ]
	# three batches, and those that had to be repeated
	[ "$(of "3 <= len(r['wait']['duration_ns']) <= 12")" = True ]
	[ "$(of "r['wait']['calls'] == {'poll': len(r['wait']['cpu_ns']) *
		r['wait']['operations_per_batch']}")" = True ]
	# an edge is reported once: each wait needs its ready descriptors armed again
	measure --backend epoll-et --descriptors 200 --ready 3
	[ "$(of "r['wait']['calls']['epoll_ctl'] == 3 * r['wait']['calls']['epoll_wait'] > 0")" = True ]
	[ "$(of "r['edge_triggered']")" = True ]
}

@test "waitcost: what a backend has no room or no poller for has a status of its own" {
	refused 77 'skipped: fd_setsize 1024: room for' \
		"$BUILD/muxbench-server" --waitcost --backend select --descriptors 1100
	[ "$(of "r['event']")" = skipped ]
	if grep -q io_uring <<<"$(supported_backends)"; then
		refused 5 'unsupported: completes operations, has no poller' \
			"$BUILD/muxbench-server" --waitcost --backend io_uring
		[ "$(of "r['event']")" = unsupported ]
		refused 5 'unsupported: hands in changes of interest with the wait' \
			"$BUILD/muxbench-server" --waitcost --backend io_uring-poll
	fi
}

@test "waitcost: poll is linear, epoll is flat" {
	run_split "$BUILD/muxbench" waitcost --backends poll,epoll-lt,epoll-et \
		--descriptors 10,30,100,300,1000,3000 --ready 1 --blocks 5 --seed 3 \
		--format json --quiet
	measured
	[ "$(of "r['schema'], r['schema_version']['major'], r['run']['seed']")" = \
		"('muxbench.waitcost', 1, 3)" ]
	[ "$(of "len(r['trials']), {t['status'] for t in r['trials']} <= {'ok', 'invalid'}")" = \
		"(90, True)" ]
	/usr/bin/python3 - "$BATS_TEST_TMPDIR/stdout.json" <<-'PYTHON'
		import json, statistics, sys
		r = json.load(open(sys.argv[1]))
		wait = {(s["backend"], s["descriptors"]): s for s in r["summary"]}
		for backend, grows in ("poll", True), ("epoll-lt", False), ("epoll-et", False):
		    ratio = (wait[backend, 3000]["wait_ns"]["median"] /
		             wait[backend, 30]["wait_ns"]["median"])
		    assert ratio > 10 if grows else ratio < 3, (backend, ratio)
		verdicts = {c["backend"]: c["verdict"] for c in r["complexity"]}
		assert verdicts["poll"] == "linear", r["complexity"]
		assert "linear" not in (verdicts["epoll-lt"], verdicts["epoll-et"]), verdicts
		# what no noise touches: the bytes of a wait
		assert wait["poll", 3000]["wait_bytes_per_wait"] == 30000
		assert wait["epoll-lt", 3000]["wait_bytes_per_wait"] == 12
		# to watch one more costs epoll a system call, and poll none
		assert wait["epoll-lt", 1000]["register_ns"]["median"] > \
		    10 * wait["poll", 1000]["register_ns"]["median"]
		# a figure can be had again from the raw batches of its trials
		figures = []
		for t in r["trials"]:
		    if (t["backend"], t["descriptors"], t["status"]) != ("poll", 3000, "ok"):
		        continue
		    w = t["wait"]
		    figures.append(statistics.median(
		        (d - w["clock_reads_per_batch"] * t["clock_read_ns"]) / w["operations_per_batch"]
		        for d, e, c in zip(w["duration_ns"], w["elapsed_ns"], w["cpu_ns"])
		        if c >= .9 * e))
		median = wait["poll", 3000]["wait_ns"]["median"]
		assert abs(statistics.median(figures) / median - 1) < 1e-6, (figures, median)
	PYTHON
}

@test "waitcost: table, verdicts, waitcost.json and pictures; a used folder is refused" {
	out="$BATS_TEST_TMPDIR/deep/out"
	run_split "$BUILD/muxbench" waitcost --backends "select,$BUILD/select_wide.so,io_uring" \
		--descriptors 10,100,1100 --ready 1,100 --blocks 2 --out "$out"
	measured
	grep -q 'One wait, 100 of N descriptors ready' <<<"$stdout"
	grep -q 'select_wide.so .* us' <<<"$stdout"
	grep -q 'select at 1,100: skipped: fd_setsize 1024' <<<"$stdout"
	grep -qE 'io_uring.*: unsupported: ' <<<"$stdout"
	grep -qE 'remove +[0-9.]+ [nu]s' <<<"$stdout"
	# 3 backends x (3 + 2) cells x 2 blocks: no 100 are ready of 10
	[ "$(json "$out/waitcost.json" "len(r['trials']), {t['status'] for t in r['trials']
		if t['backend'] == 'io_uring'}")" = "(30, {'unsupported'})" ]
	for picture in wait-cost wait-cost-ready-100; do
		[ -s "$out/plots/$picture.svg" ]
		[ -s "$out/plots/$picture.png" ]
	done
	refused 1 'already holds waitcost.json' "$BUILD/muxbench" waitcost --out "$out"
}

@test "waitcost: what does not have its core all the time is invalid, is tried once more, and is 3" {
	# asleep before each wait: time passes, and no CPU time
	sed -e 's/^const struct backend backend_poll/const struct backend muxbench_backend/' \
		-e 's/^\tint left = poll(/\tusleep(50); int left = poll(/' \
		backends/poll.c >"$BATS_TEST_TMPDIR/sleeper.c"
	${CC:-cc} -O2 -fPIC -shared -D_GNU_SOURCE -DMUXBENCH_PLUGIN -I. \
		"$BATS_TEST_TMPDIR/sleeper.c" -o "$BATS_TEST_TMPDIR/sleeper.so"
	run_split "$BUILD/muxbench" waitcost --backends "$BATS_TEST_TMPDIR/sleeper.so" \
		--descriptors 10 --blocks 1 --format json --quiet
	[ "$status" -eq 3 ]
	[ "$(of "[(t['trial_id'], t['status']) for t in r['trials']]")" = \
		"[('1.001', 'invalid'), ('1.002', 'invalid')]" ]
	[ "$(of "r['summary'][0]['wait_ns'], r['complexity']")" = "(None, [])" ]
}

@test "waitcost: a backend that reports wrongly fails the run" {
	sed -e 's/^const struct backend backend_poll/const struct backend muxbench_backend/' \
		-e 's/\.fd = s->entries\[i\]\.fd,/.fd = s->entries[i].fd + 1,/' \
		backends/poll.c >"$BATS_TEST_TMPDIR/liar.c"
	${CC:-cc} -O2 -fPIC -shared -D_GNU_SOURCE -DMUXBENCH_PLUGIN -I. \
		"$BATS_TEST_TMPDIR/liar.c" -o "$BATS_TEST_TMPDIR/liar.so"
	run_split "$BUILD/muxbench" waitcost --backends "poll,$BATS_TEST_TMPDIR/liar.so" \
		--descriptors 10 --blocks 1 --quiet
	[ "$status" -eq 1 ]
	grep -q 'failed: muxbench-server: a wait reported descriptor' <<<"$stderr"
	grep -qE '^  poll +[0-9.]+ [nu]s' <<<"$stdout"
}

@test "waitcost: nothing measured at all is 5" {
	never="$fixtures/plugin_unsupported.so"
	run_split "$BUILD/muxbench" waitcost --backends "$never" --descriptors 10 --blocks 1
	[ "$status" -eq 5 ]
	grep -q 'unsupported: needs a moon' <<<"$stdout"
}

@test "[row 22] waitcost: wrong command lines are one line and 2, and write nothing" {
	out="$BATS_TEST_TMPDIR/out"
	refused 2 'bogus' "$BUILD/muxbench" waitcost --bogus
	refused 2 'kqueue' "$BUILD/muxbench" waitcost --backends kqueue --out "$out"
	refused 2 'descriptors' "$BUILD/muxbench" waitcost --descriptors 0 --out "$out"
	refused 2 'twice' "$BUILD/muxbench" waitcost --descriptors 10,10 --out "$out"
	refused 2 'ready' "$BUILD/muxbench" waitcost --ready 513 --out "$out"
	refused 2 '--ready 100 is more' "$BUILD/muxbench" waitcost --ready 100 --descriptors 10
	refused 2 'blocks' "$BUILD/muxbench" waitcost --blocks 257 --out "$out"
	refused 2 'format' "$BUILD/muxbench" waitcost --format xml --out "$out"
	refused 2 'placement' "$BUILD/muxbench" waitcost --placement moon --out "$out"
	refused 2 'after the options' "$BUILD/muxbench" waitcost poll
	[ ! -e "$out" ]
	refused 2 'need --waitcost' "$BUILD/muxbench-server" --backend poll --ready 1
	refused 2 'leave out --control' "$BUILD/muxbench-server" --backend poll --waitcost --control
	refused 2 'more than there are' \
		"$BUILD/muxbench-server" --backend poll --waitcost --descriptors 5 --ready 6
	refused 2 'batches' "$BUILD/muxbench-server" --backend poll --waitcost --batches 0
}

@test "waitcost: Ctrl-C in the middle shows what was measured" {
	"$BUILD/muxbench" waitcost --backends poll --descriptors 10 --blocks 250 --format json \
		>"$BATS_TEST_TMPDIR/stdout.json" 2>"$BATS_TEST_TMPDIR/errors" 3>&- &
	pid=$!
	started+=("$pid")
	for _ in $(seq 200); do
		grep -q 'trial 3 of 250' "$BATS_TEST_TMPDIR/errors" && break
		sleep 0.05
	done
	kill -INT "$pid"
	wait_status "$pid"
	[ "$status" -eq 130 ]
	grep -q 'interrupted: [0-9]* trials' "$BATS_TEST_TMPDIR/errors"
	[ "$(json "$BATS_TEST_TMPDIR/stdout.json" "r['run']['interrupted'], 0 < len(r['trials']) < 250")" = \
		"(True, True)" ]
}

@test "waitcost: --help shows examples, and every option of it stands in the man page" {
	run_split "$BUILD/muxbench" waitcost --help
	[ "$status" -eq 0 ]
	grep -q '^Examples:' <<<"$stdout"
	for option in $(grep -oE -- '--[a-z]+(-[a-z]+)*' <<<"$stdout" | sort -u); do
		case $option in --help | --list) continue ;; esac
		grep -qE -- "Fl -${option#--}( |\$)" docs/man/muxbench.1
	done
}
