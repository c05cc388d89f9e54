#!/usr/bin/env bats
# Who is trusted with what: docs/reference/security.md, sentence by sentence.
load common

programs=(muxbench muxbench-server muxbench-load)
product=(common server backends loadgen harness)

sanitized() {
	nm -D "$BUILD/muxbench" | grep -qE '__[atu]b?san_'
}

# ---- how it is built --------------------------------------------------------------------

@test "security: the programs are PIE with full RELRO, no executable stack, canaries, fortified calls" {
	for program in "${programs[@]}"; do
		elf="$BUILD/$program"
		readelf -hW "$elf" | grep -qE 'Type: +DYN'
		readelf -dW "$elf" | grep -qE 'FLAGS_1.*NOW.*PIE'
		readelf -lW "$elf" | grep -q GNU_RELRO
		readelf -lW "$elf" | grep -E 'GNU_STACK' | grep -qv 'RWE'
		sanitized || [ "$(readelf --dyn-syms -W "$elf" | grep -c '__stack_chk_fail')" -ge 1 ]
		sanitized || [ "$(readelf --dyn-syms -W "$elf" | grep -cE '__[a-z]+_chk@')" -ge 2 ]
	done
	readelf -dW "$BUILD/select_wide.so" | grep -qE 'FLAGS_1.*NOW'
	readelf -lW "$BUILD/select_wide.so" | grep -q GNU_RELRO
}

@test "security: other settings build all of it again, the same ones nothing; clean takes BUILD" {
	folder="$BATS_TEST_TMPDIR/build"
	quietly=(env -u MAKEFLAGS -u CFLAGS -u SAN make --no-print-directory "BUILD=$folder")
	"${quietly[@]}" -s "$folder/common/cpu.o" CC=gcc
	run_split "${quietly[@]}" -n "$folder/common/cpu.o" CC=gcc
	! grep -q -- '-c common/cpu.c' <<<"$stdout"
	run_split "${quietly[@]}" -n "$folder/common/cpu.o" CC=gcc CFLAGS=-O1
	grep -q -- '-O1.* -c common/cpu.c' <<<"$stdout"
	# not optimised: nothing to fortify, and a compiler that would warn
	run_split "${quietly[@]}" -s "$folder/common/cpu.o" CC=gcc CFLAGS=-O0
	[ "$status" -eq 0 ]
	[ -z "$stderr" ]
	! grep -q FORTIFY "$folder/hardening.mk"
	run_split "${quietly[@]}" -s "$folder/common/cpu.o" CC=gcc CFLAGS=-O2 SAN=address
	! grep -q FORTIFY "$folder/hardening.mk"
	if command -v clang >/dev/null; then
		"${quietly[@]}" -s "$folder/common/cpu.o" CC=clang
		readelf -p .comment "$folder/common/cpu.o" | grep -q clang
		grep -q -- '-D_FORTIFY_SOURCE=[23].*-fstack-protector-strong' "$folder/hardening.mk"
	fi
	"${quietly[@]}" -s clean
	[ ! -e "$folder" ]
	# but never a folder that it did not make, or one that the project lies in
	mkdir "$folder"
	: >"$folder/precious"
	"${quietly[@]}" -s clean
	[ -e "$folder/precious" ]
}

@test "security: no shell is ever started, and only the server opens plug-ins" {
	! grep -rnE '\b(system|popen|wordexp|posix_spawnp?|execlp?|execle)[[:space:]]*\(|/bin/(ba)?sh' "${product[@]}"
	for program in "${programs[@]}"; do
		! nm -D --undefined-only "$BUILD/$program" | grep -E ' (system|popen|wordexp)(@|$)' || sanitized
	done
	! grep -rn 'dlopen\|dlmopen' common loadgen harness
	for program in muxbench muxbench-load; do
		! nm -D --undefined-only "$BUILD/$program" | grep -E ' dlm?open(@|$)' || sanitized
	done
}

