# hv/mm: its host tests, over the core's fake machine (hv/core/build.mk) with a
# modelled CPU whose TLB forgets nothing unasked.

MM_UNIT := mm_random mm_ptwr mm_page
MM_UNIT_BIN := $(MM_UNIT:%=$(O)/host/mm/tests/unit/%_test)
MM_HOST_SRC := $(filter-out hv/mm/hvmap.c,$(wildcard hv/mm/*.c)) \
	$(filter-out hv/mm/%,$(CORE_HOST_SRC)) tests/fake/mm_cpu.c
MM_HOST_OBJ := $(MM_HOST_SRC:%.c=$(O)/host/mm/%.o)

$(O)/host/mm/%.o: %.c | $(O)/include/xen
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(HOST_CFLAGS) -D__XEN_TOOLS__ \
		-Dsched_yield=hv_sched_yield $(MM_EXTRA) -Itests/fake/include \
		 $(HV_INC) -Itests -c -o $@ $<

# The core's fake has a CPU without TLB; the model's takes its place.
$(O)/host/mm/hv/mm/%.o $(O)/host/mm/tests/fake/mm_cpu.o: MM_EXTRA := \
	-Itests/fake/mm
$(O)/host/mm/tests/fake/fake_core.o: MM_EXTRA := $(foreach f, \
	tlb_flush_domain tlb_flush_va tlb_flush_domain_va tlb_note_stale tlb_flush_stale \
	arch_load_cr3,-D$(f)=core_$(f))

$(MM_UNIT_BIN): %: %.o $(MM_HOST_OBJ)
	$(call say,LD,$@)
	$(Q)$(CC) $(HOST_CFLAGS) -o $@ $^ -lcmocka

HOST_TESTS += $(MM_UNIT_BIN)
