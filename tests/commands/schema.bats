#!/usr/bin/env bats
# results/schema.json describes what muxbench run writes: exactly, and so that a spoiled
# file does not pass.
load common

schema=results/schema.json

setup() {
	/usr/bin/python3 -c 'import jsonschema; jsonschema.Draft202012Validator' 2>/dev/null ||
		skip "needs python3-jsonschema 4 or newer"
	started=()
}

# What a run can write: several statuses, a curve with a verdict, an open loop, churn.
setup_file() {
	export out="$BATS_FILE_TMPDIR"
	local short="--blocks 3 --duration 0.03 --counted 0.03 --warmup 0 --quiet --no-plots"
	"$BUILD/muxbench" run --backends "poll,epoll-lt,$BUILD/tests/fixtures/plugin_unsupported.so" \
		--idle 0,10,20,40 $short --out "$out/closed" >/dev/null 2>&1
	"$BUILD/muxbench" run --backends epoll-lt --idle 0 --active 4 --rate-sweep 500,1000 \
		--arrival poisson $short --out "$out/open" >/dev/null 2>&1
	"$BUILD/muxbench" run --backends epoll-lt --idle 0 --workload churn --churn-requests 3 \
		--pipeline 1 $short --out "$out/churn" >/dev/null 2>&1
}

# validated FILE...: each by the schema; prints the first errors of each.
validated() {
	/usr/bin/python3 - "$schema" "$@" <<-'PYTHON'
		import json, jsonschema, sys
		schema = json.load(open(sys.argv[1]))
		jsonschema.Draft202012Validator.check_schema(schema)
		validator = jsonschema.Draft202012Validator(schema)
		wrong = 0
		for path in sys.argv[2:]:
		    for error in list(validator.iter_errors(json.load(open(path))))[:5]:
		        where = "/".join(map(str, error.absolute_path))
		        print(f"{path}: {where}: {error.message[:300]}", file=sys.stderr)
		        wrong += 1
		sys.exit(wrong > 0)
	PYTHON
}

@test "schema: fresh results are valid" {
	validated "$out/closed/result.json" "$out/open/result.json" "$out/churn/result.json"
	# and they are not of one kind only
	[ "$(json "$out/closed/result.json" "sorted({t['status'] for t in r['trials']})")" = \
		"['ok', 'unsupported']" ]
	[ "$(json "$out/closed/result.json" "len(r['complexity']) >= 2")" = True ]
	[ "$(json "$out/open/result.json" "all(t['latency']['response']['count'] > 0
		for t in r['trials'] if t['role'] == 'timed')")" = True ]
	[ "$(json "$out/churn/result.json" "all(t['counters']['connections_opened'] > 0
		for t in r['trials'])")" = True ]
}

@test "schema: an interrupted run and committed reference runs are valid" {
	"$BUILD/muxbench" run --backends poll --idle 0 --blocks 200 --duration 0.1 --no-plots \
		--out "$BATS_TEST_TMPDIR/cut" >/dev/null 2>&1 3>&- &
	started+=("$!")
	for _ in $(seq 100); do
		[ -s "$BATS_TEST_TMPDIR/cut/trials.jsonl" ] && break
		sleep 0.05
	done
	kill -INT "${started[0]}"
	wait_status "${started[0]}"
	[ "$status" -eq 130 ]
	validated "$BATS_TEST_TMPDIR/cut/result.json" \
		$(find results/reference -name result.json 2>/dev/null)
}

