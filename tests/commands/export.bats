#!/usr/bin/env bats
# muxbench export: each format is read by another parser, and its numbers derived again
# (export_check.py), of a run as it is and of a made-up one that has every oddity.
load common

check="$BATS_TEST_DIRNAME/export_check.py"

setup_file() {
	"$BUILD/muxbench" run --backends "poll,epoll-lt,$BUILD/tests/fixtures/plugin_unsupported.so" \
		--idle 0,20 --blocks 3 --duration 0.1 --warmup 0 --quiet --no-plots \
		--out "$BATS_FILE_TMPDIR/run" >/dev/null 2>&1
	/usr/bin/python3 "$BATS_TEST_DIRNAME/export_check.py" make "$BATS_FILE_TMPDIR/odd.json"
	# The same, and twice the CPU.
	/usr/bin/python3 - "$BATS_FILE_TMPDIR" <<-'PYTHON'
		import json, sys
		result = json.load(open(sys.argv[1] + "/odd.json"))
		for trial in result["trials"]:
		    if trial["server"]:
		        trial["server"]["cpu_ns"] *= 2
		json.dump(result, open(sys.argv[1] + "/slow.json", "w"))
	PYTHON
}

# checked FORMAT [OPTION...]: of both results, to stdout.
checked() {
	local format=$1 metric=
	shift
	[ "${1:-}" != --metric ] || metric=$2
	for result in "$BATS_FILE_TMPDIR/run/result.json" "$BATS_FILE_TMPDIR/odd.json"; do
		"$BUILD/muxbench" export "$result" --format "$format" "$@" >"$BATS_TEST_TMPDIR/exported"
		/usr/bin/python3 "$check" "$format" "$result" "$BATS_TEST_TMPDIR/exported" $metric
	done
}

@test "export: csv has every window, with its counts and its costs" {
	checked csv
	# an unsupported backend is there, and not with zeros
	"$BUILD/muxbench" export "$BATS_FILE_TMPDIR/run" --format csv >"$BATS_TEST_TMPDIR/csv"
	[ "$(grep -c ',unsupported,' "$BATS_TEST_TMPDIR/csv")" -eq 12 ]
}

@test "export: json" { checked json; }

@test "export: gobench, as benchstat's reader takes it" {
	checked gobench
	checked gobench --metric wall,syscalls
}

@test "export: gbench-json" {
	checked gbench-json
	checked gbench-json --metric p50
}

@test "export: gab-json, one direction a file" {
	checked gab-json
	checked gab-json --metric rate
}

@test "export: bmf-json" {
	checked bmf-json
	checked bmf-json --metric cpu,p99
}

@test "export: hyperfine-json" {
	checked hyperfine-json
	checked hyperfine-json --metric wall
}

@test "export: markdown" {
	for result in "$BATS_FILE_TMPDIR/run" "$BATS_FILE_TMPDIR/odd.json"; do
		"$BUILD/muxbench" export "$result" --format json >"$BATS_TEST_TMPDIR/json"
		"$BUILD/muxbench" export "$result" --format markdown >"$BATS_TEST_TMPDIR/exported"
		[ ! -d "$result" ] || result+=/result.json
		/usr/bin/python3 "$check" markdown "$result" "$BATS_TEST_TMPDIR/exported" \
			"$BATS_TEST_TMPDIR/json"
	done
	# what a backend is called cannot become markup or a cell of the table
	! grep -q '<b>' "$BATS_TEST_TMPDIR/exported"
}

