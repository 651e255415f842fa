# hv/pv: its host tests. All of it runs on the host, on a fake CPU.

PV_UNIT := pv_decode pv_cpuid pv_bounce pv_iret pv_emul pv_state
PV_UNIT_BIN := $(PV_UNIT:%=$(O)/host/tests/unit/%_test)
PV_HOST_OBJ := $(patsubst %.c,$(O)/host/%.o,$(wildcard hv/pv/*.c) \
	tests/fake/fake_pv.c)

$(PV_UNIT_BIN): %: %.o $(PV_HOST_OBJ)
	$(call say,LD,$@)
	$(Q)$(CC) $(HOST_CFLAGS) -o $@ $(filter %.o,$^) -lcmocka -lcapstone

.PHONY: test-pv
test-pv: $(PV_UNIT_BIN)
	$(Q)for t in $^; do $$t || exit 1; done
TESTS += test-pv
