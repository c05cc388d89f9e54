#!/usr/bin/env bats
# muxbench limit: one thread that owns both ends, and what share of it a backend reaches.
load common
load inject

result="$BATS_TEST_TMPDIR/limit.json"

# Runs muxbench limit with the arguments, JSON into result.
limit() {
	run_split "$BUILD/muxbench" limit --format json --out "$result" --quiet "$@"
	echo "status $status: $stderr"
}

# point WAY ARGUMENT...: one point in a process of its own, its JSON into result; skips
# where this machine has no such way.
point() {
	run_split "$BUILD/muxbench" limit --point "$@"
	echo "status $status: $stderr"
	[ "$status" -ne 5 ] || skip "$stderr"
	printf '%s' "$stdout" >"$result"
}

@test "limit: blocking and batched make exactly four calls a round trip" {
	for way in blocking batched; do
		point "$way" --active 3 --rounds 50
		[ "$status" -eq 0 ]
		[ "$(json "$result" "(r['event'], r['way'], r['round_trips'], r['calls'])")" = \
			"('limit', '$way', 150, {'sendto': 300, 'recvfrom': 300})" ]
	done
}

@test "limit: a ring enters twice for up to 256 connections" {
	point ring --active 300 --rounds 50
	[ "$status" -eq 0 ]
	[ "$(json "$result" "(r['round_trips'], list(r['calls']))")" = "(15000, ['io_uring_enter'])" ]
	# a message may be late once in a while: that is one more call
	[ "$(json "$result" "200 <= r['calls']['io_uring_enter'] <= 220")" = True ]
}

@test "limit: the kernel counts the calls that a point says it made" {
	may_trace
	for way in blocking batched ring; do
		strace -qq -e trace=sendto,recvfrom,io_uring_enter -o "$BATS_TEST_TMPDIR/trace" \
			"$BUILD/muxbench" limit --point "$way" --active 5 --rounds 20 >"$result" || {
			[ "$way" = ring ] || return 1
			continue
		}
		/usr/bin/python3 - "$result" "$BATS_TEST_TMPDIR/trace" <<-'PYTHON'
			import collections, json, sys
			said = json.load(open(sys.argv[1]))["calls"]
			made = collections.Counter(line.split("(")[0] for line in open(sys.argv[2]))
			assert said and said == dict(made), (said, made)
		PYTHON
	done
}

