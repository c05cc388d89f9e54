#!/bin/sh
# quick.sh FOLDER TARGET... - as TAP: every fuzz target replays its committed corpus, then
# looks around for two seconds, from a seed that is fixed. `make fuzz` looks further.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
folder=$1
shift
temporary=$(mktemp -d)
trap 'rm -rf "$temporary"' EXIT

echo "1..$#"
number=0
for target; do
	number=$((number + 1))
	. "$here/limits.sh"
	mkdir "$temporary/$target"
	# shellcheck disable=SC2154,SC2086 # limits.sh sets it: a list of words
	if "$folder/$target" $limits -seed=1 -max_total_time=2 -artifact_prefix="$temporary/" \
		"$temporary/$target" "$here/corpus/$target" >"$temporary/log" 2>&1; then
		echo "ok $number - fuzz: $target: $(find "$here/corpus/$target" -type f | wc -l)" \
			"inputs kept, and two seconds more"
		continue
	fi
	echo "not ok $number - fuzz: $target"
	sed 's/^/# /' "$temporary/log" | tail -40
	for input in "$temporary/crash-"* "$temporary/timeout-"* "$temporary/oom-"* "$temporary/leak-"*; do
		[ -e "$input" ] || continue
		mkdir -p "$folder/broken"
		cp "$input" "$folder/broken/$target-$(basename "$input")"
		echo "# to repeat: $folder/$target $limits $folder/broken/$target-$(basename "$input")"
		rm "$input"
	done
done
