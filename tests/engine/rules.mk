# The io_uring engine of muxbench-load: it is in a folder of its own, since it is built
# only where liburing is.
uring_engine := $(call objects_of,$(addprefix loadgen/uring/, \
	$(if $(has_liburing),engine_uring.c ring.c,engine_uring_absent.c)))
loadgen_objects += $(uring_engine)

$(BUILD)/muxbench-load $(archive): $(uring_engine)
$(BUILD)/muxbench-load: jansson_libs += $(liburing_libs)
$(uring_engine): $(settings)