@test "security: a plug-in is mapped into its server, never into the harness or the load" {
	cp "$BUILD/select_wide.so" "$BATS_TEST_TMPDIR/stranger.so"
	/usr/bin/python3 - "$BUILD/muxbench" "$BATS_TEST_TMPDIR/stranger.so" "$BATS_TEST_TMPDIR/out" <<-'PYTHON'
		import os, subprocess, sys
		program, plugin, out = sys.argv[1:]
		process = subprocess.Popen([program, "run", "--backends", f"poll,{plugin}", "--require", plugin, "--idle", "5",
		    "--blocks", "3", "--duration", "0.1", "--no-plots", "--quiet", "--out", out], stdout=subprocess.DEVNULL)
		mapped, looks = {}, 0
		while process.poll() is None:
		    looks += 1
		    children = open(f"/proc/{process.pid}/task/{process.pid}/children").read().split()
		    for pid in [str(process.pid)] + children:
		        try:
		            name = os.path.basename(os.readlink(f"/proc/{pid}/exe"))
		            there = plugin in open(f"/proc/{pid}/maps").read()
		        except OSError:
		            continue
		        # between fork and exec a child is still a copy of the harness
		        mapped[name] = mapped.get(name, False) or there
		assert process.returncode == 0, process.returncode
		assert looks > 50, looks
		assert {name for name, there in mapped.items() if there} == {"muxbench-server"}, mapped
		assert {"muxbench", "muxbench-load"} <= mapped.keys(), mapped # they were looked at
	PYTHON
}

@test "security: names from outside are no commands of gnuplot" {
	plugin="$BATS_TEST_TMPDIR/a'; system('touch pwned'); b='.so"
	out="$BATS_TEST_TMPDIR/out'; system('touch pwned'); x='"
	cp "$BUILD/select_wide.so" "$plugin"
	run_split "$BUILD/muxbench" run --backends "poll,$plugin" --idle 0,5 --blocks 1 --duration 0.02 --quiet --out "$out"
	[ "$status" -eq 0 ]
	[ -s "$out/plots/cost-against-idle.svg" ]
	run_split "$BUILD/muxbench" waitcost --backends "poll,$plugin" --descriptors 10,100 --ready 1 --blocks 1 --quiet \
		--out "$out/waitcost"
	[ "$status" -eq 0 ]
	[ -z "$(find . "$BATS_TEST_TMPDIR" -name pwned)" ]
}

# ---- what others can reach --------------------------------------------------------------

@test "security: loopback unless told otherwise, and then a warning" {
	for address in 127.0.0.1 127.8.9.10 ::1 ::ffff:127.0.0.1 0.0.0.0 ::; do
		: >"$BATS_TEST_TMPDIR/listening"
		"$BUILD/muxbench-server" --backend poll --listen "$address" >"$BATS_TEST_TMPDIR/listening" \
			2>"$BATS_TEST_TMPDIR/warning" 3>&- &
		pid=$!
		started+=("$pid")
		for _ in $(seq 100); do
			grep -q listening "$BATS_TEST_TMPDIR/listening" && break
			sleep 0.02
		done
		kill "$pid"
		wait_status "$pid"
		[ "$status" -eq 0 ]
		case $address in
		0.0.0.0 | ::) grep -q 'can be reached from other machines' "$BATS_TEST_TMPDIR/warning" ;;
		*) [ ! -s "$BATS_TEST_TMPDIR/warning" ] ;;
		esac
	done
	start_server --backend poll
	[ "$(ss -Htlnp "sport = :$port" 2>/dev/null | awk '{print $4}')" = "127.0.0.1:$port" ] ||
		! command -v ss >/dev/null
}

@test "security: a child has its three pipes and no other descriptor, no privilege, no way to one" {
	bin="$BATS_TEST_TMPDIR/bin"
	mkdir "$bin"
	cp "$BUILD/muxbench" "$bin"
	ln -s "$PWD/plots" "$BATS_TEST_TMPDIR/plots" # where it looks for its scripts
	for program in muxbench-server muxbench-load gnuplot; do
		cat >"$bin/$program" <<-PYTHON
			#!/usr/bin/python3
			import os, sys
			fds = [fd for fd in os.listdir("/proc/self/fd") if os.path.exists(f"/proc/self/fd/{fd}")]
			kinds = [os.readlink(f"/proc/self/fd/{fd}").split(":")[0] for fd in "012"]
			status = dict(line.rstrip("\n").split(":\t", 1) for line in open("/proc/self/status"))
			with open("$BATS_TEST_TMPDIR/seen.$program", "a") as seen:
			    print(sorted(fds), kinds, status["NoNewPrivs"], status["SigBlk"], file=seen)
			real = "/usr/bin/gnuplot" if "$program" == "gnuplot" else "$BUILD/$program"
			os.execv(real, [real] + sys.argv[1:])
		PYTHON
		chmod +x "$bin/$program"
	done
	status=0
	env PATH="$bin:$PATH" "$bin/muxbench" run --backends poll --idle 3 --blocks 1 --duration 0.02 --quiet \
		--out "$BATS_TEST_TMPDIR/out" >/dev/null 7</dev/null 12>"$BATS_TEST_TMPDIR/inherited" || status=$?
	[ "$status" -eq 0 ]
	for program in muxbench-server muxbench-load gnuplot; do
		cat "$BATS_TEST_TMPDIR/seen.$program" >&2
		[ "$(sort -u "$BATS_TEST_TMPDIR/seen.$program")" = \
			"['0', '1', '2'] ['pipe', 'pipe', 'pipe'] 1 0000000000000000" ]
	done
}

