#!/bin/sh
# tap.sh FILE - runs one test file so that it speaks TAP, whatever it is.
case "$1" in
*.bats) exec bats --tap "$1" ;;
*) exec "$1" ;;
esac
