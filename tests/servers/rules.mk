# Echo servers with one fault each, and the right one: see README.md here.
#
# They are built without a sanitizer: to the conformance suite they are strangers, whose
# memory it weighs, and one of them writes out of bounds, which is its fault.
server_flags := $(filter-out $(sanitize),$(ALL_CFLAGS))
server_names := $(patsubst tests/servers/%.c,%,$(wildcard tests/servers/*.c))
test_servers := $(addprefix $(BUILD)/tests/servers/,$(filter-out loop,$(server_names)))

$(BUILD)/tests/servers/%.o: tests/servers/%.c
	@mkdir -p $(@D)
	$(CC) $(server_flags) -c $< -o $@

$(test_servers): %: %.o $(BUILD)/tests/servers/loop.o
	$(CC) -pthread $(LDFLAGS) $^ -o $@

# glibc checks FD_SET() then and aborts, as in the packages of the distributions; without
# the check it depends on the neighbours in memory what breaks.
$(BUILD)/tests/servers/fd_setsize.o: server_flags += -O2 -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2

.PHONY: test-servers
test-servers: $(test_servers)
test check: $(test_servers)