@test "limit: JSON is whole, blocks are complete and interleaved, shares follow from the points" {
	limit --backends epoll-lt --active 1,20 --idle 3 --message-bytes 100 --runs 6 --duration 0.03 --seed 7
	[ "$status" -eq 0 ]
	/usr/bin/python3 - "$result" <<-'PYTHON'
		import collections, json, statistics, sys
		r = json.load(open(sys.argv[1]))
		assert (r["schema"], r["schema_version"]["major"]) == ("muxbench.limit", 1)
		assert r["run"]["seed"] == 7 and not r["run"]["interrupted"], r["run"]
		assert r["environment"]["kernel"] and r["config"]["placement"] == "same-core"
		ways, actives = r["config"]["ways"], r["config"]["connections_active"]
		assert ways == ["blocking", "batched", "ring"] and actives == [1, 20], r["config"]
		# every block has each of (3 + 1) x 2 trials once, in an order of its own
		timed = [t for t in r["trials"] if t["role"] == "timed"]
		orders = collections.defaultdict(dict)
		for t in r["points"] + timed:
		    orders[t["block"]][t["order_in_block"]] = (
		        t.get("way") or t["backend"], t["connections_active"])
		everything = sorted((n, a) for n in ways + ["epoll-lt"] for a in actives)
		assert len(r["points"] + timed) == 48 and sorted(orders) == [1, 2, 3, 4, 5, 6]
		for block, order in orders.items():
		    assert sorted(order) == list(range(1, 9)), (block, order)
		    assert sorted(order.values()) == everything, (block, order)
		assert len({tuple(sorted(o.items())) for o in orders.values()}) > 1, orders
		# one cpu for all, and nothing lost
		cpus = {t["placement"]["cpu"] for t in r["points"]}
		cpus |= {t["placement"][c] for t in timed for c in ("server_cpu", "client_cpu")}
		assert len(cpus) == 1, cpus
		assert all(t["status"] == "ok" for t in timed), timed
		# what was asked for, of both kinds
		assert {t["message_bytes"] for t in r["points"] + timed} == {100}
		assert {t["connections_idle"] for t in timed} == {3}
		assert all((t["measured_ns"] or 3e7) >= 3e7 for t in r["points"] + timed)
		rate = {}
		for t in r["points"]:
		    if t["status"] == "unsupported" and t["way"] == "ring":
		        continue
		    assert t["status"] == "ok", t
		    key = t["way"], t["connections_active"], t["block"]
		    rate[key] = t["round_trips"] / t["measured_ns"] * 1e9
		    calls = sum(t["calls"].values())
		    assert calls == 4 * t["round_trips"] or t["way"] == "ring", t
		for t in timed:
		    key = t["backend"], t["connections_active"], t["block"]
		    rate[key] = t["counters"]["requests_completed"] / t["measured_ns"] * 1e9
		for a in actives:
		    limits = [w for w in r["limit"] if w["connections_active"] == a]
		    best = [w["way"] for w in limits if w["is_the_limit"]]
		    assert len(best) == 1, limits
		    measured = [w for w in limits if w["round_trips_per_s"]]
		    top = max(measured, key=lambda w: w["round_trips_per_s"]["median"])
		    assert top["way"] == best[0] and top["share"]["median"] == 1, limits
		    for w in measured:
		        calls = w["calls_per_round_trip"]
		        if w["way"] != "ring":
		            assert calls["min"] == calls["max"] == 4, w
		        else:
		            assert calls["median"] < (4 if a == 1 else .3), w
		    for s in r["shares"]:
		        if s["connections_active"] != a:
		            continue
		        by_hand = [rate[s["backend"], a, b] / rate[best[0], a, b] for b in range(1, 7)]
		        share = s["share"]
		        assert abs(statistics.median(by_hand) / share["median"] - 1) < 1e-6, (by_hand, s)
		        assert share["blocks"] == 6 and 0 < share["low"] <= share["high"], s
		        # CPU time does not depend on who else is on the core; rates do
		        assert 0.05 < s["cpu_share"]["median"] < 1.2, s
		        whole = [x["core_share"]["min"] for x in [s] + [w for w in limits if w["is_the_limit"]]]
		        assert min(whole) < 0.9 or 0 < share["median"] < 1.2, s
		        assert s["server_cpu_ns_per_round_trip"]["median"] < s["cpu_ns_per_round_trip"]["median"]
		assert len(r["shares"]) == 2 and len(r["limit"]) == 6
	PYTHON
}

@test "limit: the tables; what a backend cannot hold is told below them" {
	run_split "$BUILD/muxbench" limit --backends "select,epoll-lt,$fixtures/plugin_unsupported.so" \
		--active 1,1100 --idle 5 --blocks 1 --duration 0.03
	echo "status $status: $stderr"
	[ "$status" -eq 0 ]
	grep -q 'one thread owns both ends  (1 block, 64 bytes, on one core, the backends with 5 idle)' <<<"$stdout"
	grep -qE '^  blocking +[0-9,]+/s +[0-9.]+ us +4 calls' <<<"$stdout"
	grep -qE '^  epoll-lt +[0-9.]+  cpu 0\.[0-9]+ +[0-9,]+/s +3 calls +[0-9.]+  cpu' <<<"$stdout"
	grep -qE '^  select .* calls +-$' <<<"$stdout"
	grep -q 'select at 1,100 active: 1 of 1 trials skipped: fd_setsize 1024' <<<"$stdout"
	grep -q 'unsupported.so at 1 active: 1 of 1 trials unsupported: needs a moon' <<<"$stdout"
	# a limit in each of the two columns
	[ "$(grep -E '^  (blocking|batched|ring) ' <<<"$stdout" | tr -cd '*')" = '**' ]
	grep -q 'muxbench: block 1 of 1 done' <<<"$stderr"
}

@test "limit: --engine io_uring is the load generator's, and recorded" {
	limit --backends epoll-lt --active 10 --blocks 1 --duration 0.03 --engine io_uring
	[ "$status" -eq 0 ]
	[ "$(json "$result" "(r['config']['engine'], {t['engine'] for t in r['trials']})")" = \
		"('io_uring', {'io_uring'})" ]
	run_split "$BUILD/muxbench" limit --backends epoll-lt --active 10 --blocks 1 --duration 0.03 \
		--engine io_uring --quiet
	grep -q 'with the load generator, of io_uring, on the same core' <<<"$stdout"
	grep -qE '^  epoll-lt +([0-9.]+  cpu|-$)' <<<"$stdout"
	limit --backends epoll-lt --active 10 --blocks 1 --duration 0.03
	[ "$(json "$result" "(r['config']['engine'], {t['engine'] for t in r['trials']})")" = "('epoll', {'epoll'})" ]
}

