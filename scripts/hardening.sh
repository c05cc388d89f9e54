#!/bin/sh
# hardening.sh BUILD - asks the compiler which of the hardening options it takes, and writes
# BUILD/hardening.mk with them. Nothing is asked again until a setting changes: they are kept
# in BUILD/settings, which every object depends on, so that `make CC=clang` after `make`
# builds all of it again. The settings come as CC, CFLAGS, LDFLAGS and SAN.
#
# The list is that of the OpenSSF, "Compiler Options Hardening Guide for C and C++". Left out:
# -fno-strict-aliasing and -fno-strict-overflow (they change what is measured for the sake of
# bugs that the sanitizers look for), and -z nodlopen (the server opens plug-ins).
set -eu

build=$1
settings="cc: $CC
$($CC --version 2>/dev/null | head -n 1)
cflags: $CFLAGS
ldflags: $LDFLAGS
sanitizer: $SAN
asked by: $(cksum <"$0")"
[ "$settings" != "$(cat "$build/settings" 2>/dev/null)" ] || [ ! -e "$build/hardening.mk" ] || exit 0

mkdir -p "$build"
probe=$(mktemp -d "$build/probe.XXXXXX")
trap 'rm -rf "$probe"' EXIT
echo 'int main(void) { return 0; }' >"$probe/probe.c"

# What only optimised code without a sanitizer can have: others would warn, or hide from it.
fortify=
case $SAN:$CFLAGS in
:*-O0* | *-fsanitize*) ;;
:*-O*) fortify='-U_FORTIFY_SOURCE,-D_FORTIFY_SOURCE=3 -U_FORTIFY_SOURCE,-D_FORTIFY_SOURCE=2' ;;
esac

# Prints those of its arguments that the compiler takes; commas stand for spaces.
taken_by() {
	step=$1
	shift
	for option in "$@"; do
		words=$(echo "$option" | tr ',' ' ')
		case $step,$option in link,-Wl*) words=$option ;; esac
		# shellcheck disable=SC2086 # lists of words, on purpose
		case $step in
		compile) set -- -c "$probe/probe.c" -o "$probe/probe.o" ;;
		link) set -- "$probe/probe.c" -o "$probe/probe" ;;
		esac
		# shellcheck disable=SC2086
		if $CC $CFLAGS -Werror $words "$@" >/dev/null 2>&1; then
			echo "$words"
		fi
	done
}

first() { head -n 1; }

{
	echo '# made by scripts/hardening.sh'
	echo 'hardening_warnings :=' $(taken_by compile -Wformat=2,-Werror=format-security \
		-Wimplicit-fallthrough -Wtrampolines -Werror=implicit \
		-Werror=incompatible-pointer-types -Werror=int-conversion)
	# shellcheck disable=SC2086,SC2046
	echo 'hardening_cflags := -fPIE' $(taken_by compile $fortify | first) \
		$(taken_by compile -fstack-protector-strong -fstack-clash-protection) \
		$(taken_by compile -fcf-protection=full -mbranch-protection=standard | first) \
		$(taken_by compile -fstrict-flex-arrays=3 -fno-delete-null-pointer-checks \
			-ftrivial-auto-var-init=zero)
	# shellcheck disable=SC2046
	echo 'hardening_ldflags :=' $(taken_by link -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack \
		-Wl,--as-needed)
	echo 'hardening_pie :=' $(taken_by link -pie)
} >"$probe/hardening.mk"
echo "$settings" >"$probe/settings"
mv "$probe/hardening.mk" "$build/hardening.mk"
mv "$probe/settings" "$build/settings"
