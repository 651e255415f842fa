# What Debian's packages become: kernels, initramfs archives, the demo's
# module. Everything is fetched into $(DEBS) once and used from there.
#
#   build/linux/vmlinuz-{cloud,amd64}   kernels as shipped
#   build/linux/vmlinux-{cloud,amd64}   the ELF inside, to boot faster
#   build/linux/domu.cpio               initramfs of the traced guest
#   build/linux/xen                     Debian's Xen 4.17, for comparison

DEBS       ?= $(O)/debs
LINUX      := guest/linux
LINUX_OUT  := $(O)/linux
DEBIAN_OUT := $(O)/debian
FLAVOURS   := cloud amd64

# ---- packages ----------------------------------------------------------------
$(DEBS)/lock: $(LINUX)/packages.txt $(LINUX)/debs.py
	$(Q)$(PYTHON) $(LINUX)/debs.py fetch $< $(DEBS)

$(DEBIAN_OUT)/%.stamp: $(DEBS)/lock
	$(call say,UNPACK,$(DEBIAN_OUT)/$*)
	$(Q)$(PYTHON) $(LINUX)/debs.py unpack $(DEBS) $* $(DEBIAN_OUT)/$*
	@touch $@
.PRECIOUS: $(DEBIAN_OUT)/%.stamp

# ---- kernels -----------------------------------------------------------------
$(FLAVOURS:%=$(LINUX_OUT)/vmlinuz-%): $(LINUX_OUT)/vmlinuz-%: \
		$(DEBIAN_OUT)/%.stamp
	@mkdir -p $(@D)
	$(Q)cp $(DEBIAN_OUT)/$*/boot/vmlinuz-* $@

$(LINUX_OUT)/vmlinux-%: $(LINUX_OUT)/vmlinuz-% $(LINUX)/vmlinux.py
	$(call say,UNPACK,$@)
	$(Q)$(PYTHON) $(LINUX)/vmlinux.py $< $@

$(LINUX_OUT)/xen: $(DEBIAN_OUT)/xen.stamp
	@mkdir -p $(@D)
	$(Q)gzip -dc $(DEBIAN_OUT)/xen/boot/xen-4.17-amd64.gz > $@

# ---- initramfs archives ------------------------------------------------------
# busybox.list: the programme and a link for each of its applets.
$(LINUX_OUT)/busybox.list: $(DEBIAN_OUT)/busybox.stamp
	@mkdir -p $(@D)
	$(Q){ echo "file bin/busybox $(DEBIAN_OUT)/busybox/bin/busybox"; \
	  $(DEBIAN_OUT)/busybox/bin/busybox --list | grep -vx busybox | \
	  sed 's|.*|link bin/& busybox|'; } > $@

$(LINUX_OUT)/domu.cpio: $(LINUX)/domu/domu.list $(LINUX)/domu/init \
		$(LINUX_OUT)/busybox.list $(LINUX)/mkcpio.py
	$(call say,CPIO,$@)
	$(Q)$(PYTHON) $(LINUX)/mkcpio.py $@ $(LINUX)/domu/domu.list \
		$(LINUX_OUT)/busybox.list

.PHONY: linux
linux: ## kernels and initramfs archives for the guests
linux: $(FLAVOURS:%=$(LINUX_OUT)/vmlinuz-%) $(FLAVOURS:%=$(LINUX_OUT)/vmlinux-%) \
	$(LINUX_OUT)/domu.cpio