@test "limit: no room for both ends is skipped, and shares are unknown" {
	run_split prlimit --nofile=400:400 "$BUILD/muxbench" limit --backends epoll-lt --active 200 --blocks 1 \
		--duration 0.03 --quiet --format json
	[ "$status" -eq 0 ]
	printf '%s' "$stdout" >"$result"
	[ "$(json "$result" "{t['status'] for t in r['points']}")" = "{'skipped'}" ]
	[ "$(json "$result" "[(s['share'], s['trials']['ok']) for s in r['shares']]")" = "[(None, 1)]" ]
	refused 77 'skipped: descriptors: both ends of 200 connections, RLIMIT_NOFILE 400' \
		prlimit --nofile=400:400 "$BUILD/muxbench" limit --point blocking --active 200
}

@test "limit: where io_uring is denied the other ways are the limit" {
	"$inject/deny" io_uring_setup=ENOSYS -- true 2>/dev/null || skip "seccomp filters are not allowed here"
	run_split "$inject/deny" io_uring_setup=EPERM -- "$BUILD/muxbench" limit --backends epoll-lt --active 10 \
		--blocks 1 --duration 0.03 --quiet --format json
	echo "status $status: $stderr"
	[ "$status" -eq 0 ]
	printf '%s' "$stdout" >"$result"
	[ "$(json "$result" "sorted((t['way'], t['status']) for t in r['points'])")" = \
		"[('batched', 'ok'), ('blocking', 'ok'), ('ring', 'unsupported')]" ]
	[ "$(json "$result" "[(s['share'] is None, s['trials']['ok']) for s in r['shares']]")" = "[(False, 1)]" ]
	refused 5 'unsupported: this kernel has no io_uring' \
		"$inject/deny" io_uring_setup=ENOSYS -- "$BUILD/muxbench" limit --point ring
	refused 5 'unsupported: io_uring is forbidden here' \
		"$inject/deny" io_uring_setup=EPERM -- "$BUILD/muxbench" limit --point ring
	refused 5 'unsupported: needs the io_uring of Linux 6.1' \
		"$inject/deny" io_uring_setup=EINVAL -- "$BUILD/muxbench" limit --point ring
}

@test "limit: a program that breaks down fails the run, and the rest is shown" {
	# a server that dies at its first wait
	sed -e 's/^const struct backend backend_poll/const struct backend muxbench_backend/' \
		-e 's/^\tint left = poll(/\tabort(); int left = poll(/' -e '1i #include <stdlib.h>' \
		backends/poll.c >"$BATS_TEST_TMPDIR/dies.c"
	${CC:-cc} -O2 -fPIC -shared -D_GNU_SOURCE -DMUXBENCH_PLUGIN -I. "$BATS_TEST_TMPDIR/dies.c" \
		-o "$BATS_TEST_TMPDIR/dies.so"
	limit --backends "epoll-lt,$BATS_TEST_TMPDIR/dies.so" --active 2 --blocks 1 --duration 0.03
	[ "$status" -eq 1 ]
	grep -q '1 of 5 trials failed: see above' <<<"$stderr"
	grep -q '2 active) failed: muxbench-server ended in the middle: killed by signal 6' <<<"$stderr"
	[ "$(json "$result" "[(s['trials']['failed'], s['share'] is None) for s in r['shares']]")" = \
		"[(0, False), (1, True)]" ]
}

# How many processes run a program of this folder, whatever they are called.
processes_of() {
	/usr/bin/python3 - "$1" <<-'PYTHON'
		import glob, os, sys
		def program(link):
		    try:
		        return os.readlink(link)
		    except OSError:
		        return ""
		folder = os.path.realpath(sys.argv[1]) + "/"
		print(sum(program(exe).startswith(folder) for exe in glob.glob("/proc/[0-9]*/exe")))
	PYTHON
}

