# replay: the record/replay engine, freestanding; see include/rr/session.h.

RR_SRC := $(wildcard replay/*.c)

# ---- the seeded simulator (tests/sim) ----------------------------------------
SIM_TEST := $(O)/host/sim-test
SIM_SRC  := $(wildcard tests/sim/*.c)
$(SIM_TEST): $(SIM_SRC:%.c=$(O)/host/%.o) $(RR_SRC:%.c=$(O)/host/%.o) \
		$(TF_HOST_OBJ)
	$(call say,LINK,$@)
	$(Q)$(CC) $(HOST_CFLAGS) -o $@ $^

HOST_TESTS += $(SIM_TEST)

# ---- unit tests ----------------------------------------------------------------
RR_UNIT_BIN := $(O)/host/tests/unit/rr_replay_test
$(RR_UNIT_BIN): %: %.o $(RR_SRC:%.c=$(O)/host/%.o) $(TF_HOST_OBJ)
	$(call say,LINK,$@)
	$(Q)$(CC) $(HOST_CFLAGS) -o $@ $^ -lcmocka

HOST_TESTS += $(RR_UNIT_BIN)

# The system tests read traces with it.
check-system: $(TF_DUMP)
