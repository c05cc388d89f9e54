#!/usr/bin/env bats
# The negative controls of `muxbench conform`: it catches every server in tests/servers by
# the cases that expected.tsv names, and finds nothing wrong with it by any other.
#
# CONFORM_ALL=1 runs all cases against each server, which takes a quarter of an hour.
load common

servers=tests/servers
expected=$servers/expected.tsv

# Run against every server beside its own cases: half a second for all of them.
quick="echo-sizes dribble pipelined-lines two-at-once-interleaved urgent-data half-close
	fin-behind-data early-close-with-unread-data connect-burst many-idle-beside-active
	stop-cont survives"

# cases_of SERVER OUTCOME: one a line.
cases_of() {
	awk -F'\t' -v server="$1" -v outcome="$2" \
		'$1 == server && $3 == outcome { print $2 }' "$expected"
}

every_case() {
	"$BUILD/muxbench" conform --list | awk '{ print $1 }'
}

# The cases that a SERVER must pass, of the quick ones or of all.
must_pass() {
	local cases=$quick
	if [ "${CONFORM_ALL:-}" ]; then
		cases=$(every_case)
	fi
	if ! cases_of "$1" may-fail | grep -qxF '*'; then
		printf '%s\n' $cases |
			grep -vxF -e "$(cases_of "$1" fails)" -e "$(cases_of "$1" may-fail)"
	fi
	cases_of "$1" passes | grep -vxF '*'
}

# judge SERVER TIMEOUT WORD CASE...: every one of the cases comes to WORD, PASS or FAIL.
judge() {
	local server=$1 patience=$2 word=$3 lines="$BATS_TEST_TMPDIR/lines"
	shift 3
	timeout 300 "$BUILD/muxbench" conform --timeout "$patience" \
		--spawn "'$BUILD/$servers/$server' {port}" \
		--only "$(tr ' ' ',' <<<"$*")" >"$lines" || true
	sed "s/^/$server: /" "$lines" >&2 # shown when the test fails
	if grep -q '^SKIP ' "$lines"; then
		skip "$(grep -m1 '^SKIP ' "$lines")"
	fi
	[ "$(grep -E '^(PASS|FAIL) ' "$lines" | sed 's/:.*//' | sort)" = \
		"$(printf "$word %s\n" "$@" | sort -u)" ]
}

innocent() {
	local cases
	cases=$(must_pass "$1" || true)
	[ -z "$cases" ] || judge "$1" 10s PASS $cases
}

# What must fail may do so quickly; what must pass has all the time that it needs.
caught() {
	local cases
	cases=$(cases_of "$1" fails)
	[ -n "$cases" ]
	judge "$1" 1s FAIL $cases
	innocent "$1"
}

passes_all() {
	judge "$1" 10s PASS $(every_case)
}

@test "faulty servers: each has its rows, its line in the table and its test" {
	local named
	for source in "$servers"/*.c; do
		server=$(basename "$source" .c)
		[ "$server" != loop ] || continue
		echo "$server" >&2
		grep -q "^$server	" "$expected"
		[ "$(grep -cE "^	(caught|innocent|passes_all) $server\$" "$BATS_TEST_FILENAME")" -eq 1 ]
		named=$(cases_of "$server" fails | paste -sd, | sed 's/,/, /g')
		[ "$(sed -n 's/^ \* Caught by: \(.*\)\.$/\1/p' "$source")" = "$named" ]
		named=$(sed 's/[^, ]\+/`&`/g' <<<"$named")
		grep -qxE "\| \`$server\` \| .* \| ${named:-nothing: it passes} \|" \
			"$servers/README.md"
	done
}

@test "faulty servers: the expectations are about servers and cases that there are" {
	local cases
	cases=$(every_case)
	while IFS=$'\t' read -r server case outcome why; do
		echo "$server $case" >&2
		[ -f "$servers/$server.c" ]
		[[ $outcome =~ ^(fails|may-fail|passes)$ ]]
		[ -n "$why" ]
		[ "$case" = '*' ] || grep -qxF -e "$case" <<<"$cases"
	done < <(tail -n +2 "$expected")
}

@test "faulty servers: correct_echo passes every case" {
	passes_all correct_echo
}

@test "faulty servers: urgent_inline is not condemned" {
	innocent urgent_inline
}

@test "faulty servers: accept_one_per_edge is caught" {
	caught accept_one_per_edge
}

@test "faulty servers: blocking_send is caught" {
	caught blocking_send
}

@test "faulty servers: close_with_unread is caught" {
	caught close_with_unread
}

@test "faulty servers: descriptor_leak is caught" {
	caught descriptor_leak
}

@test "faulty servers: econnreset_dies is caught" {
	caught econnreset_dies
}

@test "faulty servers: edge_not_drained is caught" {
	caught edge_not_drained
}

@test "faulty servers: edge_not_resumed is caught" {
	caught edge_not_resumed
}

@test "faulty servers: eintr_dies is caught" {
	caught eintr_dies
}

@test "faulty servers: emfile_deaf is caught" {
	caught emfile_deaf
}

@test "faulty servers: emfile_spins is caught" {
	caught emfile_spins
}

@test "faulty servers: eof_drops_pending is caught" {
	caught eof_drops_pending
}

@test "faulty servers: eof_drops_read is caught" {
	caught eof_drops_read
}

@test "faulty servers: eof_ignored is caught" {
	caught eof_ignored
}

@test "faulty servers: epollout_always is caught" {
	caught epollout_always
}

@test "faulty servers: fd_setsize is caught" {
	caught fd_setsize
}

@test "faulty servers: greeting is caught" {
	caught greeting
}

@test "faulty servers: hup_before_read is caught" {
	caught hup_before_read
}

@test "faulty servers: line_buffered is caught" {
	caught line_buffered
}

@test "faulty servers: no_budget is caught" {
	caught no_budget
}

@test "faulty servers: not_readable_closes is caught" {
	caught not_readable_closes
}

@test "faulty servers: nul_terminated is caught" {
	caught nul_terminated
}

@test "faulty servers: rdhup_closes is caught" {
	caught rdhup_closes
}

@test "faulty servers: ring_off_by_one is caught" {
	caught ring_off_by_one
}

@test "faulty servers: shared_buffer is caught" {
	caught shared_buffer
}

@test "faulty servers: short_read_drained is caught" {
	caught short_read_drained
}

@test "faulty servers: short_write_dropped is caught" {
	caught short_write_dropped
}

@test "faulty servers: sigpipe_dies is caught" {
	caught sigpipe_dies
}

@test "faulty servers: sigterm_ignored is caught" {
	caught sigterm_ignored
}

@test "faulty servers: spins_while_blocked is caught" {
	caught spins_while_blocked
}

@test "faulty servers: stale_batch is caught" {
	caught stale_batch
}

@test "faulty servers: stale_table is caught" {
	caught stale_table
}

@test "faulty servers: threads_300 is caught" {
	caught threads_300
}

@test "faulty servers: unbounded_buffer is caught" {
	caught unbounded_buffer
}

@test "faulty servers: urgent_closes is caught" {
	caught urgent_closes
}

@test "faulty servers: writes_reordered is caught" {
	caught writes_reordered
}
