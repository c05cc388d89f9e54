#!/usr/bin/env bats
# What strangers wrote: results, plans, trials and command lines. The cases are tables in
# hostile.py and hostile_lines.py; each test prints the cases that went wrong.
load common

# on_files ARGUMENT...: hostile.py, whose last line says how many there were.
on_files() {
	/usr/bin/python3 "$BATS_TEST_DIRNAME/hostile.py" "$@"
}

# on_lines PROGRAM
on_lines() {
	/usr/bin/python3 "$BATS_TEST_DIRNAME/hostile_lines.py" "$BUILD" "$@"
}

@test "[row 21] report, export: at least 100 hostile files are refused in one line, soon and in little memory" {
	[ "$(on_files list | grep -c '^refused')" -ge 100 ]
	on_files check "$BUILD/muxbench" refused
}

@test "[row 21] report, export: folders, FIFOs, devices, loops and a TiB of nothing are refused" {
	on_files check "$BUILD/muxbench" special
}

@test "[row 21] report, export: what is odd and valid comes out escaped" {
	on_files check "$BUILD/muxbench" odd
}

@test "[row 21] run --resume: a spoiled plan, trial or session is refused in one line" {
	run="$BATS_TEST_TMPDIR/run"
	"$BUILD/muxbench" run --backends poll --idle 0,1 --blocks 2 --duration 0.02 --counted 0.02 \
		--warmup 0 --quiet --no-plots --out "$run" >/dev/null 2>&1
	# as if it had been killed after two of its four trials
	rm "$run/result.json"
	head -4 "$run/trials.jsonl" >"$run/cut"
	mv "$run/cut" "$run/trials.jsonl"
	on_files resume "$BUILD/muxbench" "$run"
	# and the original still goes on: the refusals were not for another reason
	"$BUILD/muxbench" run --resume "$run" --quiet --no-plots >/dev/null
	[ "$(wc -l <"$run/trials.jsonl")" -eq 8 ]
}

@test "[row 21] run: a plug-in's path with quotes and commands in it reaches gnuplot as a name" {
	name="$BATS_TEST_TMPDIR/'; system(\"touch pwned\"); \$(touch pwned) \`touch pwned\`.so"
	cp "$BUILD/select_wide.so" "$name"
	"$BUILD/muxbench" run --backends "$name" --idle 0,1 --blocks 1 --duration 0.02 --counted 0.02 \
		--warmup 0 --quiet --out "$BATS_TEST_TMPDIR/run" >/dev/null 2>"$BATS_TEST_TMPDIR/stderr"
	[ -z "$(find . "$BATS_TEST_TMPDIR" -name '*pwned' -newer "$name" -not -path './.git/*')" ]
	if command -v gnuplot >/dev/null; then
		[ -s "$BATS_TEST_TMPDIR/run/plots/cost-against-idle.svg" ]
	fi
}

@test "[row 22] muxbench: wrong commands are refused in one line" { on_lines; }
@test "[row 22] muxbench run: what no option takes is refused in one line, and nothing is allocated" { on_lines run; }
@test "[row 22] muxbench counts: what no option takes is refused in one line, and nothing is allocated" { on_lines counts; }
@test "[row 22] muxbench waitcost: what no option takes is refused in one line, and nothing is allocated" { on_lines waitcost; }
@test "[row 22] muxbench limit: what no option takes is refused in one line, and nothing is allocated" { on_lines limit; }
@test "[row 22] muxbench export: what no option takes is refused in one line, and nothing is allocated" { on_lines export; }
@test "[row 22] muxbench report: what no option takes is refused in one line, and nothing is allocated" { on_lines report; }
@test "[row 22] muxbench-server: what no option takes is refused in one line, and nothing is allocated" { on_lines muxbench-server; }
@test "[row 22] muxbench-load: what no option takes is refused in one line, and nothing is allocated" { on_lines muxbench-load; }
