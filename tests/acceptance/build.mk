# The long lists of what the project promises. Each piece is a target of its
# own; the numbers can be set: make acceptance-replay REPLAYS=2 KILLS=10.

REPLAYS     := 5
CHAOS       := 10
ALTERATIONS := 200
KILLS       := 50
ONE_BOOT    := 20
BESIDE      := 3
PIECES      := replays chaos alterations kills dom0_kills amd64
STEPS       := 10000
FUZZ_SEEDS  := 10
FUZZ_COUNT  := 1000000
FUZZ_PIECES := untraced recorded exact

# dom0 with what the lists need in it: the kernel unpacks both archives.
ACC_LIST   := tests/acceptance/dom0/acceptance.list
ACC_INITRD := $(LINUX_OUT)/dom0-acceptance.cpio
$(ACC_INITRD): $(LINUX_OUT)/dom0.cpio $(ACC_LIST) $(GUEST_IMAGES) \
		tests/acceptance/dom0/acceptance $(LINUX)/mkcpio.py
	$(call say,CPIO,$@)
	$(Q)$(PYTHON) $(LINUX)/mkcpio.py $@.more $(ACC_LIST)
	$(Q)cat $(LINUX_OUT)/dom0.cpio $@.more > $@ && rm $@.more

.PHONY: acceptance-replay acceptance-hostile acceptance-gdb
acceptance: acceptance-replay acceptance-hostile acceptance-gdb
acceptance-replay: $(SYSTEM_FILES) $(GUEST_IMAGES) $(TF_DUMP) $(CHV) \
		$(ACC_INITRD) ## record and replay, the long lists
	$(Q)$(PYTHON) tests/acceptance/replay.py --replays $(REPLAYS) \
		--one-boot $(ONE_BOOT) --beside $(BESIDE) --chaos $(CHAOS) \
		--alterations $(ALTERATIONS) --kills $(KILLS) $(PIECES)

acceptance-hostile: $(O)/chronovisor $(ACC_INITRD) ## hostile guests beside a canary
	$(Q)$(PYTHON) tests/acceptance/hostile.py --seeds $(FUZZ_SEEDS) \
		--count $(FUZZ_COUNT) $(FUZZ_PIECES)

acceptance-gdb: $(SYSTEM_FILES) $(CHV) ## GDB walks far, forward and back
	$(Q)$(PYTHON) tests/acceptance/gdb.py --steps $(STEPS)
