#!/bin/sh
# run.sh PROGRAM.t... - every test as TAP under prove: the cmocka programs named as
# arguments, then the bats files beside this script. BUILD names the build folder.
set -eu
here=$(dirname "$0")
: "${BUILD:?BUILD must name the build folder}"
export BUILD CMOCKA_MESSAGE_OUTPUT=TAP

# Two at a time: the commands one after the other, for some weigh what the whole machine
# does, and beside them the programs. Most of both is waiting.
exec prove --timer --jobs 2 --rules "seq=$here/commands/*" --rules 'par=**' \
	--exec "$here/tap.sh" "$@" "$here"/commands/*.bats
