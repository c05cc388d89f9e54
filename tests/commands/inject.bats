#!/usr/bin/env bats
# Faults that a kernel may give at any moment, injected into the server: by a preloaded
# library (tests/inject/shim.c), by strace, by SIGSTOP. tests/inject/drive.c says what
# must hold whatever is injected. The words of a fault are explained at the top of shim.c.
load common
load inject

# Bursts of EMFILE, ENFILE, ENOBUFS and ENOMEM at accept: the listener rests as often as it was
# refused, no more and no less, and everybody is served in the end.
@test "[row 1] no descriptors, no memory at accept: select" {
	survives select 20 starved
}

@test "[row 1] no descriptors, no memory at accept: select-wide" {
	survives select-wide 20 starved
}

@test "[row 1] no descriptors, no memory at accept: poll" {
	survives poll 20 starved
}

@test "[row 1] no descriptors, no memory at accept: epoll-lt" {
	survives epoll-lt 20 starved
}

@test "[row 1] no descriptors, no memory at accept: epoll-et" {
	survives epoll-et 20 starved
}

@test "[row 1] no descriptors, no memory at accept: plug-in" {
	survives "$plugin" 20 starved
}

# Whatever accept(2) calls an error of the new connection: on to the next one.
@test "[row 2] aborted connections at accept: select" {
	survives select 300 aborted
}

@test "[row 2] aborted connections at accept: select-wide" {
	survives select-wide 300 aborted
}

@test "[row 2] aborted connections at accept: poll" {
	survives poll 300 aborted
}

@test "[row 2] aborted connections at accept: epoll-lt" {
	survives epoll-lt 300 aborted
}

@test "[row 2] aborted connections at accept: epoll-et" {
	survives epoll-et 300 aborted
}

@test "[row 2] aborted connections at accept: plug-in" {
	survives "$plugin" 300 aborted
}

# recv, send, accept, the wait itself, and the control side's pipes.
@test "[row 3] EINTR anywhere: select" {
	survives select 200 eintr
}

@test "[row 3] EINTR anywhere: select-wide" {
	survives select-wide 200 eintr
}

@test "[row 3] EINTR anywhere: poll" {
	survives poll 200 eintr
}

@test "[row 3] EINTR anywhere: epoll-lt" {
	survives epoll-lt 200 eintr
}

@test "[row 3] EINTR anywhere: epoll-et" {
	survives epoll-et 200 eintr
}

@test "[row 3] EINTR anywhere: plug-in" {
	survives "$plugin" 200 eintr
}

# Only the connection that was hit ends: as many are lost as errors were injected.
@test "[row 4] resets at recv and send: select" {
	survives select 5 reset
}

@test "[row 4] resets at recv and send: select-wide" {
	survives select-wide 5 reset
}

@test "[row 4] resets at recv and send: poll" {
	survives poll 5 reset
}

@test "[row 4] resets at recv and send: epoll-lt" {
	survives epoll-lt 5 reset
}

@test "[row 4] resets at recv and send: epoll-et" {
	survives epoll-et 5 reset
}

@test "[row 4] resets at recv and send: plug-in" {
	survives "$plugin" 5 reset
}

@test "[row 8] short counts: select" {
	survives select 700 short
}

@test "[row 8] short counts: select-wide" {
	survives select-wide 700 short
}

@test "[row 8] short counts: poll" {
	survives poll 700 short
}

@test "[row 8] short counts: epoll-lt" {
	survives epoll-lt 700 short
}

@test "[row 8] short counts: epoll-et" {
	survives epoll-et 700 short
}

@test "[row 8] short counts: plug-in" {
	survives "$plugin" 700 short
}

# A wait that reports what is not ready, as it may; nobody is told again.
@test "[row 7] spurious readiness: select" {
	survives select 300 spurious
}

@test "[row 7] spurious readiness: select-wide" {
	survives select-wide 300 spurious
}

@test "[row 7] spurious readiness: poll" {
	survives poll 300 spurious
}

@test "[row 7] spurious readiness: epoll-lt" {
	survives epoll-lt 300 spurious
}

@test "[row 7] spurious readiness: epoll-et" {
	survives epoll-et 300 spurious
}

@test "[row 7] spurious readiness: plug-in" {
	survives "$plugin" 300 spurious
}

