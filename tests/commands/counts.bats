#!/usr/bin/env bats
# muxbench counts as people type it.
load common

# Runs muxbench counts with the arguments, JSON into result; skips where no means to count
# is allowed, which is no fault of ours.
counts() {
	result="$BATS_TEST_TMPDIR/counts.json"
	run_split "$BUILD/muxbench" counts --format json --out "$result" "$@"
	[ "$status" -ne 5 ] || skip "$stderr"
}

# An ordinary user runs muxbench counts from a copy that it may read; only root can test it.
as_nobody() {
	[ "$(id -u)" -eq 0 ] || skip "needs root, to be an ordinary user for once"
	copy=$(mktemp -d /tmp/muxbench-counts.XXXXXX)
	chmod 755 "$copy"
	cp "$BUILD/muxbench" "$BUILD/muxbench-server" "$BUILD/muxbench-load" "$copy"
	run_split setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all \
		"$copy/muxbench" counts "$@"
	rm -r "$copy"
}

@test "counts: the known integers, by name, in the kernel as by the server" {
	counts --backends all
	[ "$status" -eq 0 ]
	/usr/bin/python3 - "$result" <<-'PYTHON'
		import json, sys
		echo = {"recvfrom": 1, "sendto": 1}
		# backend: of an echo, of a batch of 16 by name (None: at most 4)
		known = {
		    "select": ({"pselect6": 1} | echo, 34),
		    "select-wide": ({"pselect6": 1} | echo, 34),
		    "poll": ({"poll": 1} | echo, 34),
		    "epoll-lt": ({"epoll_wait": 1} | echo, 34),
		    "epoll-et": ({"epoll_wait": 1, "recvfrom": 2, "sendto": 1}, 50),
		    "io_uring": ({"io_uring_enter": 2}, None),
		    "io_uring-noflags": ({"io_uring_enter": 2}, None),
		    "io_uring-multishot": ({"io_uring_enter": 1}, None),
		    "io_uring-direct": ({"io_uring_enter": 1}, None),
		    # how often it must wake the thread that submits for it is a matter of timing
		    "io_uring-sqpoll": (None, None),
		    "io_uring-poll": ({"io_uring_enter": 1, "recvfrom": 2, "sendto": 1}, 50),
		}
		r = json.load(open(sys.argv[1]))
		assert (r["schema"], r["schema_version"]["major"]) == ("muxbench.counts", 1)
		seen = set()
		for t in r["trials"]:
		    if t["status"] == "unsupported":
		        continue
		    assert t["status"] == "ok", t
		    name, k = t["backend"], t["counters"]["requests_completed"]
		    calls, batch = known[name]
		    total = sum(t["syscalls"].values())
		    assert total == t["syscalls_total"], t
		    assert total == sum(t["calls"].values()) + t["waits_restarted"], t
		    if t["role"] == "lockstep":
		        assert k == 100 and t["waits_restarted"] == 0, t
		        if calls:
		            assert t["syscalls"] == {n: c * k for n, c in calls.items()}, t
		        else:
		            assert set(t["syscalls"]) == {"io_uring_enter"}, t
		        assert t["counters"]["eagain_recv"] == (k if calls and calls.get("recvfrom") == 2 else 0), t
		    else:
		        assert k == 16, t
		        assert total == batch if batch else total <= (4 if calls else 16), t
		    seen.add((name, t["role"]))
		assert len(seen) >= 10, seen
		for s in r["summary"]:
		    if s["syscalls_per_request"] is not None and known[s["backend"]][0]:
		        assert s["syscalls_per_request"] == sum(known[s["backend"]][0].values()), s
	PYTHON
}

@test "counts: what the options of a backend cost, under its name with them" {
	counts --backends epoll-et:drain=eagain,epoll-et:drain=short-read,epoll-lt:drain=eagain,epoll-lt:batch=1,epoll-lt:wait=epoll_pwait2
	[ "$status" -eq 0 ]
	/usr/bin/python3 - "$result" <<-'PYTHON'
		import json, sys
		echo = {"recvfrom": 1, "sendto": 1}
		# of an echo, of a batch of 16: a last wait, in which it sleeps, is in each
		known = {
		    "epoll-et:drain=eagain": ({"epoll_wait": 1, "recvfrom": 2, "sendto": 1}, 50),
		    "epoll-et:drain=short-read": ({"epoll_wait": 1} | echo, 34),
		    "epoll-lt:drain=eagain": ({"epoll_wait": 1, "recvfrom": 2, "sendto": 1}, 50),
		    "epoll-lt:batch=1": ({"epoll_wait": 1} | echo, 49),
		    "epoll-lt:wait=epoll_pwait2": ({"epoll_pwait2": 1} | echo, 34),
		}
		r = json.load(open(sys.argv[1]))
		assert {t["backend"] for t in r["trials"]} == set(known)
		for t in r["trials"]:
		    calls, batch = known[t["backend"]]
		    if t["status"] == "unsupported":
		        assert "pwait2" in t["backend"], t
		        continue
		    assert t["status"] == "ok", t
		    if t["role"] == "lockstep":
		        assert t["syscalls"] == {n: c * 100 for n, c in calls.items()}, t
		    else:
		        assert t["syscalls_total"] == batch, t
	PYTHON
}

@test "counts: variants of a backend are counted where they are named, or all are" {
	counts --requests 5
	[ "$status" -eq 0 ]
	names=$(json "$result" "' '.join(sorted({t['backend'] for t in r['trials']}))")
	[ "$names" = "epoll-et epoll-lt io_uring io_uring-multishot poll select select-wide" ]
	counts --requests 5 --backends io_uring-poll
	[ "$status" -eq 0 ]
	[ "$(json "$result" "{t['backend'] for t in r['trials']}")" = "{'io_uring-poll'}" ]
}

