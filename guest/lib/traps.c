/* SPDX-License-Identifier: MIT */
#include <guest/boot.h>
#include <guest/event.h>
#include <guest/hypercall.h>
#include <guest/string.h>
#include <guest/test.h>
#include <guest/traps.h>
#include <guest/user.h>

#define STUB_SIZE 32

struct ex_entry {
	uint64_t from, to;
};

extern const char trap_stubs[];
extern const struct ex_entry ex_table_start[], ex_table_end[];

struct trap_seen trap_seen;
static trap_hook hooks[ENTRY_COUNT];

void trap_dispatch(struct regs *regs);

uint64_t trap_stub(unsigned int entry)
{
	return (uint64_t)trap_stubs + entry * STUB_SIZE;
}

uint64_t trap_result(void)
{
	if (!trap_seen.taken) {
		return 0;
	}
	return EXC(trap_seen.regs.entry, trap_seen.regs.error);
}

static bool fix_up(struct regs *regs)
{
	for (const struct ex_entry *e = ex_table_start; e < ex_table_end; e++) {
		if (e->from == regs->rip) {
			trap_seen.taken = true;
			trap_seen.regs = *regs;
			trap_seen.cr2 = boot_vcpu_info->arch.cr2;
			regs->rip = e->to;
			return true;
		}
	}
	return false;
}

void trap_dispatch(struct regs *regs)
{
	unsigned int entry = (unsigned int)regs->entry;

	if (entry == ENTRY_EVENT) {
		if (!hooks[entry] || !hooks[entry](regs)) {
			event_dispatch();
		}
		return;
	}
	if (regs_from_user(regs)) {
		user_leave(regs);
	}
	if (fix_up(regs)) {
		return;
	}
	if (hooks[entry] && hooks[entry](regs)) {
		return;
	}
	test_error("unexpected entry %u, error %lx, rip %lx, cr2 %lx", entry,
	           regs->error, regs->rip,
	           (unsigned long)boot_vcpu_info->arch.cr2);
}

void trap_hook_set(unsigned int entry, trap_hook hook)
{
	hooks[entry] = hook;
}

long trap_register(unsigned int vector, unsigned int flags, uint64_t address)
{
	struct trap_info table[2] = {
		{(uint8_t)vector, (uint8_t)flags, SEL_CS64, address},
	};

	return hc_set_trap_table(table);
}

long trap_callback(unsigned int type, unsigned int entry, unsigned int flags)
{
	struct callback_register reg = {
		.type = (uint16_t)type,
		.flags = (uint16_t)flags,
		.address = trap_stub(entry),
	};

	return hc_callback_op(CALLBACKOP_register, &reg);
}

static void register_vectors(void)
{
	static struct trap_info table[257];

	for (unsigned int v = 0; v < 256; v++) {
		bool open = v == VEC_BP || v == VEC_OF || v == 0x80;

		table[v] = (struct trap_info){(uint8_t)v, open ? 3 : 0,
		                              SEL_CS64, trap_stub(v)};
	}
	hc_set_trap_table(table);
}

void traps_init(void)
{
	register_vectors();
	trap_callback(CALLBACKTYPE_event, ENTRY_EVENT, 0);
	trap_callback(CALLBACKTYPE_failsafe, ENTRY_FAILSAFE,
	              CALLBACKF_mask_events);
	trap_callback(CALLBACKTYPE_syscall, ENTRY_SYSCALL, 0);
}

void traps_reset(void)
{
	memset(hooks, 0, sizeof(hooks));
	traps_init();
}
