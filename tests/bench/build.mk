# Benchmarks: tests/bench/run.py measures whole systems in QEMU and prints
# them side by side. What runs inside:
#
#   build/guest/bench.elf   a bare guest: what single services cost
#   build/linux/micro.cpio  an initramfs whose init does the same for Linux

BENCH      := tests/bench
MICRO      := $(O)/host/$(BENCH)/linux/micro
MICRO_CPIO := $(LINUX_OUT)/micro.cpio
RUNS       ?= 5

$(O)/guest/bench.elf: $(O)/guest/guest/bench/bench.o $(GUEST_LIB) \
		guest/guest.lds
	$(call say,LD,$@)
	$(Q)$(LD) $(GUEST_LDFLAGS) -o $@ $(filter %.o,$^)

$(MICRO): $(BENCH)/linux/micro.c
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(BASE) $(WARN) -D_GNU_SOURCE -static -o $@ $<

$(MICRO_CPIO): $(MICRO) $(LINUX)/mkcpio.py
	$(call say,CPIO,$@)
	@mkdir -p $(@D)
	$(Q)echo "file micro $(MICRO)" > $(MICRO).list
	$(Q)$(PYTHON) $(LINUX)/mkcpio.py $@ $(MICRO).list

# ONLY="words" picks benchmarks, RUNS=n says how often each is measured.
BENCH_FILES := $(O)/chronovisor $(O)/chv/chv $(O)/guest/bench.elf \
	$(O)/guest/hello.elf $(MICRO_CPIO) $(LINUX_OUT)/xen linux
bench: $(BENCH_FILES) ## measure and compare; ONLY="words", RUNS=5
	$(Q)RUNS=$(RUNS) $(PYTHON) -B $(BENCH)/run.py $(ONLY)
