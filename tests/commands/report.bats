#!/usr/bin/env bats
# muxbench report: what it shows follows from the trials alone, whoever wrote the result;
# the page is looked at with a browser where there is one.
load common

check="$BATS_TEST_DIRNAME/report_check.py"

# Four numbers of connections make verdicts, one past FD_SETSIZE makes trials to leave out.
setup_file() {
	"$BUILD/muxbench" run --backends select,poll,epoll-lt --idle 0,10,100,1200 --blocks 3 \
		--duration 0.03 --counted 0.03 --warmup 0 --seed 11 --quiet --no-plots \
		--out "$BATS_FILE_TMPDIR/run" >/dev/null 2>&1
	result="$BATS_FILE_TMPDIR/run/result.json"
	mkdir "$BATS_FILE_TMPDIR/odd"
	/usr/bin/python3 "$BATS_TEST_DIRNAME/report_check.py" odd "$result" \
		"$BATS_FILE_TMPDIR/odd/result.json"
}

setup() {
	started=()
	run="$BATS_FILE_TMPDIR/run"
	out="$BATS_TEST_TMPDIR/out"
}

report() {
	"$BUILD/muxbench" report "$@"
}

checked() {
	/usr/bin/python3 "$check" "$@"
}

@test "report: a page of its own, with every number that follows from the trials" {
	[ "$(report "$run")" = "Report: $run/report.html" ]
	checked page "$run/result.json" "$run/report.html"
	grep -q 'fd_setsize 1024' "$run/report.html"
	grep -qF -- '--seed 11' "$run/report.html"
	# nothing is left of making it
	[ -z "$(find "$run" -name '*.tmp')" ]
	# the same result makes the same page
	report "$run" --out "$out"
	cmp "$out" "$run/report.html"
}

@test "report: what stands under summary and complexity is not looked at" {
	mkdir "$out"
	json "$run/result.json" "json.dump({**r, 'summary': [], 'complexity': [{'verdict': 'x'}]}, open('$out/result.json', 'w'))"
	report "$out"
	report "$run" --out "$out/other.html"
	cmp "$out/report.html" "$out/other.html"
}

@test "report: markdown and text say the same" {
	report "$run" --format markdown >"$out"
	checked markdown "$run/result.json" "$out"
	report "$run" --format text >"$out"
	checked text "$run/result.json" "$out"
	grep -qE '^  [#oA] poll \(.* us -> ' "$out" # the key of the plot
	report "$run" --format text --out "$out.file"
	cmp "$out" "$out.file"
	report "$run/result.json" --format html --out - >"$out"
	checked page "$run/result.json" "$out"
}

@test "report: texts of strangers stay texts" {
	report "$BATS_FILE_TMPDIR/odd"
	checked page "$BATS_FILE_TMPDIR/odd/result.json" "$BATS_FILE_TMPDIR/odd/report.html"
	grep -q 'was interrupted' "$BATS_FILE_TMPDIR/odd/report.html"
	report "$BATS_FILE_TMPDIR/odd" --format text >"$out"
	checked text "$BATS_FILE_TMPDIR/odd/result.json" "$out"
	report "$BATS_FILE_TMPDIR/odd" --format markdown >"$out"
	! grep -E '<(b|i|script|img)' "$out"
	# in a shell the repeated command is what was typed
	grep -qF "'it'\\''s; rm -rf ~'" "$out"
}

@test "report: a result without trials" {
	mkdir "$out.none"
	json "$run/result.json" "json.dump({**r, 'trials': [], 'complexity': []}, open('$out.none/result.json', 'w'))"
	for format in html markdown text; do
		report "$out.none" --format "$format" --out - >"$out.$format"
	done
	checked page "$out.none/result.json" "$out.html"
}

@test "[row 21] report: what cannot be read is refused in one line" {
	refused 2 'takes one folder' "$BUILD/muxbench" report
	refused 2 'takes one folder' "$BUILD/muxbench" report a b
	refused 2 "not 'pdf'" "$BUILD/muxbench" report "$run" --format pdf
	refused 2 'No such file' "$BUILD/muxbench" report "$BATS_TEST_TMPDIR/none"
	refused 2 'no result.json in it' "$BUILD/muxbench" report "$BATS_TEST_TMPDIR"
	refused 2 'the path of a file' "$BUILD/muxbench" report "$run" --out ''
	mkdir "$out"
	for break in "r['trials'][0].pop('backend')" "r['trials'][0]['server'].update(cpu_ns='x')" \
		"r['config'].update(blocks=0)" "r['trials'][0].update(block=99)" "r.pop('config')"; do
		json "$run/result.json" "($break, json.dump(r, open('$out/result.json', 'w')))" >/dev/null
		refused 2 "$out" "$BUILD/muxbench" report "$out"
		[ ! -e "$out/report.html" ]
	done
}

@test "[row 20] report: what cannot be written is said, and an older report stays" {
	mkdir "$out"
	cp "$run/result.json" "$out"
	echo old >"$out/report.html"
	refused 1 'cannot write' "$BUILD/muxbench" report "$run" --out "$out/none/report.html"
	refused 1 'cannot write' "$BUILD/muxbench" report "$run" --out "$out"
	refused 1 '/dev/full' "$BUILD/muxbench" report "$run" --out /dev/full
	[ -c /dev/full ] # it was written to, not replaced
	(ulimit -f 8; trap '' XFSZ; refused 1 'cannot write' "$BUILD/muxbench" report "$out")
	[ "$(cat "$out/report.html")" = old ]
	[ "$(ls -A "$out")" = "$(printf 'report.html\nresult.json')" ]
	refused 1 'cannot write to stdout' bash -c "'$BUILD/muxbench' report '$run' --format text >/dev/full"
	# a link is followed
	ln -s report.html "$out/link"
	report "$run" --out "$out/link"
	[ -L "$out/link" ] && grep -q '<!DOCTYPE html>' "$out/report.html"
}

@test "report: in a browser it renders, complains of nothing and answers the pointer" {
	browser=$(command -v chromium || command -v chromium-browser || command -v google-chrome) ||
		skip "no chromium here (apt-get install chromium); it is too large for make deps"
	report "$run" --out "$out.html"
	/usr/bin/python3 "$BATS_TEST_DIRNAME/browser.py" "$browser" "$out.html" >"$out"
	checked hover "$run/result.json" "$out"
	report "$BATS_FILE_TMPDIR/odd" --out "$out.html"
	[ "$(/usr/bin/python3 "$BATS_TEST_DIRNAME/browser.py" "$browser" "$out.html" |
		/usr/bin/python3 -c 'import json, sys; r = json.load(sys.stdin)
print(r["errors"], r["requests"], max(r["overflow"].values()))')" = "[] [] 0" ]
}

@test "report: --help and the man page name the same options" {
	for option in $("$BUILD/muxbench" report --help | grep -oE -- '--[a-z]+' | sort -u); do
		[ "$option" = --help ] || grep -qE -- "Fl -${option#--}( |\$)" docs/man/muxbench.1
	done
}