# A ready socket that has nothing, to those who are told again. epoll-et would be lied to.
@test "[row 7] EAGAIN at a ready socket: select" {
	survives select 300 eagain
}

@test "[row 7] EAGAIN at a ready socket: select-wide" {
	survives select-wide 300 eagain
}

@test "[row 7] EAGAIN at a ready socket: poll" {
	survives poll 300 eagain
}

@test "[row 7] EAGAIN at a ready socket: epoll-lt" {
	survives epoll-lt 300 eagain
}

@test "[row 7] EAGAIN at a ready socket: plug-in" {
	survives "$plugin" 300 eagain
}

# Only epoll keeps its interest where memory can run out: that connection is refused, and a
# listener that rests goes on resting.
@test "[row 1] no memory to watch a connection: epoll-lt" {
	survives epoll-lt 100 unwatched
}

@test "[row 1] no memory to watch the listener again: epoll-lt" {
	streams=30 survives epoll-lt 250 starved,unresumed
}

@test "[row 1] no memory to watch a connection: epoll-et" {
	survives epoll-et 100 unwatched
}

@test "[row 1] no memory to watch the listener again: epoll-et" {
	streams=30 survives epoll-et 250 starved,unresumed
}

@test "[row 3] all at once: select" {
	survives select 20 short,eintr,aborted,spurious,reset
}

@test "[row 3] all at once: select-wide" {
	survives select-wide 20 short,eintr,aborted,spurious,reset
}

@test "[row 3] all at once: poll" {
	survives poll 20 short,eintr,aborted,spurious,reset
}

@test "[row 3] all at once: epoll-lt" {
	survives epoll-lt 20 short,eintr,aborted,spurious,reset
}

@test "[row 3] all at once: epoll-et" {
	survives epoll-et 20 short,eintr,aborted,spurious,reset
}

@test "[row 3] all at once: plug-in" {
	survives "$plugin" 20 short,eintr,aborted,spurious,reset
}

# The server is stopped in its tracks and goes on later, over and over: what was a race is
# then a certainty.
@test "[row 3] SIGSTOP and SIGCONT at random moments: select" {
	for seed in $seeds; do
		driven "$seed" --backend select --stops
	done
}

@test "[row 3] SIGSTOP and SIGCONT at random moments: select-wide" {
	for seed in $seeds; do
		driven "$seed" --backend select-wide --stops
	done
}

@test "[row 3] SIGSTOP and SIGCONT at random moments: poll" {
	for seed in $seeds; do
		driven "$seed" --backend poll --stops
	done
}

@test "[row 3] SIGSTOP and SIGCONT at random moments: epoll-lt" {
	for seed in $seeds; do
		driven "$seed" --backend epoll-lt --stops
	done
}

@test "[row 3] SIGSTOP and SIGCONT at random moments: epoll-et" {
	for seed in $seeds; do
		driven "$seed" --backend epoll-et --stops
	done
}

@test "[row 3] SIGSTOP and SIGCONT at random moments: io_uring" {
	supported_backends | grep -qx io_uring || skip "io_uring cannot run here"
	for ring in $(supported_backends | grep io_uring); do
		for seed in $seeds; do
			driven "$seed" --backend "$ring" --stops
		done
	done
}

@test "[row 3] SIGSTOP and SIGCONT at random moments: plug-in" {
	for seed in $seeds; do
		driven "$seed" --backend "$plugin" --stops
	done
}

