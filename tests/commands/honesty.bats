#!/usr/bin/env bats
# Whatever goes wrong around muxbench or in its programs: what was measured is kept, what
# went wrong is said, nothing is left running, and nobody gets more rights than they need.
# The rows are those of the faults that the project knows (docs/reference/security.md for
# the rest).
load common

# Two cells, as many blocks as wanted; more options behind.
tiny_run() {
	local out=$1 blocks=$2
	shift 2
	run_split "$BUILD/muxbench" run --backends poll,epoll-lt --idle 0 --blocks "$blocks" --duration 0.02 \
		--counted 0.01 --warmup 0 --seed 11 --quiet --out "$out" "$@"
}

# whole FILE: each line of it is JSON.
whole() {
	/usr/bin/python3 -c '
import json, sys
for line in open(sys.argv[1]):
    assert line.endswith("\n"), "torn"
    json.loads(line)' "$1"
}

# A tmpfs of so much at $disk, in a mount namespace of its own that $inside enters.
make_disk() {
	disk="$BATS_TEST_TMPDIR/disk"
	mkdir "$disk"
	unshare -m sleep 600 3>&- &
	started+=("$!")
	inside=(nsenter -m -t "$!" --)
	for _ in $(seq 50); do
		[ "$(readlink "/proc/$!/ns/mnt")" != "$(readlink /proc/self/ns/mnt)" ] 2>/dev/null && break
		sleep 0.02
	done
	"${inside[@]}" mount -t tmpfs -o "size=$1" none "$disk" 2>/dev/null
}

may_mount() {
	unshare -m true 2>/dev/null
}

# Fills the disk but for so many KiB.
fill_disk() {
	"${inside[@]}" sh -c 'cat /dev/zero >"$1/filler" 2>/dev/null; truncate -s "-$2" "$1/filler"' sh "$disk" "$1"
}

# ---- row 20: writing ------------------------------------------------------------------

@test "[row 20] disk full: the trials that were written are kept, and --resume goes on when there is room" {
	may_mount || skip "needs the right to mount"
	make_disk 64k
	run_split "${inside[@]}" "$BUILD/muxbench" run --backends poll,epoll-lt --idle 0 --blocks 40 --duration 0.02 \
		--counted 0.01 --warmup 0 --no-plots --quiet --out "$disk/out"
	[ "$status" -eq 1 ]
	[ "$(wc -l <<<"$stderr")" -eq 1 ]
	grep -q 'trials.jsonl: No space left on device.*--resume' <<<"$stderr"
	"${inside[@]}" cat "$disk/out/trials.jsonl" >"$BATS_TEST_TMPDIR/kept"
	whole "$BATS_TEST_TMPDIR/kept"
	lines=$(wc -l <"$BATS_TEST_TMPDIR/kept")
	[ "$lines" -ge 4 ]
	[ "$lines" -lt 160 ]
	"${inside[@]}" mount -o remount,size=16m none "$disk"
	run_split "${inside[@]}" "$BUILD/muxbench" run --resume "$disk/out" --no-plots --quiet
	[ "$status" -eq 0 ]
	"${inside[@]}" cat "$disk/out/trials.jsonl" >"$BATS_TEST_TMPDIR/all"
	"${inside[@]}" cat "$disk/out/result.json" >"$BATS_TEST_TMPDIR/result.json"
	# a trial of which only the first line had found room is made again
	head -n $((lines / 2 * 2)) "$BATS_TEST_TMPDIR/kept" | cmp - <(head -n $((lines / 2 * 2)) "$BATS_TEST_TMPDIR/all")
	[ "$(json "$BATS_TEST_TMPDIR/result.json" "len(r['trials'])")" -eq 160 ]
}

@test "[row 20] a limit on the size of files ends a run like a full disk does" {
	# SIGXFSZ would end it without a word
	run_split bash -c 'ulimit -f 24; exec "$@"' bash "$BUILD/muxbench" run --backends poll --idle 0 --blocks 40 \
		--duration 0.02 --counted 0.01 --warmup 0 --no-plots --quiet --out "$BATS_TEST_TMPDIR/out"
	[ "$status" -eq 1 ]
	grep -q 'trials.jsonl: File too large' <<<"$stderr"
	whole "$BATS_TEST_TMPDIR/out/trials.jsonl"
	lines=$(wc -l <"$BATS_TEST_TMPDIR/out/trials.jsonl")
	# a trial of which only the first line had found room is made again
	kept=$(head -n $((lines / 2 * 2)) "$BATS_TEST_TMPDIR/out/trials.jsonl")
	run_split "$BUILD/muxbench" run --resume "$BATS_TEST_TMPDIR/out" --no-plots --quiet
	[ "$status" -eq 0 ]
	[ "$(head -c ${#kept} "$BATS_TEST_TMPDIR/out/trials.jsonl")" = "$kept" ]
}

