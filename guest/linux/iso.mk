# The bootable ISO: GRUB, the hypervisor, and what it starts. Every variable
# may be given to make, so that a test boots another hypervisor, another menu
# entry or other arguments through the same pipeline.
ISO            ?= $(O)/chronovisor.iso
RUN_ISO        := $(O)/run.iso
ISO_HV         ?= $(O)/chronovisor
ISO_DEFAULT    ?= dom0
ISO_TIMEOUT    ?= 3
ISO_HV_ARGS    ?=
ISO_DOM0_ARGS  ?= $(DOM0_CMDLINE)
ISO_GUEST_ARGS ?= console=hvc0

# What Linux needs to run as a control domain without hardware. Without ACPI
# the clock chip's driver would take interrupt 8 away from the console.
DOM0_CMDLINE := console=hvc0 acpi=off pci=off swiotlb=noforce \
	initcall_blacklist=cmos_init

ISO_FILES := $(LINUX_OUT)/vmlinuz-amd64 $(LINUX_OUT)/dom0.cpio \
	$(LINUX_OUT)/vmlinuz-cloud $(LINUX_OUT)/domu.cpio
ISO_GRUB  := multiboot2 normal serial terminal iso9660 biosdisk

$(ISO): hv/grub/grub.cfg $(ISO_HV) $(ISO_FILES)
	$(call say,ISO,$@)
	$(Q)rm -rf $@.tree && mkdir -p $@.tree/boot/grub
	$(Q)cp $(ISO_HV) $@.tree/boot/hypervisor
	$(Q)ln $(ISO_FILES) $@.tree/boot
	$(Q)sed -e 's|@TIMEOUT@|$(ISO_TIMEOUT)|' -e 's|@DEFAULT@|$(ISO_DEFAULT)|' \
		-e 's|@HV_ARGS@|$(ISO_HV_ARGS)|' -e 's|@DOM0_ARGS@|$(ISO_DOM0_ARGS)|' \
		-e 's|@GUEST_ARGS@|$(ISO_GUEST_ARGS)|' $< > $@.tree/boot/grub/grub.cfg
	$(Q)grub-mkrescue -d /usr/lib/grub/i386-pc --compress=no --locales= \
		--fonts= --themes= --install-modules="$(ISO_GRUB)" \
		-o $@ $@.tree > $@.log 2>&1 || { cat $@.log; exit 1; }
	$(Q)rm -rf $@.tree $@.log

# The same without the menu, for `make run`.
ifneq ($(ISO),$(RUN_ISO))
$(RUN_ISO): hv/grub/grub.cfg $(ISO_HV) $(ISO_FILES)
	$(Q)$(MAKE) --no-print-directory ISO=$@ ISO_TIMEOUT=0 $@
endif

# Debian's Xen in the hypervisor's place, to check the rest. Xen drops the
# first word of each command line.
XEN_ISO_ARGS := placeholder console=com1 com1=115200 dom0_mem=256M sched=credit
ifneq ($(ISO),$(O)/xen.iso)
$(O)/xen.iso: hv/grub/grub.cfg $(LINUX_OUT)/xen $(ISO_FILES)
	$(Q)$(MAKE) ISO=$@ ISO_HV=$(LINUX_OUT)/xen ISO_HV_ARGS="$(XEN_ISO_ARGS)" \
		ISO_DOM0_ARGS="placeholder $(DOM0_CMDLINE)" $@
endif

.PHONY: iso
iso: $(ISO) ## build/chronovisor.iso: GRUB, the hypervisor, dom0 and a guest