# Not short counts: the load takes one for the end of what is there, as epoll(7) allows.
@test "[row 3] EINTR anywhere: the load" {
	start_server --backend epoll-lt
	for seed in $seeds; do
		run_split env LD_PRELOAD="$inject/shim.so" MUXBENCH_SHIM="seed=$seed,rate=200,what=eintr" \
			"$BUILD/muxbench-load" --port "$port" --idle 20 --active 8 --message-bytes 20000 --requests 400
		echo "$stderr"
		[ "$status" -eq 0 ]
		grep -qE '^shim: eintr [1-9]' <<<"$stderr"
		[ "$(/usr/bin/python3 -c 'import json, sys; r = json.loads(sys.stdin.read())
c = r["counters"]
print(c["requests_completed"], c["errors"], c["bytes_wrong"], c["connections_lost"])' <<<"$stdout")" = "400 0 0 0" ]
	done
}

# Load and server are stopped at random moments, a few hundred times in all.
@test "[row 3] SIGSTOP and SIGCONT at random moments: the load and its server" {
	for seed in $seeds; do
		start_server --backend epoll-et
		"$BUILD/muxbench-load" --port "$port" --idle 20 --active 16 --message-bytes 20000 \
			--duration 1 >"$BATS_TEST_TMPDIR/load" 3>&- &
		loader=$!
		started+=("$loader")
		RANDOM=$seed stops=0
		while kill -0 "$loader" 2>/dev/null; do
			victim=$server
			((RANDOM % 2)) || victim=$loader
			kill -STOP "$victim" 2>/dev/null || break
			sleep "0.00$((RANDOM % 8))"
			kill -CONT "$victim"
			sleep "0.00$((RANDOM % 8))"
			stops=$((stops + 1))
		done
		wait_status "$loader"
		echo "seed $seed, $stops stops, status $status"
		[ "$status" -eq 0 ]
		[ "$stops" -gt 20 ]
		[ "$(json "$BATS_TEST_TMPDIR/load" "r['counters']['errors'], r['counters']['bytes_wrong']")" = "(0, 0)" ]
		[ "$(json "$BATS_TEST_TMPDIR/load" "r['counters']['requests_completed']")" -gt 100 ]
		kill -TERM "$server"
		wait_status "$server"
		[ "$status" -eq 0 ]
	done
}

# ---- strace: what no library can reach -------------------------------------------------------

@test "[row 1] EMFILE by strace at every 5th accept: select" {
	may_trace
	traced select accept4:error=EMFILE:when=2+5
}

@test "[row 3] EINTR by strace at waits, reads and writes: select" {
	may_trace
	traced select pselect6:error=EINTR:when=2+3 recvfrom:error=EINTR:when=1+4 \
		sendto:error=EINTR:when=1+5 accept4:error=EINTR:when=1+3
}

@test "[row 1] EMFILE by strace at every 5th accept: select-wide" {
	may_trace
	traced select-wide accept4:error=EMFILE:when=2+5
}

@test "[row 3] EINTR by strace at waits, reads and writes: select-wide" {
	may_trace
	traced select-wide pselect6:error=EINTR:when=2+3 recvfrom:error=EINTR:when=1+4 \
		sendto:error=EINTR:when=1+5 accept4:error=EINTR:when=1+3
}

@test "[row 1] EMFILE by strace at every 5th accept: poll" {
	may_trace
	traced poll accept4:error=EMFILE:when=2+5
}

@test "[row 3] EINTR by strace at waits, reads and writes: poll" {
	may_trace
	traced poll poll:error=EINTR:when=2+3 recvfrom:error=EINTR:when=1+4 \
		sendto:error=EINTR:when=1+5 accept4:error=EINTR:when=1+3
}

@test "[row 1] EMFILE by strace at every 5th accept: epoll-lt" {
	may_trace
	traced epoll-lt accept4:error=EMFILE:when=2+5
}

@test "[row 3] EINTR by strace at waits, reads and writes: epoll-lt" {
	may_trace
	traced epoll-lt epoll_wait:error=EINTR:when=2+3 recvfrom:error=EINTR:when=1+4 \
		sendto:error=EINTR:when=1+5 accept4:error=EINTR:when=1+3
}

@test "[row 1] EMFILE by strace at every 5th accept: epoll-et" {
	may_trace
	traced epoll-et accept4:error=EMFILE:when=2+5
}

@test "[row 3] EINTR by strace at waits, reads and writes: epoll-et" {
	may_trace
	traced epoll-et epoll_wait:error=EINTR:when=2+3 recvfrom:error=EINTR:when=1+4 \
		sendto:error=EINTR:when=1+5 accept4:error=EINTR:when=1+3
}

@test "[row 1] EMFILE by strace at every 5th accept: plug-in" {
	may_trace
	traced "$plugin" accept4:error=EMFILE:when=2+5
}

@test "[row 3] EINTR by strace at waits, reads and writes: plug-in" {
	may_trace
	traced "$plugin" pselect6:error=EINTR:when=2+3 recvfrom:error=EINTR:when=1+4 \
		sendto:error=EINTR:when=1+5 accept4:error=EINTR:when=1+3
}

@test "[row 3] EINTR by strace at every 3rd io_uring_enter: io_uring" {
	may_trace
	supported_backends | grep -qx io_uring || skip "io_uring cannot run here"
	for ring in $(supported_backends | grep io_uring); do
		traced "$ring" io_uring_enter:error=EINTR:when=2+3
	done
}

@test "[row 16] EAGAIN and EBUSY by strace at io_uring_enter: io_uring" {
	may_trace
	supported_backends | grep -qx io_uring || skip "io_uring cannot run here"
	for ring in $(supported_backends | grep io_uring); do
		traced "$ring" io_uring_enter:error=EBUSY:when=2+4
		traced "$ring" io_uring_enter:error=EAGAIN:when=2+4
	done
}

# A mapping that fails: the tables at the start, the thread's stack, the ring.
@test "[row 17] ENOMEM by strace at each mmap of a start: every backend" {
	may_trace
	local backend loader
	strace -qq -o "$BATS_TEST_TMPDIR/strace" -e trace=mmap "$BUILD/muxbench-server" --version
	loader=$(wc -l <"$BATS_TEST_TMPDIR/strace") # its own mappings: not ours to bear
	for backend in $(supported_backends) "$plugin"; do
		for n in $(seq $((loader + 1)) $((loader + 60))); do
			status=0
			timeout 20 strace -f -qq -o "$BATS_TEST_TMPDIR/strace" -e trace=mmap \
				-e inject=mmap:error=ENOMEM:when="$n" "$BUILD/muxbench-server" --backend "$backend" \
				--control </dev/null >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err" || status=$?
			grep -q INJECTED "$BATS_TEST_TMPDIR/strace" || break
			echo "$backend: mmap $n: status $status: $(cat "$BATS_TEST_TMPDIR/err")"
			case $status in
			0) grep -q stopped "$BATS_TEST_TMPDIR/out" ;;
			1 | 2 | 5) [ -s "$BATS_TEST_TMPDIR/err" ] ;;
			*) false ;;
			esac
		done
		[ "$n" -gt $((loader + 1)) ]
	done
}

