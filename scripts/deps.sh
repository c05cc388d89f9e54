#!/bin/sh
# deps.sh [--with-tests] - installs what muxbench is built with, through whatever package
# manager the machine has. `make deps` calls it. Says first what it will install.
set -eu

with_tests=no
case "${1:-}" in
'') ;;
--with-tests) with_tests=yes ;;
*)
	echo "deps.sh: unknown argument '$1'; the only one is --with-tests" >&2
	exit 2
	;;
esac

if [ "$(id -u)" = 0 ]; then
	as_root=
elif command -v sudo >/dev/null 2>&1; then
	as_root=sudo
else
	as_root=none
fi

# Names differ by distribution: a compiler, pkg-config, liburing, jansson, gnuplot; then for
# the tests cmocka, bats, prove, mandoc, python3 with jsonschema, procps, strace, libseccomp,
# clang with libFuzzer, the echo servers of others, socat and ncat, and what the examples of
# docs/guides are built on, libevent and libuv.
choose() {
	packages=$1
	[ "$with_tests" = no ] || packages="$1 $2"
}

# $1: a command that answers 0 when package $2 is there. Leaves the missing ones.
missing() {
	wanted=
	for package in $packages; do
		"$1" "$package" >/dev/null 2>&1 || wanted="$wanted $package"
	done
}

announce() {
	if [ -z "$wanted" ]; then
		echo "deps: everything is there already: $packages"
		exit 0
	fi
	echo "deps: installing with $1:$wanted"
	if [ "$as_root" = none ]; then
		echo "deps: not root and no sudo: ask for these packages:$wanted" >&2
		exit 1
	fi
}

untried() {
	echo "deps: note: the recipe for $1 has not been tried yet; tell us if it fails"
}

has_deb() {
	[ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}
has_rpm() { rpm -q "$1"; }
has_pacman() { pacman -Q "$1"; }
has_apk() { apk info -e "$1"; }

if command -v apt-get >/dev/null 2>&1; then
	choose "gcc libc6-dev pkg-config liburing-dev libjansson-dev gnuplot-nox" \
		"libcmocka-dev bats perl mandoc python3 python3-jsonschema procps strace locales socat ncat libevent-dev libuv1-dev clang libclang-rt-dev libseccomp-dev"
	missing has_deb
	announce apt-get
	$as_root env DEBIAN_FRONTEND=noninteractive apt-get update -q
	# shellcheck disable=SC2086 # a list of words, on purpose
	$as_root env DEBIAN_FRONTEND=noninteractive \
		apt-get install -q -y --no-install-recommends $wanted
elif command -v dnf >/dev/null 2>&1; then
	choose "gcc glibc-devel pkgconf-pkg-config liburing-devel jansson-devel gnuplot" \
		"libcmocka-devel bats perl-Test-Harness mandoc python3 python3-jsonschema procps-ng strace glibc-locale-source libasan libubsan libtsan socat nmap-ncat libevent-devel libuv-devel clang compiler-rt libseccomp-devel"
	missing has_rpm
	announce dnf
	untried dnf
	# shellcheck disable=SC2086
	$as_root dnf install -y $wanted
elif command -v pacman >/dev/null 2>&1; then
	choose "gcc pkgconf liburing jansson gnuplot" \
		"cmocka bats perl mandoc python python-jsonschema procps-ng strace socat nmap libevent libuv clang compiler-rt libseccomp"
	missing has_pacman
	announce pacman
	untried pacman
	# shellcheck disable=SC2086
	$as_root pacman -S --needed --noconfirm $wanted
elif command -v apk >/dev/null 2>&1; then
	choose "gcc musl-dev pkgconf liburing-dev jansson-dev gnuplot linux-headers" \
		"cmocka-dev bats perl-utils mandoc python3 py3-jsonschema procps-ng util-linux strace socat nmap-ncat libevent-dev libuv-dev clang compiler-rt libseccomp-dev"
	missing has_apk
	announce apk
	untried apk
	# shellcheck disable=SC2086
	$as_root apk add $wanted
else
	echo "deps: none of apt-get, dnf, pacman, apk is here; install by hand a C compiler," \
		"pkg-config, liburing >= 2.3, jansson and gnuplot" >&2
	exit 1
fi