# All that are the same each time: how many results a ring brings at once is a matter of timing.
integers="[(t['backend'], t['role'], t['syscalls']) for t in r['trials']
	if (t['backend'], t['role']) != ('io_uring-multishot', 'batch')]"

@test "counts: perf and ptrace give the same integers" {
	counts --method perf
	[ "$status" -eq 0 ]
	by_perf=$(json "$result" "$integers")
	counts --method ptrace
	[ "$status" -eq 0 ]
	[ "$(json "$result" "{t['syscall_method'] for t in r['trials'] if t['status'] == 'ok'}")" = "{'ptrace'}" ]
	[ "$by_perf" = "$(json "$result" "$integers")" ]
}

@test "counts: an ordinary user gets the integers of root, by ptrace" {
	counts
	as_nobody --format json
	[ "$status" -ne 5 ] || skip "$stderr"
	[ "$status" -eq 0 ]
	echo "$stdout" >"$BATS_TEST_TMPDIR/nobody.json"
	for file in "$result" "$BATS_TEST_TMPDIR/nobody.json"; do
		json "$file" "$integers"
	done >"$BATS_TEST_TMPDIR/both"
	[ "$(sort -u "$BATS_TEST_TMPDIR/both" | wc -l)" -eq 1 ]
}

@test "counts: where the kernel can count nothing it is 5, and the server's own account" {
	as_nobody --method perf --backends poll
	[ "$status" -eq 5 ]
	[ "$(wc -l <<<"$stderr")" -eq 1 ]
	grep -q 'nothing was counted in the kernel' <<<"$stderr"
	grep -q 'poll 1, recvfrom 1, sendto 1' <<<"$stdout"
	grep -q 'the kernel did not count: ' <<<"$stdout"
}

@test "counts: a call that the server hides is found by name, and is 1" {
	counts --backends "epoll-lt,$fixtures/plugin_uncounted.so"
	[ "$status" -eq 1 ]
	grep -q 'getppid: the kernel counted 100, the server says 0' <<<"$stderr"
	[ "$(json "$result" "[t['status'] for t in r['trials']]")" = "['ok', 'ok', 'invalid', 'invalid']" ]
}

@test "counts: idle connections, another batch, a plug-in: what grows is the wait bytes" {
	counts --backends "poll,epoll-lt,$BUILD/select_wide.so" --idle 200 --batch 7 --requests 20
	[ "$status" -eq 0 ]
	[ "$(json "$result" "[s['syscalls_per_request'] for s in r['summary']]")" = "[3, 3, 3]" ]
	[ "$(json "$result" "[s['syscalls_per_batch'] for s in r['summary']]")" = "[16, 16, 16]" ]
	# poll hands in 8 bytes a descriptor (200 idle, 1 active, 2 of the server's own)
	# and gets 2 back; epoll_wait brings 12 for the one that is ready
	[ "$(json "$result" "[s['wait_bytes_per_wakeup'] for s in r['summary']][:2]")" = "[2030, 12]" ]
}

@test "counts: what cannot run here is a datum beside the others, alone it is 5" {
	never="$fixtures/plugin_unsupported.so"
	counts --backends "poll,$never"
	[ "$status" -eq 0 ]
	[ "$(json "$result" "{t['status'] for t in r['trials'] if t['backend'] != 'poll'}")" = "{'unsupported'}" ]
	run_split "$BUILD/muxbench" counts --backends "$never"
	[ "$status" -eq 5 ]
	grep -q 'needs a moon' <<<"$stderr"
}

@test "counts: the text has both tables" {
	run_split "$BUILD/muxbench" counts --backends epoll-et
	[ "$status" -ne 5 ] || skip "$stderr"
	[ "$status" -eq 0 ]
	grep -qE '^ +epoll-et +4 +1 +1 +1 recv +12 +recvfrom 2, epoll_wait 1, sendto 1$' <<<"$stdout"
	grep -qE '^ +epoll-et +50 +2 +16 +16 recv +192 +recvfrom 32, sendto 16, epoll_wait 2$' <<<"$stdout"
}

@test "[row 22] counts: wrong command lines are one line and 2; a file that cannot be written, 1" {
	refused 2 'kqueue' "$BUILD/muxbench" counts --backends kqueue
	refused 2 "'epoll-et:drain=x': muxbench-server: drain takes once, short-read or eagain" \
		"$BUILD/muxbench" counts --backends epoll-et:drain=x
	refused 2 "no backend 'kqueue'" "$BUILD/muxbench" counts --backends kqueue:batch=1
	refused 2 'requests' "$BUILD/muxbench" counts --requests 0
	refused 2 'batch' "$BUILD/muxbench" counts --batch x
	refused 2 'idle' "$BUILD/muxbench" counts --idle -1
	refused 2 'message-bytes' "$BUILD/muxbench" counts --message-bytes 0
	refused 2 'format' "$BUILD/muxbench" counts --format xml
	refused 2 'method' "$BUILD/muxbench" counts --method strace
	refused 2 'unknown option' "$BUILD/muxbench" counts --bogus
	refused 2 'unexpected' "$BUILD/muxbench" counts poll
	refused 1 '/proc/nowhere/x' "$BUILD/muxbench" counts --backends poll --out /proc/nowhere/x
}

@test "counts: --help and the man page name the same options" {
	help=$("$BUILD/muxbench" counts --help)
	for option in $(grep -oE -- '--[a-z]+(-[a-z]+)*' <<<"$help" | sort -u); do
		case $option in --help | --list) continue ;; esac
		grep -qE -- "Fl -?${option#--}( |\$)" docs/man/muxbench.1 ||
			{ echo "muxbench.1 lacks $option" >&2; return 1; }
	done
}