@test "[row 20] disk full: result.json, report, exports and pictures keep their old content" {
	may_mount || skip "needs the right to mount"
	tiny_run "$BATS_TEST_TMPDIR/out" 2
	[ "$status" -eq 0 ]
	make_disk 8m
	"${inside[@]}" cp -r "$BATS_TEST_TMPDIR/out" "$disk/out"
	"${inside[@]}" "$BUILD/muxbench" report "$disk/out"
	"${inside[@]}" "$BUILD/muxbench" export "$disk/out" --format csv -o "$disk/all.csv"
	"${inside[@]}" "$BUILD/muxbench" counts --backends poll --requests 5 --batch 2 --format json -o "$disk/counts.json"
	sums() { "${inside[@]}" sh -c 'cd "$1" && find . -type f ! -name filler ! -name sessions.jsonl | sort | xargs sha256sum; find . -name "*.tmp" -o -name ".drawing*"' sh "$disk"; }
	before=$(sums)
	fill_disk 0
	for command in "report $disk/out" "export $disk/out --format csv -o $disk/all.csv" \
		"export $disk/out --format json -o $disk/new.json" "run --quiet --resume $disk/out" \
		"counts --backends poll --requests 5 --batch 2 --format json -o $disk/counts.json" \
		"waitcost --backends poll --descriptors 10 --ready 1 --blocks 1 --quiet --out $disk/waitcost"; do
		# shellcheck disable=SC2086 # words, on purpose
		run_split "${inside[@]}" "$BUILD/muxbench" $command
		[ "$status" -eq 1 ]
		grep -q 'No space left on device' <<<"$stderr"
		[ "$(sums)" = "$before" ]
	done
	# and with room for ever more of it: at some point for all but a picture
	half_drawn=0
	for room in 16K 32K 48K 64K 80K 96K; do
		fill_disk "$room"
		run_split "${inside[@]}" "$BUILD/muxbench" run --quiet --resume "$disk/out"
		[ "$status" -eq 0 ] || [ "$status" -eq 1 ]
		[ "$status" -eq 0 ] || grep -q 'No space left\|disk full' <<<"$stderr"
		! grep -q 'left no whole picture' <<<"$stderr" || half_drawn=1
		"${inside[@]}" sh -c 'cd "$1" && for f in *.svg; do tail -c 16 "$f" | grep -q "</svg>" || exit 1; done
			for f in *.png; do tail -c 8 "$f" | grep -q IEND || exit 1; done' sh "$disk/out/plots"
		[ -z "$("${inside[@]}" find "$disk" -name '*.tmp' -o -name '.drawing*')" ]
	done
	[ "$half_drawn" -eq 1 ]
	"${inside[@]}" rm "$disk/filler"
	run_split "${inside[@]}" "$BUILD/muxbench" run --quiet --resume "$disk/out"
	[ "$status" -eq 0 ]
}

