# chv, the debugger: the program itself, and its parts again with sanitizers
# for the tests. Each library is named where it is needed, nowhere else.
CHV_GDB_SRC := $(addprefix debugger/,rsp.c agent.c regs.c moment.c text.c) \
	$(addprefix debugger/gdbserver/,session.c packets.c threads.c query.c \
	features.c regs.c memory.c stop.c resume.c breaks.c run.c marks.c \
	monitor.c serve.c files.c)

CHV_TL_SRC := $(addprefix debugger/timeline/,checkpoints.c breaks.c tasks.c \
	target.c)
CHV_SRC := $(CHV_GDB_SRC) $(CHV_TL_SRC) debugger/options.c \
	$(addprefix debugger/shell/,main.c cli.c shell.c shell_readline.c \
	terminal.c verbs.c words.c) \
	$(addprefix debugger/trace/,file.c fields.c filter.c callnames.c history.c \
	cmd_trace.c cmd_events.c cmd_hypercalls.c) \
	$(addprefix debugger/symbols/,image.c kallsyms.c modules.c symbols.c \
	elf_write.c cmd_symbols.c) \
	$(addprefix debugger/dom0/,xenlibs.c chrono.c hvctl.c session.c \
	cmd_domain.c cmd_record.c cmd_console.c cmd_replay.c cmd_gdb.c \
	debug.c debug_regs.c window.c builder.c memory.c kernel_file.c \
	cmd_create.c) \
	$(addprefix debugger/host/,machine.c process.c served.c \
	cmd_host.c cmd_gdb.c cmd_demo.c console.c window.c replay.c)
CHV_OBJ := $(CHV_SRC:%.c=$(O)/chv/%.o) $(TF_SRC:%.c=$(O)/chv/%.o)

$(O)/chv/chv: $(CHV_OBJ) $(addprefix $(O)/chv/,chronovisor.py orc.py demo.py)
	$(call say,LD,$@)
	$(Q)$(CC) $(CHV_CFLAGS) -o $@ $(CHV_OBJ) -lreadline -ljansson -lzstd \
		-lelf -ldl

# GDB's commands for time travel, found by chv beside itself.
$(O)/chv/%.py: debugger/gdb/%.py
	@mkdir -p $(@D)
	$(Q)cp $< $@

.PHONY: chv
chv: $(O)/chv/chv
ALL += $(O)/chv/chv

.PHONY: demo
demo: ## record a kernel until it crashes, and find out why, backwards
demo: hv chv linux
	$(Q)$(O)/chv/chv demo

# ---- tests -----------------------------------------------------------------
# A small freestanding program: what the table target records and replays.
$(O)/tests/debugger/walk: tests/debugger/walk.c
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 -g -O0 -ffreestanding -nostdlib -static -no-pie \
		-fno-pie -fno-stack-protector -fcf-protection=none \
		-fno-asynchronous-unwind-tables -o $@ $<

CHV_TABLE_SRC := tests/debugger/table_target.c tests/debugger/table_record.c
CHV_GDB_HOST  := $(CHV_GDB_SRC:%.c=$(O)/host/%.o)

$(O)/host/tests/debugger/table_server: $(O)/host/tests/debugger/table_server.o \
		$(CHV_TABLE_SRC:%.c=$(O)/host/%.o) $(CHV_GDB_HOST)
	$(call say,LD,$@)
	$(Q)$(CC) $(HOST_CFLAGS) -o $@ $^

# Unit tests, one program each. What a test links besides itself is named.
$(O)/host/tests/debugger/%_test: $(O)/host/tests/debugger/%_test.o
	$(call say,LD,$@)
	$(Q)$(CC) $(HOST_CFLAGS) -o $@ $^ $(LDLIBS) -lcmocka

CHV_UNIT_TESTS := $(addprefix $(O)/host/tests/debugger/,rsp_test agent_test \
	moment_test session_test hostile_test filter_test symbols_test \
	timeline_test)
$(O)/host/tests/debugger/rsp_test: $(O)/host/debugger/rsp.o
$(O)/host/tests/debugger/agent_test: $(O)/host/debugger/agent.o
$(O)/host/tests/debugger/moment_test: $(O)/host/debugger/moment.o \
	$(O)/host/debugger/text.o
$(O)/host/tests/debugger/session_test $(O)/host/tests/debugger/hostile_test: \
	$(O)/host/tests/debugger/session_fixture.o \
	$(CHV_TABLE_SRC:%.c=$(O)/host/%.o) $(CHV_GDB_HOST)

.SECONDARY: $(CHV_UNIT_TESTS:%=%.o)
.PHONY: test-debugger test-debugger-unit test-debugger-gdb
test-debugger: test-debugger-unit test-debugger-gdb
TESTS += test-debugger
test-debugger-unit: $(CHV_UNIT_TESTS) $(O)/tests/debugger/walk
	$(Q)for t in $(CHV_UNIT_TESTS); do \
		$$t $(O)/tests/debugger/walk $(O)/linux/vmlinux-cloud || \
			exit 1; done

# The server against the real GDB; says so and passes where there is none.
test-debugger-gdb: $(O)/host/tests/debugger/table_server \
		$(O)/tests/debugger/walk
	$(Q)$(PYTHON) tests/debugger/gdb_test.py $^ debugger/gdb/chronovisor.py

$(O)/host/tests/debugger/filter_test: $(addprefix $(O)/host/debugger/, \
	trace/filter.o shell/words.o text.o)
$(O)/host/tests/debugger/symbols_test: $(addprefix $(O)/host/debugger/, \
	symbols/image.o symbols/kallsyms.o symbols/modules.o \
	symbols/symbols.o symbols/elf_write.o text.o)
$(O)/host/tests/debugger/symbols_test: LDLIBS := -lelf

$(O)/host/tests/debugger/timeline_test: $(CHV_TABLE_SRC:%.c=$(O)/host/%.o) \
	$(O)/host/tests/debugger/table_machine.o \
	$(CHV_TL_SRC:%.c=$(O)/host/%.o) $(CHV_GDB_HOST)

# chv with sanitizers, and a trace that its test knows by heart.
CHV_HOST_OBJ := $(CHV_SRC:%.c=$(O)/host/%.o) $(TF_SRC:%.c=$(O)/host/%.o)
$(O)/host/chv: $(CHV_HOST_OBJ)
	$(call say,LD,$@)
	$(Q)$(CC) $(HOST_CFLAGS) -o $@ $^ -lreadline -ljansson -lzstd -lelf -ldl

$(O)/host/tests/debugger/make_trace: $(O)/host/tests/debugger/make_trace.o \
		$(TF_SRC:%.c=$(O)/host/%.o)
	$(call say,LD,$@)
	$(Q)$(CC) $(HOST_CFLAGS) -o $@ $^ -lzstd

.PHONY: test-debugger-shell
test-debugger: test-debugger-shell
test-debugger-shell: $(O)/host/chv $(O)/host/tests/debugger/make_trace
	$(Q)$(PYTHON) tests/debugger/shell_test.py $^
