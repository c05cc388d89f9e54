# muxbench: see `make help`.

# ---- settings: override on the command line, e.g. `make CC=clang SAN=address` ----------
CC      ?= cc
CFLAGS  ?= -O2 -g
PREFIX  ?= /usr/local
DESTDIR ?=
# address (with undefined) or thread: a sanitizer build in a folder of its own
SAN     ?=
BUILD   ?= build$(if $(SAN),-$(SAN))
# one spelling, or the dependencies of an absolute BUILD would not be those of a relative one
override BUILD := $(patsubst $(CURDIR)/%,%,$(abspath $(BUILD)))
# what `make bench` runs
BENCH   ?= run --profile quick

WARNINGS := -Wall -Wextra -Wconversion -Wshadow
sanitize_address := -fsanitize=address,undefined -fno-sanitize-recover=undefined
sanitize_thread  := -fsanitize=thread
sanitize := $(sanitize_$(SAN))
ifneq ($(SAN),)
  $(if $(sanitize),,$(error SAN takes address or thread, not '$(SAN)'))
endif

.DEFAULT_GOAL := all

ifneq ($(filter deps,$(MAKECMDGOALS)),)
# ---- deps and whatever else was asked: install first, then probe in a make of its own --
rest  := $(filter-out deps,$(MAKECMDGOALS))
first := $(firstword $(rest))

.PHONY: deps $(rest)
deps:
	@scripts/deps.sh $(if $(filter test install-test,$(rest)),--with-tests)
ifneq ($(rest),)
$(first): deps
	@$(MAKE) --no-print-directory $(rest)
$(filter-out $(first),$(rest)): $(first)
	@:
endif

else
# ---- libraries ------------------------------------------------------------------------
PKG_CONFIG ?= pkg-config
goals := $(or $(MAKECMDGOALS),all)
builds := $(filter-out help clean uninstall,$(goals))

ifneq ($(builds),)
  jansson_libs := $(shell $(PKG_CONFIG) --libs jansson 2>/dev/null)
  $(if $(jansson_libs),,$(error jansson or pkg-config is missing: run `make deps`))
  has_liburing := $(shell $(PKG_CONFIG) --atleast-version=2.3 liburing 2>/dev/null && echo yes)
  ifeq ($(has_liburing),yes)
    liburing_libs := $(shell $(PKG_CONFIG) --libs liburing)
  else
    $(info note: no liburing >= 2.3: building without io_uring (`make deps` installs it))
  endif
endif

# ---- what is built --------------------------------------------------------------------
ALL_CFLAGS  := -std=gnu11 -D_GNU_SOURCE -I. -MMD -MP -pthread $(WARNINGS) $(CFLAGS) \
	$(sanitize) $(shell $(PKG_CONFIG) --cflags jansson 2>/dev/null)
ALL_LDFLAGS := -pthread $(LDFLAGS) $(sanitize)

objects_of = $(patsubst %.c,$(BUILD)/%.o,$(1))

common_objects   := $(call objects_of,$(wildcard common/*.c))
ring_sources     := $(wildcard backends/uring*.c backends/io_uring*.c)
ring_absent      := backends/io_uring_absent.c
backend_sources  := $(filter-out $(ring_sources),$(wildcard backends/*.c)) \
	$(if $(has_liburing),$(filter-out $(ring_absent),$(ring_sources)),$(ring_absent))
backend_objects  := $(call objects_of,$(backend_sources))
server_objects   := $(call objects_of,$(wildcard server/*.c))
loadgen_objects  := $(call objects_of,$(wildcard loadgen/*.c))
harness_objects  := $(call objects_of,$(wildcard harness/*.c harness/*/*.c))
programs := $(BUILD)/muxbench-server $(BUILD)/muxbench-load $(BUILD)/muxbench
plugin   := $(BUILD)/select_wide.so

.PHONY: all bench test check install uninstall clean help
all: $(programs) $(plugin)

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -c $< -o $@

# The system calls that the headers of this machine know, a SYSCALL(name) each.
$(BUILD)/harness/syscalls/list.h:
	@mkdir -p $(@D)
	echo '#include <sys/syscall.h>' | $(CC) -E -dM - | \
		sed -n 's/^#define SYS_\([a-z0-9_]*\) .*/SYSCALL(\1)/p' | LC_ALL=C sort >$@.tmp
	@mv $@.tmp $@
$(BUILD)/harness/syscalls/names.o: $(BUILD)/harness/syscalls/list.h
$(BUILD)/harness/syscalls/names.o: ALL_CFLAGS += -I$(BUILD)

# What the page of `muxbench report` carries with it.
$(BUILD)/harness/report/assets.o: harness/report/page.css harness/report/page.js

# -rdynamic: plug-ins find readiness_run() and the echo step in the server.
$(BUILD)/muxbench-server: $(server_objects) $(backend_objects) $(common_objects)
	$(CC) -rdynamic $(ALL_LDFLAGS) $^ $(jansson_libs) $(liburing_libs) -lm -ldl -o $@