@test "export: hgrm, a file for each cell, or one to stdout" {
	for result in "$BATS_FILE_TMPDIR/run/result.json" "$BATS_FILE_TMPDIR/odd.json"; do
		rm -rf "$BATS_TEST_TMPDIR/hgrm"
		"$BUILD/muxbench" export "$result" --format hgrm --out "$BATS_TEST_TMPDIR/hgrm"
		files=("$BATS_TEST_TMPDIR"/hgrm/*)
		for file in "${files[@]}"; do
			name=$(basename "$file" .hgrm)
			name=${name/-backend=/\/backend=} name=${name/-idle=/\/idle=}
			name=${name/-active=/\/active=} name=${name/-bytes=/\/bytes=}
			name=${name/-pipeline=/\/pipeline=} name=${name/-requests=/\/requests=}
			name=${name/-set=/\/set=} name=${name/-placement=/\/placement=}
			name=${name/-sched=/\/sched=} name=${name/-arrival=/\/arrival=}
			name=${name/-rate=/\/rate=}
			/usr/bin/python3 "$check" hgrm "$result" "$file" "$name"
		done
	done
	[ "${#files[@]}" -eq 16 ] # of 17 cells one has no trial that is ok
	"$BUILD/muxbench" export "$BATS_FILE_TMPDIR/run" --format hgrm --backends poll --idle 20 \
		>"$BATS_TEST_TMPDIR/one"
	/usr/bin/python3 "$check" hgrm "$BATS_FILE_TMPDIR/run/result.json" \
		"$BATS_TEST_TMPDIR/one" Echo/backend=poll/idle=20/active=1
	refused 2 'one cell, and there are 4' \
		"$BUILD/muxbench" export "$BATS_FILE_TMPDIR/run" --format hgrm
	[ -z "$stdout" ]
}

@test "export: google/benchmark's compare.py finds twice the CPU, and nothing in equals" {
	compare=/usr/share/benchmark/compare.py
	[ -e "$compare" ] || skip "needs libbenchmark-tools"
	/usr/bin/python3 -c 'import scipy' 2>/dev/null || skip "needs python3-scipy"
	for name in odd slow; do
		"$BUILD/muxbench" export "$BATS_FILE_TMPDIR/$name.json" --format gbench-json \
			--out "$BATS_TEST_TMPDIR/$name.json"
	done
	cp "$BATS_TEST_TMPDIR/odd.json" "$BATS_TEST_TMPDIR/same.json"
	for other in same slow; do
		/usr/bin/python3 "$compare" -d "$BATS_TEST_TMPDIR/$other.diff" benchmarks \
			"$BATS_TEST_TMPDIR/odd.json" "$BATS_TEST_TMPDIR/$other.json" >/dev/null
	done
	/usr/bin/python3 - "$BATS_TEST_TMPDIR" <<-'PYTHON'
		import json, sys
		for name, found in ("same", False), ("slow", True):
		    compared = json.load(open(f"{sys.argv[1]}/{name}.diff"))
		    tests = [c["utest"] for c in compared if c["utest"]]
		    assert len(tests) == 16, len(tests)
		    for test in tests:
		        assert test["nr_of_repetitions"] >= 6, test
		        assert (test["cpu_pvalue"] < 0.05) == found, (name, test)
		        assert test["time_pvalue"] > 0.05, (name, test)
	PYTHON
}

@test "[row 20] export: --out writes whole files, and over nothing that is not an old export" {
	run="$BATS_FILE_TMPDIR/run" out="$BATS_TEST_TMPDIR/a.csv"
	echo old >"$out"
	run_split "$BUILD/muxbench" export "$run" --format csv --out "$out"
	[ "$status" -eq 0 ] && [ -z "$stdout" ] && [ -z "$stderr" ]
	cmp "$out" <("$BUILD/muxbench" export "$run/result.json" --format csv)
	before=$(sha256sum "$run/result.json")
	refused 2 'result.json' "$BUILD/muxbench" export "$run" --format csv --out "$run/result.json"
	refused 2 'trials.jsonl' "$BUILD/muxbench" export "$run" --format csv --out "$run/trials.jsonl"
	[ "$before" = "$(sha256sum "$run/result.json")" ]
	ln -s "$out" "$BATS_TEST_TMPDIR/link"
	mkfifo "$BATS_TEST_TMPDIR/fifo"
	for taken in link fifo .; do
		refused 2 'not a plain file' "$BUILD/muxbench" export "$run" --format csv \
			--out "$BATS_TEST_TMPDIR/$taken"
	done
	refused 1 'nowhere' "$BUILD/muxbench" export "$run" --format csv --out /nowhere/a.csv
	refused 1 'a.csv' "$BUILD/muxbench" export "$run" --format hgrm --out "$out"
	[ "$(ls -A "$BATS_TEST_TMPDIR" | grep -c tmp)" -eq 0 ]
	# a full disk is told
	refused 1 'stdout' bash -c '"$0" export "$1" --format csv >/dev/full' "$BUILD/muxbench" "$run"
}

@test "export: a choice of cells, and a run without any figure" {
	run="$BATS_FILE_TMPDIR/run"
	"$BUILD/muxbench" export "$run" --format gobench --backends epoll-lt --idle 20 --active 1 \
		>"$BATS_TEST_TMPDIR/chosen"
	[ "$(grep -c ^Benchmark "$BATS_TEST_TMPDIR/chosen")" -eq 3 ]
	[ "$(grep -c 'backend=epoll-lt/idle=20/' "$BATS_TEST_TMPDIR/chosen")" -eq 3 ]
	refused 2 'no trial of that choice' "$BUILD/muxbench" export "$run" --format csv --idle 7
	never="$fixtures/plugin_unsupported.so"
	for format in gobench gbench-json gab-json bmf-json hyperfine-json hgrm markdown; do
		refused 3 'no trial is ok' "$BUILD/muxbench" export "$run" --format "$format" \
			--backends "$never"
		[ -z "$stdout" ]
	done
}

@test "[row 22] export: wrong command lines are one line and 2" {
	run="$BATS_FILE_TMPDIR/run"
	refused 2 'the folder of a run is missing' "$BUILD/muxbench" export
	refused 2 'the folder of a run is missing' "$BUILD/muxbench" export --format csv
	refused 2 '--format is missing' "$BUILD/muxbench" export "$run"
	refused 2 "no format 'xml'" "$BUILD/muxbench" export "$run" --format xml
	refused 2 "'more'" "$BUILD/muxbench" export "$run" more --format csv
	refused 2 '--bogus' "$BUILD/muxbench" export "$run" --format csv --bogus
	refused 2 '--out' "$BUILD/muxbench" export "$run" --format csv --out ''
	refused 2 "no metric 'speed'" "$BUILD/muxbench" export "$run" --format gobench --metric speed
	refused 2 'does not go with csv' "$BUILD/muxbench" export "$run" --format csv --metric cpu
	refused 2 'one --metric' "$BUILD/muxbench" export "$run" --format hyperfine-json --metric cpu,p50
	refused 2 'times only' "$BUILD/muxbench" export "$run" --format gbench-json --metric rate
	refused 2 'one kind' "$BUILD/muxbench" export "$run" --format gab-json --metric cpu,rate
	refused 2 '--idle' "$BUILD/muxbench" export "$run" --format csv --idle 1,x
	run_split "$BUILD/muxbench" export --help
	[ "$status" -eq 0 ] && grep -q 'hyperfine-json' <<<"$stdout"
}

@test "[row 21] export: what is not a result, or a spoiled one, is one line and 2" {
	refused 2 'No such file' "$BUILD/muxbench" export /nowhere --format csv
	refused 2 'no result.json' "$BUILD/muxbench" export "$BATS_TEST_TMPDIR" --format csv
	refused 2 'not JSON' "$BUILD/muxbench" export README.md --format csv
	refused 2 'not a regular file' timeout 5 "$BUILD/muxbench" export /dev/zero --format csv
	mkdir "$BATS_TEST_TMPDIR/spoiled"
	/usr/bin/python3 - "$BATS_FILE_TMPDIR/odd.json" "$BATS_TEST_TMPDIR/spoiled" <<-'PYTHON'
		import copy, json, sys
		good = json.load(open(sys.argv[1]))
		good["trials"] = good["trials"][:4]
		good["trials"][0]["latency"]["service"]["buckets"][:] = [[8000, 8003, 1500]]

		def spoil(name, change):
		    bad = copy.deepcopy(good)
		    change(bad, bad["trials"][0])
		    json.dump(bad, open(f"{sys.argv[2]}/{name}.json", "w"))

		spoil("good", lambda r, t: None)
		for key in ("backend", "role", "status", "block", "trial_id", "connections_idle",
		            "message_bytes", "placement", "counters", "server", "measured_ns"):
		    spoil(f"without-{key}", lambda r, t: t.pop(key))
		    spoil(f"array-{key}", lambda r, t: t.update({key: [1]}))
		for key in ("block", "connections_idle", "connections_active", "measured_ns"):
		    spoil(f"text-{key}", lambda r, t: t.update({key: "7"}))
		    spoil(f"negative-{key}", lambda r, t: t.update({key: -7}))
		    spoil(f"real-{key}", lambda r, t: t.update({key: 7.5}))
		spoil("status", lambda r, t: t.update(status="fine"))
		spoil("rate", lambda r, t: t.update(rate="fast"))
		spoil("no-requests", lambda r, t: t["counters"].update(requests_completed=0))
		spoil("no-time", lambda r, t: t.update(measured_ns=0))
		spoil("cpu", lambda r, t: t["server"].update(cpu_ns=None))
		spoil("calls", lambda r, t: r["trials"][1].update(calls=[]))
		spoil("call", lambda r, t: r["trials"][1]["calls"].update(poll="3"))
		spoil("syscalls", lambda r, t: r["trials"][1].update(syscalls_total=-3))
		spoil("twice", lambda r, t: r["trials"].append(copy.deepcopy(t)))
		spoil("histogram", lambda r, t: t["latency"]["service"].update(count=7))
		spoil("bucket", lambda r, t: t["latency"]["service"]["buckets"].append([1, 2]))
		spoil("bounds", lambda r, t: t["latency"]["service"]["buckets"].append([1, 2, 0]))
		spoil("lag", lambda r, t: t["latency"].update(send_lag={"count": 1}))
		spoil("response", lambda r, t: t["latency"].update(response={}))
	PYTHON
	for file in "$BATS_TEST_TMPDIR"/spoiled/*.json; do
		if [ "$(basename "$file")" = good.json ]; then
			"$BUILD/muxbench" export "$file" --format csv >/dev/null
			continue
		fi
		refused 2 'trial' "$BUILD/muxbench" export "$file" --format csv
		[ -z "$stdout" ]
	done
}
