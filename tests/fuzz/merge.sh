#!/bin/sh
# merge.sh FOLDER TARGET... - the corpus of each target anew, from what is kept and what was
# found in FOLDER/found: the smallest inputs that together reach all that those reach.
# Inputs of more than 12 KiB are left out: the corpora stay small, and quick to replay.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
folder=$1
shift
for target; do
	. "$here/limits.sh"
	corpus=$here/corpus/$target merged=$folder/merged/$target
	rm -rf "$merged"
	mkdir -p "$merged" "$folder/found/$target"
	# shellcheck disable=SC2154,SC2086 # limits.sh sets it: a list of words
	"$folder/$target" $limits -max_len=12288 -merge=1 "$merged" "$corpus" \
		"$folder/found/$target" 2>"$folder/merged/$target.log"
	rm -rf "$corpus"
	mv "$merged" "$corpus"
	echo "$target: $(find "$corpus" -type f | wc -l) inputs, $(du -sb "$corpus" | cut -f1) bytes"
done