# ---- sudo ---------------------------------------------------------------------------------

# What sudo sets; uid and gid 65534 are nobody's.
as_sudo=(setpriv --groups 0,27 env SUDO_UID=65534 SUDO_GID=65534 SUDO_USER=nobody)

need_root() {
	[ "$(id -u)" -eq 0 ] || skip "needs root"
	setpriv --reuid 65534 --regid 65534 --clear-groups "$BUILD/muxbench-server" --list >/dev/null 2>&1 ||
		skip "nobody cannot reach the build"
	local path=$BATS_TEST_TMPDIR
	while [ "$path" != / ] && [ "$path" != /tmp ]; do
		chmod o+x "$path"
		path=$(dirname "$path")
	done
	shared="$BATS_TEST_TMPDIR/shared"
	mkdir -m 777 "$shared"
}

@test "security: through sudo it counts in the kernel, but is the user, and so are its files" {
	need_root
	"$BUILD/muxbench" counts --backends poll --requests 5 --batch 2 --method perf >/dev/null 2>&1 ||
		skip "perf is not to be had here"
	/usr/bin/python3 - "$BUILD/muxbench" "$shared/out" "${as_sudo[@]}" <<-'PYTHON'
		import json, os, subprocess, sys
		program, out, *sudo = sys.argv[1:]
		process = subprocess.Popen(sudo + [program, "run", "--backends", "poll", "--idle", "5", "--blocks", "3",
		    "--duration", "0.1", "--quiet", "--out", out], stdout=subprocess.DEVNULL)
		PERFMON = 1 << 38
		seen = {"muxbench": 0, "muxbench-server": 0, "muxbench-load": 0, "gnuplot": 0}
		def look(pid):
		    try:
		        # the name first: before exec a child still is a copy of the harness
		        name = os.path.basename(open(f"/proc/{pid}/cmdline").read().split("\0")[0])
		        status = dict(line.rstrip("\n").split(":\t", 1) for line in open(f"/proc/{pid}/status"))
		    except (OSError, ValueError):
		        return
		    if name not in seen or (pid != process.pid and name == "muxbench"):
		        return
		    seen[name] += 1
		    assert set(status["Uid"].split()) == {"65534"}, (name, status["Uid"])
		    assert set(status["Gid"].split()) == {"65534"}, (name, status["Gid"])
		    assert not {"0", "27"} & set(status["Groups"].split()), (name, status["Groups"])
		    allowed = PERFMON if name == "muxbench" else 0
		    for kind in ("CapPrm", "CapEff"):
		        assert int(status[kind], 16) == allowed, (name, kind, status[kind])
		    for kind in ("CapInh", "CapAmb"):
		        assert int(status[kind], 16) == 0, (name, kind, status[kind])
		    assert status["NoNewPrivs"] == ("0" if name == "muxbench" else "1"), name
		while process.poll() is None:
		    children = open(f"/proc/{process.pid}/task/{process.pid}/children").read().split()
		    if children and os.path.exists(f"{out}/trials.jsonl"): # behind all its preparations
		        for pid in [process.pid] + children:
		            look(pid)
		assert process.returncode == 0, process.returncode
		assert all(count > 0 for count in seen.values()), seen
		result = json.load(open(f"{out}/result.json"))
		counted = [t for t in result["trials"] if t["role"] == "counted"]
		assert len(counted) == 3 and all(
		    t["status"] == "ok" and t["syscalls_total"] == sum(t["calls"].values()) for t in counted), counted
		for folder, _, files in os.walk(out):
		    for path in [folder] + [os.path.join(folder, name) for name in files]:
		        owner = os.lstat(path)
		        assert (owner.st_uid, owner.st_gid) == (65534, 65534), (path, owner)
	PYTHON
	run_split "${as_sudo[@]}" "$BUILD/muxbench" counts --backends poll --requests 5 --batch 2 --method perf
	[ "$status" -eq 0 ]
	run_split "${as_sudo[@]}" "$BUILD/muxbench" counts --backends poll --requests 5 --batch 2 --method ptrace
	[ "$status" -eq 0 ]
}

