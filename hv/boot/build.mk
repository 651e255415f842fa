# hv/boot: what it needs of Debian's static libraries, and its host tests.

# ---- headers of the linked libraries -----------------------------------------
# Reached one by one through links, so that no C library's come with them.
UNPACK_HEADERS := $(addprefix $(O)/include/,lzma.h lzma lz4.h zstd.h zstd_errors.h)

$(UNPACK_HEADERS): $(O)/include/%:
	@test -e /usr/include/$* || { echo "/usr/include/$* is missing: run 'make deps'"; exit 1; }
	@mkdir -p $(O)/include && ln -sfn /usr/include/$* $@

$(patsubst %,$(O)/hv/hv/boot/unpack_%.o,xz lz4 zstd) $(O)/hv/hv/rr/codec.o: | $(UNPACK_HEADERS)

# ---- tests -------------------------------------------------------------------
# Parsing and arithmetic run on the host as they are; what writes into frames
# does so over a machine of the test's own, in tests/unit/fake-arch.
BOOT_UNIT := bzimage_test elf_test boot_layout_test builder_test
BOOT_UNIT_BIN := $(BOOT_UNIT:%=$(O)/host/tests/unit/%)

$(O)/host/tests/unit/bzimage_test: $(patsubst %,$(O)/host/hv/boot/%.o, \
	bzimage unpack_xz unpack_lz4 unpack_zstd)
$(O)/host/tests/unit/elf_test: $(O)/host/hv/boot/elf.o $(O)/host/hv/boot/elfnote.o
$(O)/host/tests/unit/boot_layout_test: $(O)/host/hv/boot/layout.o

FAKE_ARCH := $(O)/host/fake-arch
$(FAKE_ARCH)/%.o: %.c | $(O)/include/xen
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(HOST_CFLAGS) -Itests/unit/fake-arch $(HV_INC) -c -o $@ $<

$(O)/host/tests/unit/builder_test: $(patsubst %,$(FAKE_ARCH)/hv/boot/%.o, \
	layout builder builder_tables first_vcpu)
$(O)/host/tests/unit/builder_test.o: HOST_CFLAGS += -Itests/unit/fake-arch

$(BOOT_UNIT_BIN): %: %.o $(O)/host/tests/unit/boot_fake.o
	$(call say,LD,$@)
	$(Q)$(CC) $(HOST_CFLAGS) -o $@ $(filter %.o,$^) -lcmocka -llzma -llz4 -lzstd

HOST_TESTS += $(BOOT_UNIT_BIN)