# ---- the controls: a server with one mistake each ----------------------------------------------

# caught MISTAKE RATE FAULTS: the driver fails, and says how to see it again.
caught() {
	local errors="$BATS_TEST_TMPDIR/errors"
	status=0
	MUXBENCH_BROKEN=$1 timeout 60 "$inject/drive" --backend "$inject/broken.so" --streams 40 \
		--patience 3 --rate "$2" --what "$3" 2>"$errors" || status=$?
	echo "$1: status $status: $(cat "$errors")"
	[ "$status" -eq 1 ]
	grep -q '^drive: to see it again: ' "$errors"
}

@test "control: a server without a mistake passes what the others fail" {
	for faults in eintr short aborted spurious; do
		MUXBENCH_BROKEN=none driven 1 --backend "$inject/broken.so" --rate 100 --what $faults
	done
	MUXBENCH_BROKEN=none driven 1 --backend "$inject/broken.so" --rate 20 --what starved
	MUXBENCH_BROKEN=none driven 1 --backend "$inject/broken.so" --rate 5 --what reset
}

@test "control: a mistake with EINTR, short counts, accept, readiness or resets is caught" {
	caught wait-eintr 100 eintr
	caught recv-eintr 100 eintr
	caught short-send 100 short
	caught aborted 300 aborted
	caught starved 20 starved
	caught spurious 300 spurious
	caught reset-kept 5 reset
}

@test "control: a shim that injects nothing is a failure, a fault it does not know too" {
	status=0
	"$inject/drive" --backend poll --what unwatched --streams 3 2>"$BATS_TEST_TMPDIR/errors" || status=$?
	[ "$status" -eq 1 ]
	grep -q "not one 'unwatched' was injected" "$BATS_TEST_TMPDIR/errors"
	status=0
	"$inject/drive" --backend poll --what frogs --streams 3 2>"$BATS_TEST_TMPDIR/errors" || status=$?
	[ "$status" -eq 1 ]
	grep -q "'frogs' is not understood" "$BATS_TEST_TMPDIR/errors"
}