@test "[row 20] a folder that is read-only, belongs to another, or is a file: a line and 1" {
	: >"$BATS_TEST_TMPDIR/file"
	refused 1 'Not a directory' "$BUILD/muxbench" run --idle 0 --out "$BATS_TEST_TMPDIR/file"
	refused 1 'Not a directory' "$BUILD/muxbench" run --idle 0 --out "$BATS_TEST_TMPDIR/file/below"
	refused 1 'Not a directory' "$BUILD/muxbench" waitcost --out "$BATS_TEST_TMPDIR/file"
	[ ! -s "$BATS_TEST_TMPDIR/file" ]
	tiny_run "$BATS_TEST_TMPDIR/out" 1 --no-plots
	[ "$status" -eq 0 ]
	before=$(sha256sum "$BATS_TEST_TMPDIR"/out/*)
	[ "$(id -u)" -eq 0 ] || skip "the rest needs root"
	nobody=(setpriv --reuid 65534 --regid 65534 --clear-groups)
	chmod 755 "$BATS_TEST_TMPDIR"
	open_path "$BATS_TEST_TMPDIR"
	refused 1 'Permission denied' "${nobody[@]}" "$BUILD/muxbench" run --idle 0 --out "$BATS_TEST_TMPDIR/out"/new
	refused 1 'Permission denied' "${nobody[@]}" "$BUILD/muxbench" run --quiet --resume "$BATS_TEST_TMPDIR/out"
	refused 1 'Permission denied' "${nobody[@]}" "$BUILD/muxbench" report "$BATS_TEST_TMPDIR/out"
	refused 1 'Permission denied' "${nobody[@]}" "$BUILD/muxbench" export "$BATS_TEST_TMPDIR/out" --format csv \
		-o "$BATS_TEST_TMPDIR/out/new.csv"
	[ "$(sha256sum "$BATS_TEST_TMPDIR"/out/*)" = "$before" ]
	may_mount || skip "the rest needs the right to mount"
	make_disk 8m
	"${inside[@]}" cp -r "$BATS_TEST_TMPDIR/out" "$disk/out"
	"${inside[@]}" mount -o remount,ro none "$disk"
	refused 1 'Read-only file system' "${inside[@]}" "$BUILD/muxbench" run --idle 0 --out "$disk/new"
	refused 1 'Read-only file system' "${inside[@]}" "$BUILD/muxbench" run --quiet --resume "$disk/out"
	refused 1 'Read-only file system' "${inside[@]}" "$BUILD/muxbench" report "$disk/out"
}

# Lets other users reach a folder of the test.
open_path() {
	local path=$1
	while [ "$path" != / ] && [ "$path" != /tmp ]; do
		[ -O "$path" ] && chmod o+x "$path"
		path=$(dirname "$path")
	done
}

@test "[row 20] the folder is removed in the middle: it is said at once, not after the last trial" {
	"$BUILD/muxbench" run --backends poll --idle 0 --blocks 500 --duration 0.02 --counted 0.01 --warmup 0 \
		--no-plots --quiet --out "$BATS_TEST_TMPDIR/out" >/dev/null 2>"$BATS_TEST_TMPDIR/errors" 3>&- &
	pid=$!
	started+=("$pid")
	for _ in $(seq 200); do
		[ -s "$BATS_TEST_TMPDIR/out/trials.jsonl" ] && break
		sleep 0.05
	done
	rm -r "$BATS_TEST_TMPDIR/out"
	for _ in $(seq 100); do
		kill -0 "$pid" 2>/dev/null || break
		sleep 0.05
	done
	! kill -0 "$pid" 2>/dev/null
	wait_status "$pid"
	[ "$status" -eq 1 ]
	[ "$(wc -l <"$BATS_TEST_TMPDIR/errors")" -eq 1 ]
	grep -q 'out/trials.jsonl was removed during the run' "$BATS_TEST_TMPDIR/errors"
}

@test "[row 20] killed 50 times while it writes: result.json is the old or the new one, never torn" {
	out="$BATS_TEST_TMPDIR/out"
	tiny_run "$out" 8 --no-plots
	[ "$status" -eq 0 ]
	# each resumption of a finished run writes result.json anew, with a session more
	/usr/bin/python3 - "$BUILD/muxbench" "$out" <<-'PYTHON'
		import json, os, random, subprocess, sys, time
		program, out = sys.argv[1:]
		command = [program, "run", "--quiet", "--no-plots", "--resume", out]
		dice, torn, left, renewed = random.Random(4), 0, 0, 0
		sessions = lambda: len(json.load(open(f"{out}/result.json"))["run"]["sessions"])
		def start():
		    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
		begin = time.monotonic()
		assert start().wait() == 0
		usual = time.monotonic() - begin
		trials = open(f"{out}/trials.jsonl", "rb").read()
		for number in range(50):
		    before = sessions()
		    process = start()
		    # half of them as soon as the new file is there, under its other name
		    if number % 2:
		        until = time.monotonic() + 2
		        while time.monotonic() < until and process.poll() is None and not any(
		                n.startswith(".result.json.") for n in os.listdir(out)):
		            pass
		        left += any(n.startswith(".result.json.") for n in os.listdir(out))
		    else:
		        time.sleep(dice.uniform(0, usual))
		    process.kill()
		    process.wait()
		    try:
		        renewed += sessions() > before
		    except ValueError:
		        torn += 1
		    assert open(f"{out}/trials.jsonl", "rb").read() == trials
		assert torn == 0, torn
		assert left >= 5, left # kills that met it in the act
		print(f"# {left} in the act, {renewed} just behind it", file=sys.stderr)
		assert start().wait() == 0
		assert not [n for n in os.listdir(out) if n.endswith(".tmp")], os.listdir(out)
	PYTHON
}

@test "[row 20] every file is put whole or appended a line at a time" {
	# The only places that open a file of a result for writing: the store, and for what is
	# no plain file (a pipe, a terminal) the one that writes through.
	[ "$(grep -E 'O_WRONLY|O_RDWR|fopen\([^)]*"[wa]' -r harness --include=*.c | grep -v '"/dev/null"' |
		cut -d: -f1 | sort -u | tr '\n' ' ')" = \
		"harness/report/report.c harness/store.c " ]
	# and it does so in that order: temporary name, contents on the disk, rename, folder on the disk
	command -v strace >/dev/null || skip "needs strace"
	tiny_run "$BATS_TEST_TMPDIR/out" 1 --no-plots
	ASAN_OPTIONS=detect_leaks=0 strace -qq -e trace=openat,fsync,fdatasync,rename,renameat,renameat2,write -o "$BATS_TEST_TMPDIR/trace" \
		"$BUILD/muxbench" run --quiet --no-plots --resume "$BATS_TEST_TMPDIR/out" >/dev/null
	sed -n '/"\.result\.json/,$p' "$BATS_TEST_TMPDIR/trace" |
		grep -o 'openat([0-9]*, ".result.json[^"]*", O_WRONLY|O_CREAT|O_EXCL\|fsync\|fdatasync\|rename[a-z0-9]*([^)]*"result.json")' |
		sed 's/(.*//' | head -n 4 | tr '\n' ' ' >"$BATS_TEST_TMPDIR/order"
	[ "$(cat "$BATS_TEST_TMPDIR/order")" = "openat fsync renameat fsync " ]
}

@test "[row 20] killed before anything was written, and with a torn session: the run goes on" {
	out="$BATS_TEST_TMPDIR/out"
	mkdir "$out"
	: >"$out/trials.jsonl" # all there is between making it and writing the plan
	tiny_run "$out" 1 --no-plots
	[ "$status" -eq 0 ]
	printf '{"started":"2026-' >>"$out/sessions.jsonl"
	run_split "$BUILD/muxbench" run --quiet --no-plots --resume "$out"
	[ "$status" -eq 0 ]
	run_split "$BUILD/muxbench" run --quiet --no-plots --resume "$out"
	[ "$status" -eq 0 ]
	[ "$(json "$out/result.json" "len(r['run']['sessions'])")" -eq 3 ]
}

# ---- row 19: programs that die, hang and lie --------------------------------------------

meddled() {
	run_split /usr/bin/python3 tests/servers/meddle_check.py "$@"
	echo "$stdout $stderr" >&2
	[ "$status" -eq 0 ]
}

@test "[row 19] a server that ends too early, in each phase, is named with how it ended" {
	meddled server-ends
}

@test "[row 19] a load that ends too early, in each phase, is named with how it ended" {
	meddled load-ends
}

@test "[row 19] garbage and endless lines on a control pipe" {
	meddled broken-lines
}

@test "[row 19] programs that hang or fall silent, in each phase: there is a limit" {
	meddled silences
}

@test "[row 19] lies: what does not add up is invalid, what is no answer has failed" {
	meddled lies
}

# A folder with muxbench and a meddler in the place of one program.
meddle() {
	bin="$BATS_TEST_TMPDIR/bin"
	mkdir -p "$bin"
	cp "$BUILD/muxbench" "$bin"
	cp tests/servers/meddler.py "$bin/muxbench-server"
	cp tests/servers/meddler.py "$bin/muxbench-load"
	export MEDDLE="$1" MEDDLE_REAL="$BUILD" MEDDLE_ONCE="$2" MEDDLE_LEAVE="$fixtures/preload_leave.so"
	export ASAN_OPTIONS=handle_segv=0:verify_asan_link_order=0:detect_leaks=0 TSAN_OPTIONS=handle_segv=0
}

@test "[row 19] more than a tenth of the trials invalid is 3, a tenth is not" {
	meddle "muxbench-server last counters.bytes_tx+64" ""
	run_split "$bin/muxbench" run --backends poll --idle 0 --blocks 3 --duration 0.02 --counted 0.01 --warmup 0 \
		--no-plots --quiet --out "$BATS_TEST_TMPDIR/all"
	[ "$status" -eq 3 ]
	grep -q '3 of 3 measured trials are invalid' <<<"$stderr"
	meddle "muxbench-server last counters.bytes_tx+64" "$BATS_TEST_TMPDIR/once"
	run_split "$bin/muxbench" run --backends poll --idle 0 --blocks 10 --duration 0.02 --counted 0.01 --warmup 0 \
		--no-plots --quiet --out "$BATS_TEST_TMPDIR/one"
	[ "$status" -eq 0 ]
	[ "$(json "$BATS_TEST_TMPDIR/one/result.json" "sum(t['status'] == 'invalid' for t in r['trials'])")" -eq 1 ]
}

@test "[row 19] a trial that failed is made again by --resume, and its record is kept apart" {
	meddle "muxbench-server window segv" "$BATS_TEST_TMPDIR/once"
	out="$BATS_TEST_TMPDIR/out"
	run_split "$bin/muxbench" run --backends poll,epoll-lt --idle 0 --blocks 3 --duration 0.1 --counted 0.01 \
		--warmup 0 --no-plots --quiet --out "$out"
	[ "$status" -eq 1 ]
	[ "$(wc -l <"$out/trials.jsonl")" -eq 12 ]
	grep -v '"failed"' "$out/trials.jsonl" >"$BATS_TEST_TMPDIR/kept"
	run_split "$bin/muxbench" run --no-plots --resume "$out"
	[ "$status" -eq 0 ]
	grep -q '1 trial had failed and is made again' <<<"$stderr"
	head -n "$(wc -l <"$BATS_TEST_TMPDIR/kept")" "$out/trials.jsonl" | cmp - "$BATS_TEST_TMPDIR/kept"
	[ "$(grep -c 'killed by signal 11' "$out/failed.jsonl")" -ge 1 ]
	[ "$(json "$out/result.json" "(len(r['trials']), {t['status'] for t in r['trials']},
		[s.get('trials_failed') for s in r['run']['sessions']])")" = "(12, {'ok'}, [0, 1])" ]
}

@test "[row 19] counts and waitcost name a program that ended too early, or hangs" {
	meddle "muxbench-server list segv" ""
	refused 5 'muxbench-server --list --json ended in the middle: killed by signal 11' "$bin/muxbench" counts
	refused 5 'ended in the middle: killed by signal 11' "$bin/muxbench" run --out "$BATS_TEST_TMPDIR/out"
	meddle "muxbench-server start exit1" ""
	refused 1 'muxbench-server ended in the middle: exit status 1' "$bin/muxbench" counts --backends poll
	refused 5 'muxbench-server ended in the middle: exit status 1' "$bin/muxbench" run --backends poll \
		--require poll --out "$BATS_TEST_TMPDIR/out"
	meddle "muxbench-load window segv" ""
	refused 1 'muxbench-load ended in the middle: killed by signal 11' "$bin/muxbench" counts --backends poll \
		--requests 10000
	meddle "muxbench-server waitcost exit1" ""
	run_split "$bin/muxbench" waitcost --backends poll --descriptors 10 --ready 1 --blocks 1 --quiet
	[ "$status" -eq 1 ]
	grep -q 'muxbench-server ended in the middle: exit status 1' <<<"$stderr"
	meddle "muxbench-server waitcost garbage" ""
	run_split "$bin/muxbench" waitcost --backends poll --descriptors 10 --ready 1 --blocks 1 --quiet
	[ "$status" -eq 1 ]
	grep -q 'muxbench-server: not a line with one JSON object' <<<"$stderr"
}

@test "[row 19] kill -9 of the harness ends a server that does not listen, too" {
	meddle "muxbench-server window mute" "$BATS_TEST_TMPDIR/once"
	"$bin/muxbench" run --backends poll --idle 0 --blocks 1 --duration 5 --no-plots --quiet \
		--out "$BATS_TEST_TMPDIR/out" >/dev/null 2>&1 3>&- &
	pid=$!
	started+=("$pid")
	for _ in $(seq 200); do
		[ -e "$BATS_TEST_TMPDIR/once" ] && break
		sleep 0.05
	done
	[ -e "$BATS_TEST_TMPDIR/once" ]
	server=$(pgrep -P "$pid" -f "^$BUILD/muxbench-server")
	kill -KILL "$pid"
	wait_status "$pid"
	[ "$status" -eq 137 ]
	# gone, or dead and waiting for whoever has inherited it
	state() { sed 's/.*) //; s/ .*//' "/proc/$server/stat" 2>/dev/null || echo gone; }
	for _ in $(seq 20); do
		case $(state) in gone | Z | X) break ;; esac
		sleep 0.05
	done
	case $(state) in gone | Z | X) ;; *) return 1 ;; esac
}

