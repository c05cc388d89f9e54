#!/bin/sh
# run.sh PROGRAM.t... - every test as TAP under prove: the cmocka programs named as
# arguments, then the bats files beside this script. BUILD names the build folder.
set -eu
here=$(dirname "$0")
: "${BUILD:?BUILD must name the build folder}"
export BUILD CMOCKA_MESSAGE_OUTPUT=TAP

# One at a time: several servers and loads at once on two cores would starve each other.
exec prove --timer --exec "$here/tap.sh" "$@" "$here"/commands/*.bats
