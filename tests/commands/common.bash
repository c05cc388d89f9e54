# common.bash - what the command tests share.
# BUILD names the build folder; tests run in the top folder of the project.

: "${BUILD:?BUILD must name the build folder}"
cd "$BATS_TEST_DIRNAME/../.." || exit 1

fixtures="$BUILD/tests/fixtures"

setup() {
	started=()
}

teardown() {
	for pid in "${started[@]}"; do
		kill -KILL "$pid" 2>/dev/null || true
		wait "$pid" 2>/dev/null || true
	done
}

# Whoever of our programs runs in this test, and in no other, has this from its parents.
export TEST_MARK="$$.$RANDOM$RANDOM"

# Our programs that this test has started, or that were started below it.
ours_running() {
	local pid
	for pid in $(pgrep -f "^$BUILD/muxbench"); do
		if { tr '\0' '\n' <"/proc/$pid/environ"; } 2>/dev/null | grep -qxF "TEST_MARK=$TEST_MARK"; then
			ps -o pid=,args= -p "$pid"
		fi
	done
}

# Runs a command; sets status, stdout and stderr.
run_split() {
	local errors="$BATS_TEST_TMPDIR/stderr"
	status=0
	stdout=$(timeout -k 5 60 "$@" 2>"$errors") || status=$?
	stderr=$(cat "$errors")
}

# refused STATUS TEXT COMMAND...: exits so, says TEXT in exactly one line on stderr.
refused() {
	local wanted=$1 text=$2
	shift 2
	run_split "$@"
	if [ "$status" -ne "$wanted" ] || [ "$(wc -l <<<"$stderr")" -ne 1 ] ||
		! grep -qF -- "$text" <<<"$stderr"; then
		echo "wanted exit $wanted and one line with '$text' of: $*" >&2
		echo "got exit $status and: $stderr" >&2
		return 1
	fi
}

# The member NAME of each JSON line on stdin.
json_lines() {
	/usr/bin/python3 -c '
import json, sys
for line in sys.stdin:
    print(json.loads(line)[sys.argv[1]])' "$1"
}

# json FILE EXPRESSION: prints it, with the parsed file as r.
json() {
	/usr/bin/python3 -c '
import json, sys
r = json.load(open(sys.argv[1]))
print(eval(sys.argv[2]))' "$1" "$2"
}

supported_backends() {
	"$BUILD/muxbench-server" --list --json | /usr/bin/python3 -c '
import json, sys
for line in sys.stdin:
    backend = json.loads(line)
    if backend["supported"]:
        print(backend["name"])'
}

# Starts a server by hand; sets server (its pid) and port.
start_server() {
	local out="$BATS_TEST_TMPDIR/listening"
	: >"$out" # not the port of the one before
	"$BUILD/muxbench-server" "$@" >"$out" 3>&- &
	server=$!
	started+=("$server")
	for _ in $(seq 200); do
		if grep -q listening "$out"; then
			port=$(sed 's/.*://' "$out")
			return 0
		fi
		sleep 0.05
	done
	echo "the server did not announce itself" >&2
	return 1
}

# Waits for a child of this shell; sets status.
wait_status() {
	status=0
	wait "$1" || status=$?
}

# echo_once PORT TEXT: sends it, ends the sending side, prints all that comes back.
echo_once() {
	/usr/bin/python3 -c '
import socket, sys
s = socket.create_connection(("127.0.0.1", int(sys.argv[1])), timeout=10)
s.sendall(sys.argv[2].encode())
s.shutdown(socket.SHUT_WR)
while chunk := s.recv(65536):
    sys.stdout.write(chunk.decode())' "$1" "$2"
}