@test "[row 19] kill -9 at random moments, over server, load and harness" {
	run_split tests/long/random_kills --build "$BUILD" --kills 6
	echo "$stdout $stderr" >&2
	[ "$status" -eq 0 ]
	[ "$(tail -n 1 <<<"$stdout")" = "6 kills: 6 named, 0 corrupt, 0 left, 6 resumed" ]
}

# ---- surroundings -----------------------------------------------------------------------

@test "[row 20] the clock of the day jumps by hours, both ways: no measurement changes" {
	out="$BATS_TEST_TMPDIR/out"
	run_split env LD_PRELOAD="$fixtures/preload_clock_steps.so" ASAN_OPTIONS=verify_asan_link_order=0 \
		"$BUILD/muxbench" run --backends poll,epoll-lt --idle 5 --blocks 2 --duration 0.05 --warmup 0.01 \
		--counted 0.02 --no-plots --out "$out"
	[ "$status" -eq 0 ]
	[ "$(json "$out/result.json" "({t['status'] for t in r['trials']},
		all(t['measured_ns'] < 5e9 for t in r['trials']),
		all(t['measured_ns'] >= 5e7 for t in r['trials'] if t['role'] == 'timed'),
		all(t['latency']['service']['max_ns'] < 5e9 for t in r['trials'] if t['role'] == 'timed'))")" = "({'ok'}, True, True, True)" ]
	run_split env LD_PRELOAD="$fixtures/preload_clock_steps.so" ASAN_OPTIONS=verify_asan_link_order=0 \
		"$BUILD/muxbench" waitcost --backends poll --descriptors 10 --ready 1 --blocks 1 --quiet --format json
	[ "$status" -eq 0 ]
}

