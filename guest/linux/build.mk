# What Debian's packages become: kernels, initramfs archives, the demo's
# module. Everything is fetched into $(DEBS) once and used from there.
#
#   build/linux/vmlinuz-{cloud,amd64}   kernels as shipped
#   build/linux/vmlinux-{cloud,amd64}   the ELF inside, to boot faster
#   build/linux/domu.cpio               initramfs of the traced guest
#   build/linux/dom0.cpio               initramfs of the control domain
#   build/linux/xen                     Debian's Xen 4.17, for comparison

DEBS       ?= $(O)/debs
LINUX      := guest/linux
LINUX_OUT  := $(O)/linux
DEBIAN_OUT := $(O)/debian
FLAVOURS   := cloud amd64
CHV        := $(O)/chv/chv

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

# ---- the demonstration's module ----------------------------------------------
# Debian's headers name each other under /usr/src; here they are neighbours.
HEADERS       := $(abspath $(DEBIAN_OUT)/headers)/usr/src
BESIDE_ITSELF := $$(dir $$(lastword $$(MAKEFILE_LIST)))../

# The debug information names the source in this tree, not kbuild's copy.
RACY_NAMES = $(abspath $(LINUX_OUT)/demo/$*)=$(abspath $(LINUX)/demo)

$(DEBIAN_OUT)/headers-here.stamp: $(DEBIAN_OUT)/headers.stamp
	$(Q)sed -i 's|^include /usr/src/|include $(BESIDE_ITSELF)|' \
		$(HEADERS)/*-amd64/Makefile
	@touch $@

$(LINUX_OUT)/demo/racy-%.ko: $(LINUX)/demo/racy.c $(LINUX)/demo/Kbuild \
		$(DEBIAN_OUT)/headers-here.stamp $(DEBIAN_OUT)/%.stamp
	$(call say,KBUILD,$@)
	@mkdir -p $(@D)/$*
	$(Q)cp $(LINUX)/demo/racy.c $(LINUX)/demo/Kbuild $(@D)/$*
	$(Q)release=$$(cd $(DEBIAN_OUT)/$*/boot && ls vmlinuz-*) && \
	env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL $(MAKE) \
		-C $(HEADERS)/linux-headers-$${release#vmlinuz-} \
		M=$(abspath $(@D)/$*) KCFLAGS="-fdebug-prefix-map=$(RACY_NAMES)" \
		modules > $(@D)/$*/log 2>&1 || \
		{ cat $(@D)/$*/log; exit 1; }
	$(Q)cp $(@D)/$*/racy.ko $@

$(LINUX_OUT)/demo/%.stripped: $(LINUX_OUT)/demo/%.ko
	$(Q)$(OBJCOPY) --strip-debug $< $@

# ---- initramfs archives ------------------------------------------------------
# busybox.list: the programme and a link for each of its applets.
$(LINUX_OUT)/busybox.list: $(DEBIAN_OUT)/busybox.stamp
	@mkdir -p $(@D)
	$(Q){ echo "file bin/busybox $(DEBIAN_OUT)/busybox/bin/busybox"; \
	  $(DEBIAN_OUT)/busybox/bin/busybox --list | grep -vx busybox | \
	  sed 's|.*|link bin/& busybox|'; } > $@

$(LINUX_OUT)/domu.cpio: $(LINUX)/domu/domu.list $(LINUX)/domu/init \
		$(LINUX_OUT)/busybox.list $(LINUX)/mkcpio.py \
		$(FLAVOURS:%=$(LINUX_OUT)/demo/racy-%.stripped)
	$(call say,CPIO,$@)
	$(Q)$(PYTHON) $(LINUX)/mkcpio.py $@ $(filter %.list,$^)

# dom0: what dlopen() asks for at run time is named here, what programs are
# linked with is found out. DOM0_LISTS may name more lists, DOM0_PROGRAMS the
# programs in them whose libraries have to come along.
DOM0_KERNELS  ?= cloud
DOM0_PROGRAMS ?= $(CHV)
DOM0_LISTS    ?=
DOM0_MODULES  := xen-privcmd xen-evtchn xen-gntdev xen-gntalloc xenfs/xenfs
DOM0_SONAMES  := libxenctrl.so.4.17 libxenguest.so.4.17 libxenevtchn.so.1 \
	libxenforeignmemory.so.1 libxengnttab.so.1 libxencall.so.1 \
	libxendevicemodel.so.1 libxentoolcore.so.1 libxentoollog.so.1 \
	libxenstore.so.4 libgcc_s.so.1 libreadline.so.8
DOM0_TERMS    := d/dumb l/linux v/vt100 v/vt220 x/xterm x/xterm-256color \
	s/screen s/screen-256color t/tmux-256color

$(LINUX_OUT)/dom0-libs.list: $(DEBIAN_OUT)/dom0.stamp $(LINUX)/libs.py \
		$(DOM0_PROGRAMS)
	@mkdir -p $(@D)
	$(Q)$(PYTHON) $(LINUX)/libs.py $(DEBIAN_OUT)/dom0 $@ \
		$(DOM0_PROGRAMS) $(DOM0_SONAMES)

$(LINUX_OUT)/dom0-files.list: $(DEBIAN_OUT)/dom0.stamp \
		$(DEBIAN_OUT)/amd64.stamp $(LINUX)/build.mk
	@mkdir -p $(@D)
	$(Q){ $(foreach m,$(DOM0_MODULES),echo file \
	    lib/modules/$(notdir $m).ko \
	    $(DEBIAN_OUT)/amd64/lib/modules/*/kernel/drivers/xen/$m.ko 644;) \
	  $(foreach t,$(DOM0_TERMS),echo file lib/terminfo/$t \
	    $(DEBIAN_OUT)/dom0/lib/terminfo/$t 644;) \
	  $(foreach k,$(DOM0_KERNELS),echo file boot/vmlinuz-$k \
	    $(LINUX_OUT)/vmlinuz-$k 644;) \
	  $(foreach p,$(CHV),echo file bin/$(notdir $p) $p;) \
	  echo file boot/domu.cpio $(LINUX_OUT)/domu.cpio 644; } > $@

$(LINUX_OUT)/dom0.cpio: $(LINUX)/dom0/dom0.list $(LINUX)/dom0/init \
		$(LINUX)/dom0/demo \
		$(LINUX_OUT)/busybox.list $(LINUX_OUT)/dom0-libs.list \
		$(LINUX_OUT)/dom0-files.list $(DOM0_LISTS) \
		$(DOM0_PROGRAMS) $(DOM0_KERNELS:%=$(LINUX_OUT)/vmlinuz-%) \
		$(LINUX_OUT)/domu.cpio $(LINUX)/mkcpio.py
	$(call say,CPIO,$@)
	$(Q)$(PYTHON) $(LINUX)/mkcpio.py $@ $(filter %.list,$^)

.SECONDARY: $(FLAVOURS:%=$(LINUX_OUT)/demo/racy-%.ko)
.PHONY: linux
linux: ## kernels and initramfs archives for the guests
linux: $(FLAVOURS:%=$(LINUX_OUT)/vmlinuz-%) \
	$(FLAVOURS:%=$(LINUX_OUT)/vmlinux-%) \
	$(LINUX_OUT)/domu.cpio $(LINUX_OUT)/dom0.cpio
include $(LINUX)/iso.mk
