# The matrix of faults: which test stands for which fault, on which backend (docs/reference/faults.md).

plain_ring := $(if $(has_liburing),$(BUILD)/tests/faults/plain_ring.so)

# Preloaded into a server with sanitizers or without: it has none of its own.
$(BUILD)/tests/faults/%.so: tests/faults/%.c
	@mkdir -p $(@D)
	$(CC) $(filter-out -fsanitize% -fno-sanitize%,$(ALL_CFLAGS)) -fPIC -shared $(LDFLAGS) \
		$< -ldl -o $@

test check: $(plain_ring)

# What the bats tests with a row's tag need is what all bats tests need.
.PHONY: test-faults faults-page
test-faults: all $(contract) $(plain_ring) $(fixtures)
	@BUILD=$(abspath $(BUILD)) PLUGIN=$(PLUGIN) BACKENDS=$(BACKENDS) tests/faults/run.sh

# The same, and the table goes into the page for readers.
faults-page: all $(contract) $(plain_ring) $(fixtures)
	@BUILD=$(abspath $(BUILD)) KEEP=docs/reference/faults.md tests/faults/run.sh

# Does the contract find faults? It takes some ten minutes, for each one is built.
.PHONY: test-mutants
test-mutants: all $(contract) $(plain_ring)
	@BUILD=$(abspath $(BUILD)) tests/faults/mutants.py