@test "[row 20] stdout that is closed, full or gone: the result is written, the status is not 0" {
	out="$BATS_TEST_TMPDIR/out"
	run_split bash -c '"$@" >&-' bash "$BUILD/muxbench" run --backends poll --idle 0 --blocks 1 --duration 0.02 \
		--no-plots --quiet --out "$out.closed"
	[ "$status" -eq 0 ] # closed at the start: nobody wants to know
	[ -s "$out.closed/result.json" ]
	refused 1 'cannot write to stdout' bash -c '"$@" >/dev/full' bash "$BUILD/muxbench" run --backends poll --idle 0 \
		--blocks 1 --duration 0.02 --no-plots --quiet --out "$out.full"
	[ -s "$out.full/result.json" ]
	refused 1 'cannot write' bash -c '"$@" >/dev/full' bash "$BUILD/muxbench" counts --backends poll --requests 5 \
		--batch 2 --format json
	! grep -q 'allocate memory' <<<"$stderr"
	refused 1 'cannot write' bash -c '"$@" >/dev/full' bash "$BUILD/muxbench" export "$out.full" --format csv
	refused 1 'cannot write' bash -c '"$@" >/dev/full' bash "$BUILD/muxbench" report "$out.full" --format text
	refused 1 'cannot write to stdout' bash -c '"$@" >/dev/full' bash "$BUILD/muxbench" waitcost --backends poll \
		--descriptors 10 --ready 1 --blocks 1 --quiet --format json
	# a reader that leaves after a line
	status=0
	"$BUILD/muxbench" run --backends poll --idle 0 --blocks 1 --duration 0.02 --no-plots --quiet \
		--out "$out.head" 2>"$BATS_TEST_TMPDIR/errors" | true || status=$?
	for _ in $(seq 100); do [ -s "$out.head/result.json" ] && break; sleep 0.05; done
	[ "$(json "$out.head/result.json" "r['run']['interrupted']")" = False ]
}

