# make lint: the checks that need no test run. Each is a target of its own.

LINT_PARTS := hv replay trace-format guest debugger tests
LINT_C     = $(shell find $(LINT_PARTS) -name '*.[ch]')

.PHONY: docs lint-format lint-includes lint-surface lint-docs lint-cppcheck
LINT += lint-format lint-includes lint-surface lint-docs lint-cppcheck

lint-format:
	$(Q)clang-format --dry-run -Werror $(LINT_C)

lint-includes: | $(O)/include/xen
	$(Q)$(PYTHON) tests/lint/includes.py \
		"trace-format=$(CC) $(HV_CFLAGS) $(TF_INC)" \
		"replay=$(CC) $(HV_CFLAGS) $(RR_INC)" \
		"hv=$(CC) $(HV_CFLAGS) $(HV_INC)" \
		"guest=$(CC) $(GUEST_CFLAGS) $(GUEST_INC)" \
		"debugger=$(CC) $(CHV_CFLAGS) $(CHV_INC)" \
		"tests=$(CC) $(HOST_CFLAGS) $(HV_INC) $(CHV_INC) -Itests"

lint-surface:
	$(Q)$(PYTHON) tests/lint/surface.py

# Its own results are kept, so that only what changed is looked at again.
lint-cppcheck:
	@mkdir -p $(O)/cppcheck
	$(Q)cppcheck --enable=warning,portability,performance --std=c11 \
		--quiet --error-exitcode=1 -j2 --cppcheck-build-dir=$(O)/cppcheck \
		--suppressions-list=tests/lint/cppcheck.txt \
		--template='{file}:{line}: {id}: {message}' \
		-D__x86_64__ -D__GNUC__=12 $(filter-out -I$(O)/%, \
		$(HV_INC) $(GUEST_INC) $(CHV_INC)) \
		hv replay trace-format guest/lib guest/tests guest/fuzz debugger

# What a program writes from the tables of the source.
docs: ## write docs/abi.md anew
	$(Q)$(PYTHON) docs/abi.py > $(O)/abi.md
	$(Q)cmp -s $(O)/abi.md docs/abi.md || cp $(O)/abi.md docs/abi.md
lint-docs:
	@mkdir -p $(O)
	$(Q)$(PYTHON) docs/abi.py > $(O)/abi.md
	$(Q)cmp -s $(O)/abi.md docs/abi.md || { \
		echo "docs/abi.md is not what the tables say: run 'make docs'"; \
		exit 1; }
