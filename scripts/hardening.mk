# hardening.mk - included by the Makefile: what the compiler can do against mistakes in C
# (hardening.sh asks it), and the settings that everything was built with.

settings := $(BUILD)/settings
ask_compiler = CC='$(call quoted,$(CC))' CFLAGS='$(call quoted,$(CFLAGS))' \
	LDFLAGS='$(call quoted,$(LDFLAGS))' SAN='$(SAN)' scripts/hardening.sh $(BUILD)
quoted = $(subst ','\'',$(1))

ifneq ($(builds),)
  $(if $(shell $(ask_compiler) && echo asked),,$(error cannot write into $(BUILD)))
  include $(BUILD)/hardening.mk
endif

ALL_CFLAGS  += $(hardening_warnings) $(hardening_cflags)
ALL_LDFLAGS += $(hardening_ldflags)
# programs alone: -shared objects are position-independent by themselves
$(programs): ALL_LDFLAGS += $(hardening_pie)

# Other settings: all of it again.
$(common_objects) $(backend_objects) $(server_objects) $(loadgen_objects) $(harness_objects) \
	$(contract_support) $(plugin) $(fixtures): $(settings)
# Gone since make began: `make clean all`.
$(settings):
	@$(ask_compiler)

# The folders of these names, or the one of another: if it was made here, and the project
# is not inside it.
usual := build build-address build-thread
clean:
ifneq ($(filter $(BUILD),$(usual)),)
	rm -rf $(usual)
else
	@case '$(CURDIR)/' in '$(abspath $(BUILD))'/*) exit 0;; esac; \
		[ ! -e '$(settings)' ] || rm -rf '$(BUILD)'
endif
