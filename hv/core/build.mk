# hv/core, evtchn, grant, shared: their host tests, over the real frame
# allocator and page tables on a machine made of the test's own memory.

CORE_UNIT := evtchn grant sched
CORE_UNIT_BIN := $(CORE_UNIT:%=$(O)/host/core/tests/unit/%_test)
CORE_HOST_SRC := $(wildcard hv/evtchn/*.c hv/grant/*.c hv/shared/*.c) \
	$(filter-out hv/mm/tlb.c hv/mm/hvmap.c,$(wildcard hv/mm/*.c)) \
	$(patsubst %,hv/core/%.c,domain vcpu sched sched_op vcpu_op \
		guest_timer shutdown timer) \
	$(patsubst %,hv/hypercall/%.c,multicall domctl domctl_info domctl_vcpu) \
	hv/hypercall/sysctl.c hv/console/ring.c tests/fake/fake_core.c tests/fake/fake_debug.c
CORE_HOST_OBJ := $(CORE_HOST_SRC:%.c=$(O)/host/core/%.o)

# The C library has a sched_yield() too, and calls it.
$(O)/host/core/%.o: %.c | $(O)/include/xen
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(HOST_CFLAGS) -D__XEN_TOOLS__ \
		-Dsched_yield=hv_sched_yield -Itests/fake/include $(HV_INC) \
		-Itests -c -o $@ $<

$(CORE_UNIT_BIN): %: %.o $(CORE_HOST_OBJ)
	$(call say,LD,$@)
	$(Q)$(CC) $(HOST_CFLAGS) -o $@ $^ -lcmocka

HOST_TESTS += $(CORE_UNIT_BIN)

# The log alone: the fake machine has one of its own.
LOG_UNIT_BIN := $(O)/host/core/tests/unit/log_test

$(LOG_UNIT_BIN): %: %.o $(O)/host/core/hv/core/log.o
	$(call say,LD,$@)
	$(Q)$(CC) $(HOST_CFLAGS) -o $@ $^ -lcmocka

HOST_TESTS += $(LOG_UNIT_BIN)
