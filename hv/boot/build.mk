# hv/boot: what it needs of Debian's static libraries, and its host tests.

# ---- headers of the linked libraries -----------------------------------------
# Reached one by one through links, so that no C library's come with them.
UNPACK_HEADERS := $(addprefix $(O)/include/,lzma.h lzma lz4.h zstd.h zstd_errors.h)

$(UNPACK_HEADERS): $(O)/include/%:
	@test -e /usr/include/$* || { echo "/usr/include/$* is missing: run 'make deps'"; exit 1; }
	@mkdir -p $(O)/include && ln -sfn /usr/include/$* $@

$(patsubst %,$(O)/hv/hv/boot/unpack_%.o,xz lz4 zstd): | $(UNPACK_HEADERS)

# ---- tests -------------------------------------------------------------------
# Everything in boot/ that is arithmetic or parsing runs on the host too.
BOOT_UNIT := bzimage_test elf_test boot_layout_test
BOOT_UNIT_BIN := $(BOOT_UNIT:%=$(O)/host/tests/unit/%)

$(O)/host/tests/unit/bzimage_test: $(patsubst %,$(O)/host/hv/boot/%.o, \
	bzimage unpack_xz unpack_lz4 unpack_zstd)
$(O)/host/tests/unit/elf_test: $(O)/host/hv/boot/elf.o $(O)/host/hv/boot/elfnote.o
$(O)/host/tests/unit/boot_layout_test: $(O)/host/hv/boot/layout.o

$(BOOT_UNIT_BIN): %: %.o $(O)/host/tests/unit/boot_fake.o
	$(call say,LD,$@)
	$(Q)$(CC) $(HOST_CFLAGS) -o $@ $(filter %.o,$^) -lcmocka -llzma -llz4 -lzstd

.PHONY: test-boot
test-boot: $(BOOT_UNIT_BIN)
	$(Q)for t in $^; do $$t || exit 1; done
TESTS += test-boot