@test "limit: Ctrl-C at any time shows what was measured, and leaves no process" {
	copy="$BATS_TEST_TMPDIR/bin"
	mkdir "$copy"
	cp "$BUILD/muxbench" "$BUILD/muxbench-server" "$BUILD/muxbench-load" "$copy"
	for signal in INT TERM; do
		"$copy/muxbench" limit --backends epoll-lt --active 1 --blocks 500 --duration 0.05 \
			--format json >"$result" 2>"$BATS_TEST_TMPDIR/errors" 3>&- &
		pid=$!
		started+=("$pid")
		for _ in $(seq 400); do
			grep -q 'block 1 of 500' "$BATS_TEST_TMPDIR/errors" && break
			sleep 0.05
		done
		[ "$(processes_of "$copy")" -ge 1 ]
		kill "-$signal" "$pid"
		wait_status "$pid"
		[ "$status" -eq $((128 + $(kill -l "$signal"))) ]
		grep -q 'interrupted: [0-9]* of 2000 trials were made' "$BATS_TEST_TMPDIR/errors"
		[ "$(json "$result" "r['run']['interrupted'], 4 <= len(r['points']) + len(r['trials']) / 2 < 2000")" = \
			"(True, True)" ]
		[ "$(processes_of "$copy")" -eq 0 ]
	done
	# neither when it had no time to end them
	"$copy/muxbench" limit --backends epoll-lt --active 1 --blocks 500 --quiet >/dev/null 2>&1 3>&- &
	pid=$!
	started+=("$pid")
	for _ in $(seq 100); do
		[ "$(processes_of "$copy")" -lt 2 ] || break
	done
	kill -KILL "$pid"
	wait_status "$pid"
	for _ in $(seq 100); do
		[ "$(processes_of "$copy")" -gt 0 ] || return 0
		sleep 0.05
	done
	echo "$(processes_of "$copy") processes are left" >&2
	return 1
}

@test "[row 22] limit: wrong command lines are one line and 2, and write nothing" {
	muxbench="$BUILD/muxbench"
	refused 2 'bogus' "$muxbench" limit --bogus
	refused 2 'after the options' "$muxbench" limit poll
	refused 2 'kqueue' "$muxbench" limit --backends kqueue --out "$result"
	refused 2 '--active' "$muxbench" limit --active 0 --out "$result"
	refused 2 'names 10 twice' "$muxbench" limit --active 10,10 --out "$result"
	refused 2 '--idle' "$muxbench" limit --idle -1 --out "$result"
	refused 2 '--message-bytes' "$muxbench" limit --message-bytes 33KiB --out "$result"
	refused 2 '--blocks' "$muxbench" limit --blocks 0 --out "$result"
	refused 2 '--runs' "$muxbench" limit --runs 1025 --out "$result"
	refused 2 '--duration' "$muxbench" limit --duration 1ms --out "$result"
	refused 2 '--seed' "$muxbench" limit --seed x --out "$result"
	refused 2 '--format' "$muxbench" limit --format xml --out "$result"
	refused 2 '--engine' "$muxbench" limit --engine kqueue --out "$result"
	refused 2 'goes without' "$muxbench" limit --point ring --engine io_uring
	refused 2 'more than 64 MiB in flight' "$muxbench" limit --active 10000 --message-bytes 32KiB --out "$result"
	refused 2 "blocking, batched or ring, not 'magic'" "$muxbench" limit --point magic
	refused 2 'need --point' "$muxbench" limit --rounds 5
	refused 2 'need --point' "$muxbench" limit --cpu 0
	refused 2 'goes without' "$muxbench" limit --point ring --backends poll
	refused 2 'goes without' "$muxbench" limit --point ring --out "$result"
	refused 2 'one number' "$muxbench" limit --point ring --active 1,2
	refused 2 '--rounds goes without --duration' "$muxbench" limit --point ring --rounds 1 --duration 1
	[ ! -e "$result" ]
	refused 1 'cannot stay on cpu 1023' "$muxbench" limit --point blocking --cpu 1023 --rounds 1
}

@test "limit: a file that cannot be written is told before anything is measured" {
	refused 1 '/proc/nowhere/x' "$BUILD/muxbench" limit --out /proc/nowhere/x
	refused 1 'Is a directory' "$BUILD/muxbench" limit --out "$BATS_TEST_TMPDIR"
	refused 1 'cannot write to stdout' bash -c '"$@" >/dev/full' bash "$BUILD/muxbench" limit --backends poll \
		--active 1 --blocks 1 --duration 0.02 --quiet
	refused 1 'cannot write to stdout' bash -c '"$@" >/dev/full' bash "$BUILD/muxbench" limit --point blocking \
		--rounds 1
}

@test "limit: --help shows examples, and every option of it stands in the man page" {
	run_split "$BUILD/muxbench" limit --help
	[ "$status" -eq 0 ]
	grep -q '^Examples:' <<<"$stdout"
	for option in $(grep -oE -- '--[a-z]+(-[a-z]+)*' <<<"$stdout" | sort -u); do
		case $option in --help | --list) continue ;; esac
		grep -qE -- "Fl -?${option#--}( |\$)" docs/man/muxbench-limit.1 ||
			{ echo "muxbench-limit.1 lacks $option" >&2; return 1; }
	done
}
