# The long lists of what the project promises. Each piece is a target of its
# own; the numbers can be set: make acceptance-replay REPLAYS=2 KILLS=10.

REPLAYS     := 5
CHAOS       := 10
ALTERATIONS := 200
KILLS       := 50
PIECES      := replays chaos alterations kills amd64

.PHONY: acceptance-replay
acceptance: acceptance-replay
acceptance-replay: $(SYSTEM_FILES) $(GUEST_IMAGES) $(TF_DUMP) ## record and replay, the long lists
	$(Q)$(PYTHON) tests/acceptance/replay.py --replays $(REPLAYS) \
		--chaos $(CHAOS) --alterations $(ALTERATIONS) --kills $(KILLS) \
		$(PIECES)
