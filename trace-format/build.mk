# The trace format: a freestanding library that the hypervisor, chv and the
# host tests all link, each from its own environment's objects.
TF_SRC := trace-format/varint.c trace-format/crc32c.c trace-format/hash.c \
	trace-format/super.c trace-format/names.c trace-format/calls.c \
	trace-format/writer.c trace-format/reader.c trace-format/zframe.c \
	trace-format/seal.c trace-format/scan.c trace-format/index.c
TF_HV_OBJ   := $(TF_SRC:%.c=$(O)/hv/%.o)
TF_HOST_OBJ := $(TF_SRC:%.c=$(O)/host/%.o)

# ---- programs of the tests ---------------------------------------------------
TF_DUMP  := $(O)/host/tf-dump
TF_MAKE  := $(O)/host/tf-make-trace
TF_UNITS := codec writer calls hostile window
TF_UNIT_BIN := $(TF_UNITS:%=$(O)/host/tf-%-test)
TF_TEST_OBJ := $(O)/host/tests/trace-format/random_trace.o

define tf_link
	$(call say,LINK,$@)
	$(Q)$(CC) $(HOST_CFLAGS) -o $@ $^ $(1)
endef

$(TF_DUMP): $(O)/host/trace-format/tools/tf-dump.o $(TF_HOST_OBJ)
	$(call tf_link,-lzstd)
$(TF_MAKE): $(O)/host/tests/trace-format/make-trace.o $(TF_TEST_OBJ) $(TF_HOST_OBJ)
	$(call tf_link,-lzstd)
$(TF_UNIT_BIN): $(O)/host/tf-%-test: $(O)/host/tests/trace-format/%_test.o \
		$(TF_TEST_OBJ) $(TF_HOST_OBJ)
	$(call tf_link,-lcmocka -lzstd)

# ---- tests ---------------------------------------------------------------------
.PHONY: test-tf test-tf-unit test-tf-spec lint-tf
TESTS += test-tf
test-tf: test-tf-unit test-tf-spec ## the trace format's library and document
test-tf-unit: $(TF_UNIT_BIN)
	$(Q)for t in $^; do $$t || exit 1; done
test-tf-spec: $(TF_DUMP) $(TF_MAKE)
	$(Q)$(PYTHON) -B tests/spec/compare.py --dump $(TF_DUMP) --make $(TF_MAKE) \
		--golden trace-format

# Ring 0 gives the library these functions and no others.
LINT += lint-tf
lint-tf: $(TF_HV_OBJ)
	$(Q)$(CC) $(HV_CFLAGS) -flinker-output=nolto-rel -nostdlib -r -o $(O)/hv/trace-format/all.o $^
	$(Q)if nm -u $(O)/hv/trace-format/all.o | \
		grep -vwE 'U (memcpy|memset|memmove|memcmp)'; then \
		echo "trace-format needs more than ring 0 has (see port.h)"; \
		exit 1; fi