@test "[row 20] a pipe that nobody empties holds up the table, never a measurement" {
	mkfifo "$BATS_TEST_TMPDIR/pipe"
	/usr/bin/python3 - "$BATS_TEST_TMPDIR/pipe" "$BUILD/muxbench" "$BATS_TEST_TMPDIR/out" <<-'PYTHON'
		import fcntl, json, os, subprocess, sys, time
		pipe, program, out = sys.argv[1:]
		reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
		writer = os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
		fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 4096)
		try:
		    while os.write(writer, b"x" * 4096):
		        pass
		except BlockingIOError:
		    pass
		fcntl.fcntl(writer, fcntl.F_SETFL, 0)
		process = subprocess.Popen([program, "run", "--backends", "poll", "--idle", "0", "--blocks", "1",
		    "--duration", "0.02", "--no-plots", "--quiet", "--out", out], stdout=writer)
		until = time.monotonic() + 30
		while not os.path.exists(f"{out}/result.json") and time.monotonic() < until:
		    time.sleep(0.02)
		json.load(open(f"{out}/result.json"))
		assert process.poll() is None # it waits for the pipe, and nothing else runs
		children = open(f"/proc/{process.pid}/task/{process.pid}/children").read()
		assert children == "", children
		os.close(writer)
		fcntl.fcntl(reader, fcntl.F_SETFL, 0)
		while os.read(reader, 4096):
		    pass
		assert process.wait(10) == 0
	PYTHON
}

