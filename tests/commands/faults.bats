#!/usr/bin/env bats
# The matrix of faults: its page is that of the code, and its table tells the truth.
load common.bash

page=docs/reference/faults.md
matrix=tests/faults/matrix.py
contract() { "$BUILD/tests/contract/test_contract.t" "$@"; }

# A page that was spoiled in one way is refused with this text.
spoiled() {
	local text=$1
	shift
	sed "$@" "$page" >"$BATS_TEST_TMPDIR/page.md"
	! cmp -s "$page" "$BATS_TEST_TMPDIR/page.md"
	run "$matrix" check "$list" "$BATS_TEST_TMPDIR/page.md" tests/commands/*.bats
	[ "$status" -eq 1 ]
	grep -qF -- "$text" <<<"$output"
}

@test "faults: the page has the rows, columns and tests of the code" {
	list="$BATS_TEST_TMPDIR/list"
	contract --list >"$list"
	run "$matrix" check "$list" "$page" tests/commands/*.bats
	echo "$output"
	[ "$status" -eq 0 ]
	spoiled "other tests" '/^   \* an RST before accept$/d'
	spoiled "other rows" 's/^| 12 | Fire-hose clients/| 12 | Fire-hoses/'
	spoiled "other columns" 's/^\(| #.*\)| poll /\1| pole /'
	spoiled "no heading '### 7." 's/^### 7\. A slow/### 7. The slow/'
	spoiled "not as it should be" 's/^\(| 5 .*\)| passed/\1| FAILED/'
}

# Two subjects, two cases, and a row of the harness; a report of one's own.
make_list() {
	list="$BATS_TEST_TMPDIR/list" report="$BATS_TEST_TMPDIR/report"
	tap="$BATS_TEST_TMPDIR/tap"
	cat >"$list" <<-'END'
		{"row":1,"title":"one","of_backend":true}
		{"row":16,"title":"sixteen","of_backend":true}
		{"row":20,"title":"twenty","of_backend":false}
		{"case":"a","rows":[1]}
		{"case":"b","rows":[1,16]}
		{"subject":"poll"}
		{"subject":"ring"}
	END
	cat >"$report" <<-'END'
		{"subject":"poll","absent":{"16":"no ring"}}
		{"subject":"poll","case":"a","rows":[1],"result":"passed"}
		{"subject":"poll","case":"b","rows":[1,16],"result":"passed"}
		{"subject":"ring","absent":{}}
		{"subject":"ring","case":"a","rows":[1],"result":"passed"}
		{"subject":"ring","case":"b","rows":[1,16],"result":"passed"}
	END
	printf '1..1\nok 1 [row 20] full disk\n' >"$tap"
}

# table STATUS ROW CELLS: the table has them in this row, without the blanks
table() {
	run "$matrix" table "$list" "$report" "$tap"
	echo "$output"
	[ "$status" -eq "$1" ]
	tr -d ' ' <<<"$output" | grep -qxF "|$2|$3|"
}

@test "faults: a cell is passed only when all of its tests ran and passed" {
	make_list
	table 0 1 'one|passed|passed|'
	table 0 16 'sixteen|n/a|passed|'
	table 0 20 'twenty|||passed'
	grep -qF 'row 16, poll: n/a: no ring' <<<"$output"

	sed -i '/"ring","case":"b"/s/passed/failed/' "$report" # failed beside a passed one
	table 1 1 'one|passed|FAILED|'
	table 1 16 'sixteen|n/a|FAILED|'
	grep -qF 'row 1, ring: FAILED: b' <<<"$output"

	make_list
	sed -i '/"poll","case":"a"/d' "$report" # cut short: the one without a result failed
	table 1 1 'one|FAILED|passed|'

	make_list
	sed -i '/"ring"/d' "$report" # did not even start
	table 1 1 'one|passed|FAILED|'
	table 1 16 'sixteen|n/a|FAILED|'

	make_list
	sed -i '/"ring","case":"b"/s/"passed"/"skipped","reason":"too small"/' "$report"
	table 0 1 'one|passed|skipped|'
	grep -qF 'row 1, ring: skipped: too small' <<<"$output"
}

@test "faults: tests in bats count for the backends that their tag names" {
	make_list
	printf '1..2\nnot ok 1 [row 1: ring] accept\nok 2 [row 20] full disk\n' >"$tap"
	table 1 1 'one|passed|FAILED|'
	printf '1..2\nnot ok 1 [row 1: readiness] select\nok 2 [row 20] disk\n' >"$tap"
	table 1 1 'one|FAILED|passed|'
	printf '1..2\nok 1 [row 1] [row 16] all\nnot ok 2 [row 20] disk\n' >"$tap"
	table 1 20 'twenty|||FAILED'
	printf '1..1\nok 1 [row 20] disk # skip no root\n' >"$tap"
	table 0 20 'twenty|||skipped'
	printf '1..1\nok 1 [row 1] nothing for the harness\n' >"$tap"
	table 1 20 'twenty|||notest'
	printf '1..3\nok 1 [row 20] disk\n' >"$tap"
	run "$matrix" table "$list" "$report" "$tap"
	[ "$status" -eq 1 ]
	grep -qF '1 results of 3 tests' <<<"$output"
	tap=- # of a plug-in: the harness is no matter of it
	table 0 1 'one|passed|passed'
}

@test "faults: a plug-in with a fault fails in its cell, and only known backends are taken" {
	run contract --plugin "$fixtures/plugin_one_read.so" --report "$BATS_TEST_TMPDIR/report" \
		'*half-close returns*'
	[ "$status" -eq 1 ]
	grep -q '"case":"half-close returns.*"rows":\[5\],"result":"failed"' \
		"$BATS_TEST_TMPDIR/report"
	run contract --backends epoll-lt '*: half-close returns*'
	[ "$status" -eq 0 ]
	refused 2 "not all of 'poll,pole' are backends" \
		"$BUILD/tests/contract/test_contract.t" --backends poll,pole
}