@test "schema: spoiled copies are refused, each for what was spoiled" {
	/usr/bin/python3 - "$schema" "$out" <<-'PYTHON'
		import copy, json, jsonschema, sys
		validator = jsonschema.Draft202012Validator(json.load(open(sys.argv[1])))
		results = {}
		for kind in "closed", "open", "churn":
		    result = results[kind] = json.load(open(f"{sys.argv[2]}/{kind}/result.json"))
		    # a few trials are enough: the rest has the same shape
		    kept = {}
		    for trial in result["trials"]:
		        kept.setdefault((trial["role"], trial["status"]), trial)
		    result["trials"] = list(kept.values())
		    for trial in result["trials"]:
		        for times in (trial["latency"] or {}).values():
		            if times:
		                del times["buckets"][2:]
		    assert validator.is_valid(result), kind

		def trial_of(result, role, status="ok"):
		    return next(t for t in result["trials"] if (t["role"], t["status"]) == (role, status))

		tried = 0

		def refuse(what, result):
		    global tried
		    tried += 1
		    assert not validator.is_valid(result), f"passed: {what}"

		def spoil(kind, what, change):
		    result = copy.deepcopy(results[kind])
		    change(result)
		    refuse(f"{kind}: {what}", result)

		# Every object of another shape, and the way to it.
		def walk(value, path=()):
		    if isinstance(value, dict):
		        yield path, value
		    if isinstance(value, (dict, list)):
		        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
		            yield from walk(inner, path + (key,))

		free_names = {"calls", "calls_per_request", "mitigations"}
		optional = {"connections_opened", "requests_intended", "cq_overflows", "trials_failed",
		            "foreign", "held_by", "engine", "client_bound", "client_cpu_ns_per_request"}
		seen = set()
		for kind, result in results.items():
		    for path, value in walk(result):
		        shape = tuple("*" if isinstance(key, int) else key for key in path)
		        if shape in seen or shape[-1:] and shape[-1] in free_names:
		            continue
		        seen.add(shape)
		        spoiled = copy.deepcopy(result)
		        inner = spoiled
		        for key in path:
		            inner = inner[key]
		        inner["unheard_of"] = 1
		        refuse(f"{shape} with an unknown member", spoiled)
		        del inner["unheard_of"]
		        for key, kept in value.items():
		            del inner[key]
		            if key not in optional:
		                refuse(f"{shape} without {key}", spoiled)
		            wrong = [[[{}]]]
		            if isinstance(kept, (int, float)) and not isinstance(kept, bool):
		                wrong += [str(kept)] + [-1] * isinstance(kept, int)
		            for inner[key] in wrong:
		                refuse(f"{shape}: {key} = {inner[key]!r}", spoiled)
		            inner[key] = kept

		# null where something was measured, or was not and says so
		for key in ("measured_ns", "counters", "calls", "server", "client", "latency", "setup",
		            "syscall_method", "status", "backend", "placement", "flags", "trial_id"):
		    spoil("closed", f"null {key}", lambda r: trial_of(r, "timed").update({key: None}))
		spoil("closed", "counts of what did not run",
		      lambda r: trial_of(r, "timed", "unsupported").update(syscalls_total=0))
		spoil("closed", "times of what did not run",
		      lambda r: trial_of(r, "timed", "unsupported").update(measured_ns=5))
		spoil("closed", "a failure without a reason",
		      lambda r: trial_of(r, "timed", "unsupported").update(status_reasons=[]))
		spoil("closed", "ok with a reason",
		      lambda r: trial_of(r, "timed").update(status_reasons=["why"]))
		spoil("closed", "ok with errors",
		      lambda r: trial_of(r, "timed")["counters"].update(errors=1))
		spoil("closed", "ok without requests",
		      lambda r: trial_of(r, "timed")["counters"].update(requests_completed=0))
		spoil("closed", "another status", lambda r: trial_of(r, "timed").update(status="fine"))
		spoil("closed", "another flag", lambda r: trial_of(r, "timed").update(flags=["odd"]))
		spoil("closed", "latency of a counted window",
		      lambda r: trial_of(r, "counted").update(latency=trial_of(r, "timed")["latency"]))
		spoil("closed", "a closed loop with an arrival",
		      lambda r: trial_of(r, "timed").update(arrival="poisson"))
		spoil("closed", "churn without its requests",
		      lambda r: trial_of(r, "timed").update(workload="churn"))
		spoil("open", "an open loop without response times",
		      lambda r: trial_of(r, "timed")["latency"].update(response=None))
		spoil("open", "response times without the lag",
		      lambda r: trial_of(r, "timed")["latency"].update(send_lag=None))
		spoil("closed", "a bucket of two", lambda r: trial_of(r, "timed")["latency"]["service"]["buckets"].append([1, 2]))
		spoil("closed", "a bucket of four", lambda r: trial_of(r, "timed")["latency"]["service"]["buckets"].append([1, 2, 3, 4]))
		spoil("closed", "an empty bucket", lambda r: trial_of(r, "timed")["latency"]["service"]["buckets"].append([1, 2, 0]))
		spoil("closed", "a count with a fraction", lambda r: trial_of(r, "timed").update(measured_ns=7.5))
		spoil("closed", "a count past 2^63", lambda r: trial_of(r, "timed").update(measured_ns=2**63))
		spoil("closed", "calls that are negative", lambda r: trial_of(r, "timed")["calls"].update(poll=-1))
		spoil("closed", "another verdict", lambda r: r["complexity"][0].update(verdict="O(1)"))
		spoil("closed", "a sentence that is missing", lambda r: r["complexity"][0].update(sentence=""))
		spoil("closed", "another schema", lambda r: r.update(schema="other"))
		spoil("closed", "another major version", lambda r: r["schema_version"].update(major=2))
		spoil("closed", "trials by name", lambda r: r.update(trials={"1.01": {}}))
		spoil("closed", "no backends", lambda r: r["config"].update(backends=[]))
		assert tried > 300, tried
		print(tried, "spoiled copies refused")
	PYTHON
}
