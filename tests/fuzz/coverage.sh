#!/bin/sh
# coverage.sh FOLDER TARGET... - which share of the lines of each parser the corpora reach,
# by the coverage that clang builds in. Each target is held against the files it is for.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
folder=$1
shift
version=$(clang --version | sed -n 's/.*version \([0-9]*\).*/\1/p' | head -1)
profdata=$(command -v llvm-profdata "llvm-profdata-$version" | head -1)
cov=$(command -v llvm-cov "llvm-cov-$version" | head -1)
[ -n "$profdata" ] && [ -n "$cov" ] || {
	echo "coverage.sh: llvm-cov is missing: install llvm" >&2
	exit 1
}

files_of() {
	case $1 in
	result) echo harness/result/ harness/trial/trial_json.c harness/export/ harness/report/ \
		common/records.c common/json_shape.c ;;
	resume) echo harness/run/resume.c harness/trial/trial_json.c harness/result/replay.c ;;
	plan_file) echo harness/run/plan_file.c ;;
	options) echo harness/run/options.c harness/counts/options.c harness/waitcost/options.c \
		harness/export/options.c server/options.c ;;
	load_options) echo loadgen/options.c ;;
	server_control) echo server/control.c common/jsonl.c ;;
	load_control) echo loadgen/control.c ;;
	peers) echo harness/process/server_peer.c harness/process/load_peer.c \
		harness/process/peer.c harness/trial/counters.c harness/counts/record.c \
		harness/trial/window_check.c ;;
	list) echo harness/process/backends.c ;;
	waitcost) echo harness/waitcost/figures.c harness/waitcost/trial.c \
		harness/waitcost/summary.c ;;
	parse) echo common/parse.c ;;
	proc) echo common/usage.c harness/machine/steal.c ;;
	*) echo . ;;
	esac
}

for target; do
	. "$here/limits.sh"
	# shellcheck disable=SC2154,SC2086 # limits.sh sets it: a list of words
	LLVM_PROFILE_FILE="$folder/$target.profraw" "$folder/$target" $limits -runs=0 \
		"$here/corpus/$target" >/dev/null 2>&1
	"$profdata" merge -o "$folder/$target.profdata" "$folder/$target.profraw"
	echo "$target:"
	# shellcheck disable=SC2046 # a list of files
	"$cov" report "$folder/$target" -instr-profile="$folder/$target.profdata" \
		-show-region-summary=false -show-branch-summary=false $(files_of "$target") |
		awk '$1 != "Filename" && NF >= 7 { printf "  %6s of %5d lines  %s\n", $7, $5, $1 }'
done
