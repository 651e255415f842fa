# Tests: programs for this machine, and whole systems in QEMU.
#
# A component appends its unit tests' programs to HOST_TESTS; each runs without
# arguments and ends with 0 when all is well. System tests are Python files in
# tests/system; their logs are kept in build/logs.

.PHONY: check-host check-system
HOST_TESTS += tests/system/images_test.py
check-host: $(HOST_TESTS) ## unit tests, with sanitizers
	$(Q)for t in $(HOST_TESTS); do $$t || exit 1; done

SYSTEM_FILES := $(O)/chronovisor $(ISO) $(RUN_ISO) linux
check-system: $(SYSTEM_FILES) ## boot tests in QEMU; ONLY="words" picks some
	$(Q)$(PYTHON) tests/system/run.py $(ONLY)

# The same tests and images on Debian's Xen.
.PHONY: check-system-xen
check-system-xen: $(LINUX_OUT)/xen $(O)/xen.iso linux
	$(Q)CHRONO_SYSTEM=xen $(PYTHON) tests/system/run.py $(ONLY)

TESTS += check-host check-system
