#!/bin/sh
# run.sh FOLDER SECONDS JOBS TARGET... - runs fuzz targets from FOLDER for so long each, JOBS
# at a time. What they find new goes to FOLDER/found/TARGET, on top of the committed
# corpus; an input that broke something is kept in FOLDER/broken/, and the command that
# repeats it is printed. Exit status 1 then.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
folder=$1 seconds=$2 jobs=$3
shift 3

# stat NAME LOG: what libFuzzer says of itself at its end.
stat() {
	sed -n "s/^stat::$1: *//p" "$2"
}

one() {
	target=$1 log=$folder/log/$1
	mkdir -p "$folder/found/$target" "$folder/broken" "$folder/log"
	. "$here/limits.sh"
	# shellcheck disable=SC2154,SC2086 # limits.sh sets it: a list of words
	if "$folder/$target" $limits -max_total_time="$seconds" -print_final_stats=1 \
		-artifact_prefix="$folder/broken/$target-" "$folder/found/$target" \
		"$here/corpus/$target" >"$log" 2>&1; then
		echo "fuzz: $target: $(stat number_of_executed_units "$log") inputs in $seconds s," \
			"$(stat peak_rss_mb "$log") MiB: nothing found"
		return 0
	fi
	grep -E 'ERROR|SUMMARY|runtime error|^fuzz:' "$log" | head -5 || true
	input=$(sed -n 's/.*Test unit written to //p' "$log" | tail -1)
	echo "fuzz: $target: BROKEN, see $log; to repeat:"
	echo "  $folder/$target $limits ${input:-(it kept no input)}"
	return 1
}

if [ "$jobs" -gt 1 ]; then
	printf '%s\n' "$@" | xargs -P "$jobs" -I{} "$0" "$folder" "$seconds" 1 {}
	exit
fi
failed=0
for target; do
	one "$target" || failed=1
done
exit "$failed"
