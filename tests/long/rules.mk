# What the tests of honesty need beside the plug-ins: things to preload into a program.
preloads := $(patsubst %.c,$(BUILD)/%.so,$(wildcard tests/fixtures/preload_*.c))
$(preloads): $(settings)
# They come into programs that are not ours, too.
$(preloads): ALL_CFLAGS := $(filter-out -fsanitize% -fno-sanitize%,$(ALL_CFLAGS))
$(preloads): ALL_LDFLAGS := $(filter-out -fsanitize%,$(ALL_LDFLAGS))
test check: $(preloads)

# 100 kills at random moments, over server, load and harness: some five minutes.
KILLS ?= 100
.PHONY: test-kills test-silences test-long
test-kills: all
	tests/long/random_kills --build $(abspath $(BUILD)) --kills $(KILLS)

# Loads that fall silent before their start is due, which is waited for longest.
test-silences: all $(preloads)
	BUILD=$(abspath $(BUILD)) /usr/bin/python3 tests/servers/meddle_check.py silences-long

# The long tier, one part after the other: hours, of which most are the fuzzers and the soak.
test-long: all
	$(MAKE) --no-print-directory test-kills
	$(MAKE) --no-print-directory test-silences
	$(MAKE) --no-print-directory test-inject-long
	$(MAKE) --no-print-directory fuzz SECONDS=900
	$(MAKE) --no-print-directory soak MINUTES=10
