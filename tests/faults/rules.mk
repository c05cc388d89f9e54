# The matrix of faults: which test stands for which fault, on which backend (docs/reference/faults.md).

plain_ring := $(if $(has_liburing),$(BUILD)/tests/faults/plain_ring.so)

# Preloaded into a server with sanitizers or without: it has none of its own.
$(BUILD)/tests/faults/%.so: tests/faults/%.c
	@mkdir -p $(@D)
	$(CC) $(filter-out -fsanitize% -fno-sanitize%,$(ALL_CFLAGS)) -fPIC -shared $(LDFLAGS) \
		$< -ldl -o $@

test check: $(plain_ring)
