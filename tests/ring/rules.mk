# What of the tests is about io_uring itself, where it is built in.
ifeq ($(has_liburing),yes)
ring_test   := $(BUILD)/tests/ring/test_ring.t
ring_plugins := $(patsubst %,$(BUILD)/tests/fixtures/%.so,\
	small_ring small_pool small_pool_direct small_poll)
unit_tests  += $(ring_test)

$(ring_test): tests/ring/test_ring.c $(archive)
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) $< $(archive) -lcmocka $(jansson_libs) \
		$(liburing_libs) -lm -ldl -o $@

test check test-faults faults-page: $(ring_test) $(ring_plugins)
endif
