# The soak: clients of every kind at once, for long; tests/commands/soak.bats runs it short.
MINUTES ?= 10

soak_program := $(BUILD)/tests/soak/soak
soak_servers := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/soak/servers/*.c))
soak_options := --minutes $(MINUTES) $(if $(BACKENDS),--backends $(BACKENDS)) \
	$(if $(SEED),--seed $(SEED)) $(if $(SAN),--memory-growth none) $(SOAK)

soak_test    := $(BUILD)/tests/soak/test_soak.t
soak_objects := $(call objects_of,$(filter-out %/test_soak.c,$(wildcard tests/soak/*.c)))

$(soak_program): $(soak_objects) $(archive)
	@mkdir -p $(@D)
	$(CC) $(ALL_LDFLAGS) $^ $(jansson_libs) -lm -o $@

$(soak_test): $(BUILD)/tests/soak/test_soak.o $(filter-out %/soak.o,$(soak_objects)) $(archive)
	$(CC) $(ALL_LDFLAGS) $^ -lcmocka $(jansson_libs) -lm -o $@

# Without a sanitizer: their memory is weighed.
$(BUILD)/tests/soak/servers/%: tests/soak/servers/%.c
	@mkdir -p $(@D)
	$(CC) $(filter-out $(sanitize),$(ALL_CFLAGS)) $(LDFLAGS) $< -o $@

.PHONY: soak
soak: all $(soak_program)
	$(soak_program) $(soak_options)

unit_tests += $(soak_test)
test check: $(soak_program) $(soak_servers) $(soak_test)
