# What injects faults, and what is driven under it (tests/inject, tests/commands/inject*.bats).

inject_libraries := $(patsubst %,$(BUILD)/tests/inject/%.so,shim memory broken)
inject_programs  := $(patsubst %,$(BUILD)/tests/inject/%,drive deny)
inject_long      := $(wildcard tests/commands/inject*.bats)

# Preloaded into a program with sanitizers or without: they have none of their own, and the
# functions that they stand in for must not be inline ones.
$(BUILD)/tests/inject/%.so: ALL_CFLAGS := $(filter-out -fsanitize% -fno-sanitize%,$(ALL_CFLAGS)) \
	-U_FORTIFY_SOURCE
$(BUILD)/tests/inject/%.so: tests/inject/%.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -fPIC -shared $(LDFLAGS) $< -ldl -o $@

$(BUILD)/tests/inject/drive: $(patsubst %,$(BUILD)/tests/inject/%.o,drive streams victim) \
		$(common_objects)
	$(CC) $(ALL_LDFLAGS) $^ $(jansson_libs) -lm -o $@

$(BUILD)/tests/inject/deny: tests/inject/deny.c
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) $< -lseccomp -o $@

test check: $(inject_libraries) $(inject_programs)

# The same tests with ten seeds and more, and every allocation refused in turn.
.PHONY: test-inject-long
test-inject-long: all $(inject_libraries) $(inject_programs)
	BUILD=$(abspath $(BUILD)) INJECT=long prove --timer --exec tests/tap.sh $(inject_long)
