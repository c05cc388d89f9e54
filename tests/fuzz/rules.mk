# Every parser under libFuzzer (clang only), with the real objects built once more, into a
# folder of their own.
#
#   make fuzz SECONDS=60               each target that long, one at a time (JOBS=2: two)
#   make fuzz TARGETS="result parse"   only these
#   make fuzz-merge                    takes what was found new into the corpora, and keeps
#                                      of them only what reaches something of its own
#   make fuzz-coverage                 how much of each parser the corpora reach
#
# `make test` replays the corpora and looks a little further (quick.sh).
FUZZ_CC ?= clang
SECONDS ?= 60
JOBS    ?= 1

fuzz_names    := $(sort $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c)))
TARGETS       ?= $(fuzz_names)
fuzz_build    := $(BUILD)/fuzz
fuzz_sanitize := address,undefined,float-cast-overflow
# What a target puts something of its own in the place of.
fuzz_wrap_list         := -Wl,--wrap=peer_start
fuzz_wrap_waitcost     := -Wl,--wrap=peer_start
fuzz_wrap_peers        := -Wl,--wrap=peer_start,--wrap=nanosleep
fuzz_wrap_resume       := -Wl,--wrap=fdatasync,--wrap=progress_say
fuzz_wrap_load_control := -Wl,--wrap=load_run
fuzz_wrap_proc         := -Wl,--wrap=open,--wrap=fopen
# Whose inputs are JSON texts, and are changed as such.
fuzz_json := result resume plan_file server_control load_control peers list waitcost

ifneq ($(filter fuzz% test check $(fuzz_build)/%,$(goals)),)
  fuzz_has_clang := $(shell echo 'int LLVMFuzzerTestOneInput(void); \
	int LLVMFuzzerTestOneInput(void) { return 0; }' | $(FUZZ_CC) -x c - -o /dev/null \
	-fsanitize=fuzzer,$(fuzz_sanitize) 2>/dev/null && echo yes)
endif

# $(1): the folder, $(2): flags of the compiler
fuzz_cflags  = -std=gnu11 -D_GNU_SOURCE -I. -I$(BUILD) -MMD -MP -pthread $(WARNINGS) -O1 -g \
	-fno-omit-frame-pointer -fsanitize=fuzzer-no-link,$(fuzz_sanitize) \
	-fno-sanitize-recover=all
fuzz_ldflags = -fsanitize=fuzzer,$(fuzz_sanitize) -pthread -rdynamic
fuzz_product = $(filter-out %/main.o,$(patsubst $(BUILD)/%,$(1)/%,$(common_objects) \
	$(backend_objects) $(server_objects) $(loadgen_objects) $(harness_objects)))
fuzz_support = $(1)/tests/fuzz/fuzz.o \
	$(if $(filter $(2),$(fuzz_json)),$(1)/tests/fuzz/json_mutator.o) \
	$(if $(findstring peer_start,$(fuzz_wrap_$(2))),$(1)/tests/fuzz/peer.o)

# All of it for a folder $(1), with $(2) as further flags.
define fuzz_folder
$(1)/%.o: %.c
	@mkdir -p $$(@D)
	$(FUZZ_CC) $(fuzz_cflags) $(2) -c $$< -o $$@
$(1)/harness/syscalls/names.o: $(BUILD)/harness/syscalls/list.h
$(1)/harness/report/assets.o: harness/report/page.css harness/report/page.js
$(1)/muxbench.a: $(call fuzz_product,$(1))
	@rm -f $$@
	ar qcs $$@ $$^
$(foreach name,$(fuzz_names),$(eval $(call fuzz_target,$(1),$(2),$(name))))
endef

define fuzz_target
$(1)/$(3): $(1)/tests/fuzz/fuzz_$(3).o $(call fuzz_support,$(1),$(3)) $(1)/muxbench.a
	$(FUZZ_CC) $(fuzz_ldflags) $(2) $(fuzz_wrap_$(3)) $$^ $$(jansson_libs) \
		$$(liburing_libs) -lm -ldl -o $$@
endef

$(eval $(call fuzz_folder,$(fuzz_build),))
$(eval $(call fuzz_folder,$(fuzz_build)-coverage,-fprofile-instr-generate -fcoverage-mapping))

.SECONDARY: $(foreach folder,$(fuzz_build) $(fuzz_build)-coverage, \
	$(patsubst %.c,$(folder)/%.o,$(wildcard tests/fuzz/*.c)))
.PHONY: fuzz fuzz-build fuzz-merge fuzz-coverage
fuzz-build: $(addprefix $(fuzz_build)/,$(fuzz_names))
fuzz: fuzz-build
	tests/fuzz/run.sh $(abspath $(fuzz_build)) $(SECONDS) $(JOBS) $(TARGETS)
fuzz-merge: fuzz-build
	tests/fuzz/merge.sh $(abspath $(fuzz_build)) $(TARGETS)
fuzz-coverage: $(addprefix $(fuzz_build)-coverage/,$(TARGETS))
	tests/fuzz/coverage.sh $(abspath $(fuzz_build)-coverage) $(TARGETS)

# ---- a part of `make test`, of the plain build alone: others have sanitizers of their own ----
ifeq ($(SAN),)
fuzz_quick := $(BUILD)/tests/fuzz/quick.t
unit_tests += $(fuzz_quick)
test check: $(fuzz_quick)
ifeq ($(fuzz_has_clang),yes)
$(fuzz_quick): $(addprefix $(fuzz_build)/,$(fuzz_names))
	@mkdir -p $(@D)
	@printf '#!/bin/sh\nexec tests/fuzz/quick.sh "%s" %s\n' '$(abspath $(fuzz_build))' \
		'$(fuzz_names)' >$@
	@chmod +x $@
else
.PHONY: $(fuzz_quick)
$(fuzz_quick):
	@mkdir -p $(@D)
	@printf '#!/bin/sh\necho "1..0 # SKIP no clang with libFuzzer: make deps test"\n' >$@
	@chmod +x $@
endif
endif
