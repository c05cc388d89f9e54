#!/bin/sh
# run.sh - puts every backend through the matrix of faults and prints the table.
#
#   BACKENDS=poll,select   only these
#   PLUGIN=./mine.so       only this plug-in (with BACKENDS: both)
#   KEEP=docs/reference/faults.md   put the table into this page
#
# Run by `make test-faults`. BUILD names the build folder.
set -eu
here=$(dirname "$0")
: "${BUILD:?BUILD must name the build folder}"
export BUILD
out=$BUILD/faults
contract=$BUILD/tests/contract/test_contract.t
mkdir -p "$out"

set --
[ -z "${BACKENDS:-}" ] || set -- "$@" --backends "$BACKENDS"
[ -z "${PLUGIN:-}" ] || set -- "$@" --plugin "$PLUGIN"
chosen=$#
"$contract" --list "$@" >"$out/list"
echo "rows 1 to 18: the contract ($(grep -c '"case"' "$out/list") cases a backend; $out/contract.log)"
"$contract" "$@" --report "$out/report" >"$out/contract.log" 2>&1 || true

tap=-
if [ "$chosen" -eq 0 ]; then
	tap=$out/tap
	echo "tests that are tagged with a row: bats ($tap)"
	bats --tap --filter '\[row [0-9]' "$here"/../commands/*.bats >"$tap" 2>&1 || true
fi
status=0
if [ -n "${KEEP:-}" ] && [ "$tap" != - ]; then
	"$here/matrix.py" keep "$out/list" "$out/report" "$tap" "$KEEP" || status=$?
else
	"$here/matrix.py" table "$out/list" "$out/report" "$tap" || status=$?
fi
exit $status