$(BUILD)/muxbench-load: $(loadgen_objects) $(common_objects)
	$(CC) $(ALL_LDFLAGS) $^ $(jansson_libs) -lm -o $@

$(BUILD)/muxbench: $(harness_objects) $(common_objects)
	$(CC) $(ALL_LDFLAGS) $^ $(jansson_libs) -lm -o $@

# The plug-in example is a backend file as it is, with one symbol under another name.
$(plugin): backends/select_wide.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -fPIC -shared -DMUXBENCH_PLUGIN $(ALL_LDFLAGS) $< -o $@

bench: all
	$(BUILD)/muxbench $(BENCH)

# ---- tests ----------------------------------------------------------------------------
# Each unit test is a cmocka program of its own, linked with whatever objects it uses.
unit_tests := $(patsubst tests/unit/%.c,$(BUILD)/tests/unit/%.t,$(wildcard tests/unit/*.c))
contract   := $(patsubst tests/contract/%.c,$(BUILD)/tests/contract/%.t, \
	$(wildcard tests/contract/test_*.c))
archive    := $(BUILD)/tests/muxbench.a

$(archive): $(filter-out %/main.o,$(common_objects) $(backend_objects) $(server_objects) \
		$(loadgen_objects) $(harness_objects))
	@mkdir -p $(@D)
	@rm -f $@
	ar qcs $@ $^

$(BUILD)/tests/unit/%.t: tests/unit/%.c $(archive)
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) $< $(archive) -lcmocka $(jansson_libs) \
		$(liburing_libs) -lm -ldl -o $@

contract_support := $(call objects_of,$(filter-out tests/contract/test_%, \
	$(wildcard tests/contract/*.c)))
$(BUILD)/tests/contract/%.t: tests/contract/%.c $(contract_support) $(archive)
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) $< $(contract_support) $(archive) -lcmocka \
		$(jansson_libs) $(liburing_libs) -lm -ldl -o $@

# Plug-ins with one fault each, and what is special to tests only.
fixtures := $(patsubst %.c,$(BUILD)/%.so,$(wildcard tests/fixtures/plugin_*.c))

$(BUILD)/tests/fixtures/%.so: tests/fixtures/%.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -fPIC -shared $(ALL_LDFLAGS) $< -o $@

.SECONDARY: $(contract_support)
test check: all $(unit_tests) $(contract) $(fixtures)
	BUILD=$(abspath $(BUILD)) tests/run.sh $(unit_tests) $(contract)

# ---- install --------------------------------------------------------------------------
bindir   := $(DESTDIR)$(PREFIX)/bin
sharedir := $(DESTDIR)$(PREFIX)/share/muxbench
mandir   := $(DESTDIR)$(PREFIX)/share/man/man1
incdir   := $(DESTDIR)$(PREFIX)/include/muxbench
# what a plug-in may include: the contract, and the steps that every backend shares
plugin_headers := $(addprefix backends/,backend.h calls.h accept.h buffers.h echo.h)

install: all
	install -d $(bindir) $(sharedir)/plots $(mandir) $(incdir)/backends
	install -m 755 $(programs) $(bindir)
	install -m 644 $(wildcard plots/*.gp) $(sharedir)/plots
	install -m 644 results/schema.json $(sharedir)
	install -m 644 $(wildcard docs/man/*.1) $(mandir)
	install -m 644 $(plugin_headers) $(incdir)/backends

uninstall:
	rm -f $(addprefix $(bindir)/,$(notdir $(programs)))
	rm -f $(addprefix $(mandir)/,$(notdir $(wildcard docs/man/*.1)))
	rm -rf $(sharedir) $(incdir)

# ---- hardening, and a build that knows its settings --------------------------------------
include scripts/hardening.mk

# ---- what a folder of tests needs of its own ---------------------------------------------
include $(wildcard tests/*/rules.mk)

help:
	@echo 'make              build everything into $(BUILD)/'
	@echo 'make deps         install the packages that building and plotting need'
	@echo '                  (with test as a goal too: those of the tests as well)'
	@echo 'make bench        run the quick profile: table, result.json and pictures'
	@echo 'make test         all tests, as TAP under prove'
	@echo 'make test-faults  every backend through every kind of fault; prints the table'
	@echo '                  (BACKENDS=poll,epoll-lt or PLUGIN=./mine.so: only these)'
	@echo 'make soak         clients of every kind at once (MINUTES=10 BACKENDS=... SEED=...)'
	@echo 'make fuzz         every parser under libFuzzer (SECONDS=60 TARGETS="result parse")'
	@echo 'make test-long    100 random kills, all injections, fuzzers and soak: hours'
	@echo 'make install      into PREFIX (default /usr/local), under DESTDIR'
	@echo 'make uninstall    and out of it again'
	@echo 'make clean        remove what was built; results stay'
	@echo
	@echo 'settings: CC=clang  CFLAGS=...  SAN=address|thread  PREFIX=...  DESTDIR=...'
	@echo '          BENCH="run --idle 0,1000 --backends poll,epoll-lt"'

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
endif
