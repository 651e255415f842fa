# Bare PV guests. Every source in tests/ is one image of its own; all of them
# together, but for those in GUEST_SOLO, are also one image, suite.elf, which
# runs them one after another in a single boot; replay.elf does so for those
# whose checksums a recording and its replay must share.

GUEST_LIB := $(patsubst %.c,$(O)/guest/%.o,$(wildcard guest/lib/*.c)) \
	$(patsubst %.S,$(O)/guest/%.o,$(wildcard guest/lib/*.S))

# Tests that leave the guest unusable, run for ever, or are an image of their
# own for another reason.
GUEST_SOLO := fuzz canary hoarder

GUEST_NAMES := $(patsubst guest/tests/%.c,%,$(wildcard guest/tests/*.c))
GUEST_SUITE := $(filter-out $(GUEST_SOLO) replay_%,$(GUEST_NAMES))
GUEST_REPLAY := $(filter replay_%,$(GUEST_NAMES))
GUEST_IMAGES := $(GUEST_NAMES:%=$(O)/guest/%.elf) $(O)/guest/suite.elf \
	$(O)/guest/replay.elf

GUEST_LDFLAGS := -nostdlib -static -z max-page-size=4096 -z noexecstack \
	--build-id=none -T guest/guest.lds

.PHONY: guest
guest: $(GUEST_IMAGES)
ALL += guest

$(O)/guest/fuzz.elf: $(patsubst %.c,$(O)/guest/%.o,$(wildcard guest/fuzz/*.c))
$(O)/guest/replay.elf: $(GUEST_REPLAY:%=$(O)/guest/guest/tests/%.o)
$(O)/guest/suite.elf: $(GUEST_SUITE:%=$(O)/guest/guest/tests/%.o)
$(GUEST_NAMES:%=$(O)/guest/%.elf): $(O)/guest/%.elf: $(O)/guest/guest/tests/%.o
$(GUEST_IMAGES): $(GUEST_LIB) guest/guest.lds
	$(call say,LD,$@)
	$(Q)$(LD) $(GUEST_LDFLAGS) -o $@ $(filter %.o,$^)

# The suite and the replay guests in QEMU, against what Xen answers. Logs are
# kept in $(O)/logs. check-guests-xen asks Xen itself.
GUEST_RUN := tests/guests/run.py
.PHONY: check-guests check-guests-xen
check-guests: $(GUEST_IMAGES) $(O)/chronovisor
	@mkdir -p $(O)/logs
	$(Q)for g in suite replay; do $(GUEST_RUN) --hv chronovisor \
		--kernel $(O)/chronovisor --log $(O)/logs/guest-$$g.log \
		--hv-option audit --expect tests/guests/$$g.expected \
		$(O)/guest/$$g.elf || exit 1; done
	$(Q)$(GUEST_RUN) --hv chronovisor --kernel $(O)/chronovisor \
		--log $(O)/logs/guest-fuzz.log --hv-option audit \
		$(O)/guest/fuzz.elf seed=1 count=200000

check-guests-xen: $(GUEST_IMAGES) $(O)/linux/xen
	@mkdir -p $(O)/logs
	$(Q)for g in suite replay; do $(GUEST_RUN) --hv xen \
		--kernel $(O)/linux/xen --log $(O)/logs/guest-$$g.xen.log \
		--expect tests/guests/$$g.expected \
		$(O)/guest/$$g.elf || exit 1; done
