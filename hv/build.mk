# hv: the hypervisor image, build/chronovisor (multiboot 1 and 2, ELF64).

HV_SRC := $(wildcard hv/*/*.c hv/*/*/*.c)
HV_SRC := $(filter-out hv/arch/x86_64/asm-offsets.c,$(HV_SRC))
HV_ASM := $(wildcard hv/*/*.S hv/arch/x86_64/*.S)
HV_C_OBJ := $(patsubst %.c,$(O)/hv/%.o,$(HV_SRC) $(TF_SRC) $(RR_SRC))
HV_ASM_OBJ := $(patsubst %.S,$(O)/hv/%.o,$(sort $(HV_ASM)))
HV_OBJ := $(O)/hv/all.o $(HV_ASM_OBJ)
HV_ARCHIVES = $(foreach l,liblzma.a liblz4.a libzstd.a,$(shell $(CC) -print-file-name=$(l))) \
	$(shell $(CC) -print-libgcc-file-name)
HV_LDFLAGS := -nostdlib -static --no-dynamic-linker -z noexecstack \
	-z max-page-size=4096 --build-id=none --no-warn-rwx-segments --no-relax -T hv/hv.lds

# The release that XENVER_extraversion and the boot log show.
HV_VERSION := 0.1

$(O)/include/asm-offsets.h: hv/arch/x86_64/asm-offsets.c | $(O)/include/xen
	$(call say,GEN,$@)
	$(Q)$(CC) $(HV_CFLAGS) -fno-lto $(HV_INC) -MF $(O)/asm-offsets.d -MT $@ -S -o $(O)/asm-offsets.s $<
	$(Q)sed -n 's/^-> \([A-Z0-9_]*\) \$$\?\([0-9-]*\).*/#define \1 \2/p' $(O)/asm-offsets.s > $@

$(HV_ASM_OBJ): $(O)/include/asm-offsets.h

# All C as one unit: a call or return costs an emulated CPU more than what most
# small functions do (docs/decisions/one-unit.md).
$(O)/hv/all.o: $(HV_C_OBJ)
	$(call say,LTO,$@)
	$(Q)$(CC) $(HV_CFLAGS) -fwhole-program -flinker-output=nolto-rel -nostdlib -r -o $@ $^

# Linked twice: the second time with the table of its own symbols, which
# hv/hv.lds places where it moves nothing.
$(O)/hv/pass1.elf: $(HV_OBJ) hv/hv.lds
	$(call say,LD,$@)
	$(Q)$(LD) $(HV_LDFLAGS) -o $@ $(HV_OBJ) --start-group $(HV_ARCHIVES) --end-group

$(O)/hv/symbols.o: $(O)/hv/pass1.elf hv/arch/x86_64/symbols.py
	$(call say,GEN,$@)
	$(Q)nm -n $< | $(PYTHON) hv/arch/x86_64/symbols.py > $(O)/hv/symbols.S
	$(Q)$(CC) -c -o $@ $(O)/hv/symbols.S

$(O)/chronovisor: $(O)/hv/pass1.elf $(O)/hv/symbols.o
	$(call say,LD,$@)
	$(Q)$(LD) $(HV_LDFLAGS) -o $@ $(HV_OBJ) $(O)/hv/symbols.o --start-group $(HV_ARCHIVES) --end-group

.PHONY: hv
hv: $(O)/chronovisor
ALL += $(O)/chronovisor
include hv/core/build.mk
include hv/mm/build.mk
include hv/pv/build.mk
include hv/boot/build.mk

-include $(O)/asm-offsets.d
