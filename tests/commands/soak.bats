#!/usr/bin/env bats
# The soak, short: every backend passes, and servers with one fault each are found out.
load common

soak="$BUILD/tests/soak/soak"
faulty="$BUILD/tests/soak/servers/faulty_echo"

# Sanitizers keep freed memory for a while: its growth says nothing there.
memory=()
if nm "$BUILD/muxbench-server" | grep -qE '__(asan|tsan)_init'; then
	memory=(--memory-growth none)
fi

# soak OPTION...: runs it short, with few clients; sets status, stdout and out, a folder.
soak() {
	out="$BATS_TEST_TMPDIR/records"
	run_split "$soak" --clients 64 --out "$out" "$@"
	echo "soak $*: $status $stderr"$'\n'"$stdout" >&2 # shown on failure
}

# found FAULT TEXT: a server with it fails, the record says so, and the reason has TEXT.
found() {
	soak --seconds 0.5 --patience 1 --exec "$faulty $1 {port}"
	[ "$status" -eq 1 ]
	[ "$(json "$out/exec.json" "r['verdict']")" = FAIL ]
	json "$out/exec.json" "'\n'.join(r['findings'])" | grep -E -- "$2"
}

# passes BACKEND: nothing lost, wrong or leaked, and its record is whole.
passes() {
	soak --seconds 1.2 "${memory[@]}" --backends "$1"
	[ "$status" -eq 0 ]
	/usr/bin/python3 -c '
import json, sys
r = json.load(open(sys.argv[1]))
load, process, server = r["load"], r["process"], r["server"]
assert [r["schema"], r["verdict"], r["findings"]] == ["muxbench.soak", "PASS", []]
assert len(load["kinds"]) == 10
assert all(kind["finished"] > 0 for kind in load["kinds"].values())
assert load["lost_bytes"] == load["wrong_bytes"] == 0
assert load["connections"] > 200 and load["bytes_verified"] > 1e6
assert load["resets"] > 50 and load["half_closes"] > 50
assert server["held"] == server["refused"] == 0
assert server["accepted"] == load["connections"] + load["warm_up_connections"]
assert process["descriptors_after"] == process["descriptors_before"]
calm = server["calm"]
assert calm["bytes_rx"] == calm["bytes_tx"] == calm["bytes_sent"] > 1e5' "$out"/*.json
	rm "$out"/*.json
}

@test "soak: every backend: nothing lost, wrong or leaked, every kind of client occurs" {
	for backend in $(supported_backends); do
		passes "$backend"
	done
}

@test "soak: a plug-in, with the clients in two threads" {
	soak --seconds 1.2 --threads 2 "${memory[@]}" --backends "$BUILD/select_wide.so"
	[ "$status" -eq 0 ]
	[ "$(json "$out/select_wide.json" "[r['verdict'], r['backend'], r['threads']]")" = \
		"['PASS', 'select-wide', 2]" ]
}

@test "soak: a server that is not ours passes when it is honest" {
	soak --seconds 0.8 --exec "$faulty honest {port}"
	[ "$status" -eq 0 ]
	[ "$(json "$out/exec.json" "[r['verdict'], r['server']]")" = "['PASS', None]" ]
}

@test "soak: finds what was lost or mixed up" {
	found drops-rest 'wrong bytes on'
	found shares-buffer 'wrong bytes on'
	found flips '1 of [0-9]+ bytes are wrong, the first at 100000'
	found ends-at-fin 'connections lost with [1-9][0-9]* bytes owed'
	found hangs 'not a byte for 1 s'
}

@test "soak: finds what leaks, spins or dies" {
	found leaks-descriptor 'descriptors \+[1-9]'
	found leaks-memory 'memory \+[1-9]'
	found spins 'spins with nobody connected'
	found dies 'the server ended: killed by signal 6'
}

@test "soak: SIGTERM ends it in order, with a record of what there is" {
	out="$BATS_TEST_TMPDIR/records"
	timeout 60 "$soak" --seconds 50 --clients 64 --backends epoll-lt --progress 0.2 \
		--out "$out" >"$BATS_TEST_TMPDIR/lines" 3>&- &
	started+=($!)
	for _ in $(seq 300); do
		grep -q '^soak epoll-lt: [0-9]* s,.* quiet [0-9]* /s; server: ' \
			"$BATS_TEST_TMPDIR/lines" && break
		sleep 0.1
	done
	server=$(pgrep -P "$(pgrep -P "${started[-1]}")")
	kill -TERM "${started[-1]}"
	wait_status "${started[-1]}"
	[ "$status" -eq 143 ]
	[ "$(json "$out/epoll-lt.json" "[r['verdict'], r['load']['lost_connections']]")" = \
		"['INTERRUPTED', 0]" ]
	[ ! -e "/proc/$server" ]
}

@test "soak: a wrong command line is one line and exit 2" {
	refused 2 "there is no backend 'nope'" "$soak" --backends nope
	refused 2 "--exec and --backends" "$soak" --backends poll --exec 'x {port}'
	refused 2 "--clients 96 on --threads 4" "$soak" --clients 96 --threads 4
	refused 2 "--minutes takes a whole number" "$soak" --minutes 0
	refused 1 "cannot start nonesuch" "$soak" --exec 'nonesuch {port}' \
		--out "$BATS_TEST_TMPDIR/none"
}
