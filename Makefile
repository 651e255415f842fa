# The whole build, non-recursive. Each component's build.mk lists its sources
# and the include roots it may see; nothing outside those roots compiles.
#
# Objects are built once per environment, in build/<env>/<path>.o:
#   hv     freestanding, ring 0           (hv, replay, trace-format)
#   guest  freestanding, ring 3, PV       (guest)
#   host   userland with sanitizers       (tests, and what they test)
#   chv    userland                       (debugger, replay, trace-format)

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SUFFIXES:
MAKEFLAGS += --no-builtin-rules
SHELL := /bin/bash

# ---- tools -----------------------------------------------------------------
O       := build
CC      := gcc
LD      := ld
OBJCOPY := objcopy
PYTHON  := python3
V       ?=
Q       := $(if $(V),,@)
say      = $(if $(V),@:,@printf '  %-8s %s\n' '$(1)' '$(2)')

# ---- include roots: each component sees the rows above it and itself -------
# Xen's public headers are the package libxen-dev's, reached through a link in
# the build folder so that no other system header comes with them.
XEN_INC   := -I$(O)/include
ABI_INC   := $(XEN_INC) -Ihv/include/public
TF_INC    := -Itrace-format/include
RR_INC    := $(TF_INC) -Ireplay/include
HV_INC    := $(ABI_INC) $(RR_INC) -Ihv/include
GUEST_INC := $(ABI_INC) -Iguest/include
CHV_INC   := $(ABI_INC) $(RR_INC) -Idebugger/include

# ---- flags -----------------------------------------------------------------
WARN := -Wall -Wextra -Werror -Wshadow -Wundef -Wvla -Wstrict-prototypes \
	-Wmissing-prototypes -Wpointer-arith -Wwrite-strings -Wformat=2 \
	-Wimplicit-fallthrough=5 -Wno-format-nonliteral
BASE := -std=gnu11 -O2 -g -fno-strict-aliasing -fno-common -MMD -MP

GCC_INC := $(shell $(CC) -print-file-name=include)
FREE := $(BASE) -ffreestanding -nostdinc -isystem $(GCC_INC) -m64 \
	-mno-red-zone -mgeneral-regs-only -fno-stack-protector \
	-fcf-protection=none -fno-asynchronous-unwind-tables
# Copies of known size as moves, for the reason given in hv/lib/string.c.
MOVES := unrolled_loop:512:noalign,libcall:-1:noalign
HV_CFLAGS    := $(FREE) $(WARN) -fpie -fvisibility=hidden -flto=auto \
	-mmemcpy-strategy=$(MOVES) -mmemset-strategy=$(MOVES) \
	-fno-omit-frame-pointer -D__XEN_TOOLS__
GUEST_CFLAGS := $(FREE) $(WARN) -fno-pic -mcmodel=kernel \
	-fno-omit-frame-pointer
HOST_CFLAGS  := $(BASE) $(WARN) -fsanitize=address,undefined \
	-fno-sanitize-recover=all -D_GNU_SOURCE
CHV_CFLAGS   := $(BASE) $(WARN) -D_GNU_SOURCE -fstack-protector-strong

# ---- components ------------------------------------------------------------
ALL   :=
TESTS :=
LINT  :=
-include trace-format/build.mk
-include replay/build.mk
-include hv/build.mk
-include guest/build.mk
-include guest/linux/build.mk
-include debugger/build.mk
-include tests/build.mk
-include tests/acceptance/build.mk
-include tests/bench/build.mk
-include tests/lint/build.mk

# ---- rules -----------------------------------------------------------------
# One pattern per environment and component, so that each compile line gets
# the include roots of its component and no others.
define compile_rule
$(O)/$(1)/$(2)/%.o: $(2)/%.c | $(O)/include/xen
	$$(call say,CC,$$@)
	@mkdir -p $$(@D)
	$(Q)$(CC) $$($(3)) $(4) -c -o $$@ $$<
$(O)/$(1)/$(2)/%.o: $(2)/%.S | $(O)/include/xen
	$$(call say,AS,$$@)
	@mkdir -p $$(@D)
	$(Q)$(CC) $$($(3)) $(4) -D__ASSEMBLY__ -c -o $$@ $$<
endef
$(eval $(call compile_rule,hv,trace-format,HV_CFLAGS,$(TF_INC)))
$(eval $(call compile_rule,hv,replay,HV_CFLAGS,$(RR_INC)))
$(eval $(call compile_rule,hv,hv,HV_CFLAGS,$(HV_INC)))
$(eval $(call compile_rule,guest,guest,GUEST_CFLAGS,$(GUEST_INC)))
$(eval $(call compile_rule,chv,trace-format,CHV_CFLAGS,$(TF_INC)))
$(eval $(call compile_rule,chv,replay,CHV_CFLAGS,$(RR_INC)))
$(eval $(call compile_rule,chv,debugger,CHV_CFLAGS,$(CHV_INC)))
$(eval $(call compile_rule,host,trace-format,HOST_CFLAGS,$(TF_INC)))
$(eval $(call compile_rule,host,replay,HOST_CFLAGS,$(RR_INC)))
$(eval $(call compile_rule,host,hv,HOST_CFLAGS,$(HV_INC)))
$(eval $(call compile_rule,host,debugger,HOST_CFLAGS,$(CHV_INC)))
$(eval $(call compile_rule,host,tests,HOST_CFLAGS,$(HV_INC) $(CHV_INC) -Itests))

$(O)/include/xen:
	@test -d /usr/include/xen || { echo "Xen's public headers are missing: run 'make deps' (package libxen-dev)"; exit 1; }
	@mkdir -p $(O)/include && ln -sfn /usr/include/xen $@

# ---- top-level targets -----------------------------------------------------
.PHONY: all deps run test acceptance bench lint clean help
all: $(ALL) ## build everything into build/

# Installs only when something is missing, so that a machine which is ready
# needs neither root nor a network.
deps: ## install the Debian packages the project needs
	$(Q)tests/install-packages.sh tests/packages.txt

# The packages decide what the rest can do, so they come in a make before it.
run: deps ## boot the control domain by GRUB in QEMU; ends at the chv prompt
	$(Q)$(MAKE) --no-print-directory boot-iso
test: deps ## everything CI runs
	$(Q)$(MAKE) --no-print-directory all
	$(Q)$(MAKE) --no-print-directory $(TESTS)
	@echo "all tests passed"

# The machine of `make run`. Its clock counts instructions, so recordings have
# exact positions; COM2 is a socket for GDB; Ctrl-a x ends it at once. By this
# clock a second of GRUB's menu, which polls, lasts half a minute: so no menu.
RUN_QEMU := qemu-system-x86_64 -accel tcg,thread=single -smp 1 -m 2048 \
	-cpu Nehalem,-cx16,-rdtscp -icount shift=0,sleep=on \
	-display none -nodefaults -no-reboot -boot d \
	-device isa-debug-exit,iobase=0xf4,iosize=4 \
	-serial mon:stdio -serial unix:$(O)/com2,server=on,wait=off

# A power-off inside ends QEMU with status 1: 2 * 0 + 1.
.PHONY: boot-iso
boot-iso: $(RUN_ISO)
	$(RUN_QEMU) -cdrom $(RUN_ISO) || [ $$? = 1 ]

lint: $(LINT) ## format, static checks, include walls
clean:
	rm -rf $(O)

help:
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | \
		sed 's/:.*## /\t/' | expand -t 16

-include $(shell find $(addprefix $(O)/,hv guest host chv) -name '*.d' 2>/dev/null)