@test "[row 20] descriptors 0 to 2 closed at the start, no HOME, no TMPDIR, other languages: all the same" {
	out="$BATS_TEST_TMPDIR/out"
	for closed in '<&-' '>&-' '2>&-' '<&- >&- 2>&-'; do
		rm -rf "$out"
		run_split bash -c '"$@" '"$closed" bash "$BUILD/muxbench" run --backends poll --idle 3 --blocks 1 \
			--duration 0.02 --no-plots --quiet --out "$out"
		[ "$status" -eq 0 ]
		whole "$out/trials.jsonl"
		[ "$(json "$out/result.json" "{t['status'] for t in r['trials']}")" = "{'ok'}" ]
	done
	locales="$BATS_TEST_TMPDIR/locales"
	mkdir "$locales"
	for language in de_DE tr_TR; do
		localedef -i "$language" -f UTF-8 "$locales/$language.UTF-8" 2>/dev/null || true
		# decimal commas, where the language could be made
		[ ! -d "$locales/$language.UTF-8" ] ||
			[ "$(LOCPATH="$locales" LC_ALL="$language.UTF-8" locale decimal_point)" = , ]
		rm -rf "$out"
		run_split env -u HOME TMPDIR=/nowhere LOCPATH="$locales" LC_ALL="$language.UTF-8" LANG="$language.UTF-8" \
			"$BUILD/muxbench" run --backends poll,epoll-lt --idle 0,3 --blocks 1 --duration 0.02 --quiet --out "$out"
		[ "$status" -eq 0 ]
		[ -z "$stderr" ]
		[ -s "$out/plots/cost-against-idle.png" ]
		grep -qE ',[0-9]+\.[0-9]+,' "$out/plots/cost-against-idle.csv"
		run_split env LOCPATH="$locales" LC_ALL="$language.UTF-8" "$BUILD/muxbench" run --duration 0,5
		[ "$status" -eq 2 ]
	done
}

@test "[row 20] too little memory for the tables of so many descriptors says what to do" {
	[ -z "$(nm -D "$BUILD/muxbench-server" | grep -m1 -E '__[at]san_')" ] || skip "sanitizers need much more"
	refused 1 'ulimit -n' bash -c 'ulimit -v 400000; exec "$@"' bash "$BUILD/muxbench-server" --backend epoll-lt
	run_split bash -c 'ulimit -v 400000; exec "$@"' bash "$BUILD/muxbench" run --backends epoll-lt --idle 0 \
		--blocks 1 --duration 0.02 --no-plots --quiet --out "$BATS_TEST_TMPDIR/out"
	[ "$status" -eq 1 ]
	grep -q 'lower their number (ulimit -n)' <<<"$stderr"
}
