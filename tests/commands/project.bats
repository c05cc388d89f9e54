#!/usr/bin/env bats
# The everyday things: man pages, installing, building without a library.
load common

@test "project: the man pages lint clean" {
	run_split mandoc -Tlint -Wwarning docs/man/*.1
	[ "$status" -eq 0 ]
	[ -z "$stdout" ]
}

@test "project: --help and the man page of each program name the same options" {
	for program in muxbench-server muxbench-load muxbench; do
		help=$("$BUILD/$program" $([ "$program" = muxbench ] && echo run) --help)
		for option in $(grep -oE -- '--[a-z]+(-[a-z]+)*' <<<"$help" | sort -u); do
			case $option in --help | --version | --list) continue ;; esac
			grep -qE -- "Fl -?${option#--}( |\$)" "docs/man/$program.1" ||
				{ echo "$program.1 lacks $option" >&2; return 1; }
		done
	done
}

@test "project: make install and uninstall, under DESTDIR" {
	env -u MAKEFLAGS make -s install BUILD="$BUILD" DESTDIR="$BATS_TEST_TMPDIR/root" PREFIX=/opt/mux
	root="$BATS_TEST_TMPDIR/root/opt/mux"
	[ -s "$root/share/man/man1/muxbench.1" ]
	# what is installed finds its own servers and plot scripts
	run_split "$root/bin/muxbench" run --backends poll --idle 0,5 --blocks 1 --duration 0.05 \
		--out "$BATS_TEST_TMPDIR/out"
	[ "$status" -eq 0 ]
	[ -s "$BATS_TEST_TMPDIR/out/plots/cost-against-idle.svg" ]
	env -u MAKEFLAGS make -s uninstall BUILD="$BUILD" DESTDIR="$BATS_TEST_TMPDIR/root" PREFIX=/opt/mux
	[ -z "$(find "$BATS_TEST_TMPDIR/root" -type f)" ]
}

@test "project: without liburing it builds, says so, and io_uring is unsupported" {
	cat >"$BATS_TEST_TMPDIR/pkg-config" <<-'SH'
		#!/bin/sh
		case "$*" in *liburing*) exit 1 ;; esac
		exec pkg-config "$@"
	SH
	chmod +x "$BATS_TEST_TMPDIR/pkg-config"
	run_split env -u MAKEFLAGS make -s -j2 BUILD="$BATS_TEST_TMPDIR/build" PKG_CONFIG="$BATS_TEST_TMPDIR/pkg-config" \
		"$BATS_TEST_TMPDIR/build/muxbench-server" CFLAGS=-O0
	[ "$status" -eq 0 ]
	grep -q 'building without io_uring' <<<"$stdout"
	run_split "$BATS_TEST_TMPDIR/build/muxbench-server" --list
	grep -q 'unsupported: built without liburing' <<<"$stdout"
	refused 5 'built without liburing' "$BATS_TEST_TMPDIR/build/muxbench-server" --backend io_uring
}

@test "project: no compiler warning under gcc and, where it is installed, clang" {
	for compiler in gcc clang; do
		command -v "$compiler" >/dev/null || continue
		run_split env -u MAKEFLAGS make -s -j2 CC="$compiler" BUILD="$BATS_TEST_TMPDIR/$compiler"
		[ "$status" -eq 0 ]
		[ -z "$stderr" ]
	done
}

@test "project: nothing of backends/ or server/ is used by loadgen/ or harness/" {
	! grep -nE '#include "(backends|server)/' loadgen/*.[ch] harness/*.[ch]
	! grep -nE '#include "(harness|loadgen)/' backends/*.[ch] server/*.[ch] common/*.[ch]
}