@test "security: through sudo nothing is read or written that the user could not" {
	need_root
	secret="$shared/secret"
	install -m 600 /dev/null "$secret"
	echo '{"idle": [0]}' >"$secret"
	mkdir -m 755 "$shared/roots"
	refused 2 'Permission denied' "${as_sudo[@]}" "$BUILD/muxbench" run --plan "$secret" --out "$shared/out"
	refused 1 'Permission denied' "${as_sudo[@]}" "$BUILD/muxbench" run --idle 0 --out "$shared/roots/out"
	refused 1 'Permission denied' "${as_sudo[@]}" "$BUILD/muxbench" counts --backends poll --requests 5 --batch 2 \
		-o "$shared/roots/counts"
	run_split "$BUILD/muxbench" run --backends poll --idle 0 --blocks 1 --duration 0.02 --no-plots --quiet --out "$shared/mine"
	chmod 600 "$shared/mine/result.json"
	refused 2 'Permission denied' "${as_sudo[@]}" "$BUILD/muxbench" report "$shared/mine" --format text
	refused 2 'Permission denied' "${as_sudo[@]}" "$BUILD/muxbench" export "$shared/mine" --format csv
	# a plug-in that only root may read is not run either
	install -m 600 "$BUILD/select_wide.so" "$shared/roots.so"
	refused 2 'cannot read the plug-in' "${as_sudo[@]}" "$BUILD/muxbench" waitcost --backends "$shared/roots.so"
	[ ! -e "$shared/out" ]
}

@test "security: through sudo, real-time priority is given, and then the right to it is not kept for nothing" {
	need_root
	chrt -f 1 true 2>/dev/null || skip "real-time priority is not to be had here"
	run_split "${as_sudo[@]}" "$BUILD/muxbench" run --backends epoll-lt --idle 0 --blocks 1 --duration 0.05 \
		--sched fifo --no-plots --quiet --out "$shared/out"
	[ "$status" -eq 0 ]
	[ "$(json "$shared/out/result.json" "{(t['status'], t['placement']['sched']) for t in r['trials']}")" = \
		"{('ok', 'fifo')}" ]
}

@test "security: what SUDO_UID says counts for root alone, and only if it is a number" {
	need_root
	for uid in '' -1 x 4294967295 99999999999 '65534 '; do
		refused 5 'SUDO_UID' env SUDO_UID="$uid" SUDO_GID=65534 "$BUILD/muxbench" run --idle 0 --out "$shared/out"
	done
	refused 5 'SUDO_GID' env -u SUDO_GID SUDO_UID=65534 "$BUILD/muxbench" run --idle 0 --out "$shared/out"
	refused 5 'cannot become user 65534' setpriv --bounding-set -setuid --inh-caps -setuid "${as_sudo[@]}" \
		"$BUILD/muxbench" run --idle 0 --out "$shared/out"
	[ ! -e "$shared/out" ]
	# root's own sudo, and a user in whose environment it was left
	run_split env SUDO_UID=0 SUDO_GID=0 "$BUILD/muxbench" run --backends poll --idle 0 --blocks 1 --duration 0.02 \
		--no-plots --quiet --out "$shared/root"
	[ "$status" -eq 0 ]
	[ "$(stat -c %u "$shared/root/result.json")" -eq 0 ]
	run_split setpriv --reuid 65534 --regid 65534 --clear-groups env SUDO_UID=0 SUDO_GID=0 "$BUILD/muxbench" run \
		--backends poll --idle 0 --blocks 1 --duration 0.02 --no-plots --quiet --out "$shared/user"
	[ "$status" -eq 0 ]
	[ "$(stat -c %u "$shared/user/result.json")" -eq 65534 ]
}
