/* SPDX-License-Identifier: MIT */
/*
 * User mode interrupted everywhere: system calls, faults, single steps and
 * events at random instructions, with the registers of each entry, rcx, r11
 * and flags included, and A and D bits of the user pages.
 */
#include <guest/mm.h>
#include <guest/replay.h>
#include <guest/test.h>
#include <guest/user.h>

/* Mixes memory and registers for rsi rounds, with a syscall in each. */
USER_CODE(u_mix, "1: movq (%rdi), %rax\n"
                 "imulq $0x1003f, %rax, %rax\n"
                 "addq %rsi, %rax\n"
                 "rolq $7, %rax\n"
                 "movq %rax, (%rdi)\n"
                 "movl $40, %ecx\n"
                 "2: addq %rcx, %rbx\n"
                 "xorq %rbx, 8(%rdi)\n"
                 "loop 2b\n"
                 "syscall\n"
                 "decq %rsi\n"
                 "jnz 1b\n"
                 "ud2");

static void look(struct regs *regs)
{
	(void)regs;
	observe(*user_pte(USER_DATA) & (PTE_A | PTE_D));
	observe(*user_pte(USER_TEXT) & (PTE_A | PTE_D));
	observe(user_data()[0] ^ user_data()[1]);
}

/* Takes the data page away, clean or absent, so that user code faults. */
static void spoil(void)
{
	uint64_t mfn = va_to_mfn((void *)user_data());
	bool gone = random_one_in(&replay_random, 2);

	pt_write(user_pte(USER_DATA),
	         gone ? 0 : pte_make(mfn, PTE_P | PTE_W | PTE_U));
	tlb_flush();
}

static void mend(void)
{
	pt_write(user_pte(USER_DATA),
	         pte_make(va_to_mfn((void *)user_data()), PTE_USER));
	tlb_flush();
}

static bool handle(struct regs *regs)
{
	observe_regs(regs);
	observe(regs->entry);
	observe(regs->error);
	switch (regs->entry) {
	case VEC_PF:
		observe(boot_vcpu_info->arch.cr2);
		mend();
		return true;
	case VEC_DB:
		regs->rflags &= ~(uint64_t)FLAG_TF;
		return true;
	case ENTRY_SYSCALL:
		if (random_one_in(&replay_random, 4)) {
			spoil();
		}
		if (random_one_in(&replay_random, 4)) {
			regs->rflags |= FLAG_TF;
		}
		return true;
	default:
		return false;
	}
}

GUEST_TEST(replay_user)
{
	uint64_t rounds = replay_rounds(3000);
	struct regs regs;

	replay_begin();
	user_init();
	ticker_start(100000, look);
	memset(&regs, 0, sizeof(regs));
	regs.rip = user_address(u_mix);
	regs.rdi = USER_DATA;
	regs.rsi = rounds;
	regs.cs = SEL_CS64;
	regs.ss = SEL_SS;
	regs.rsp = USER_STACK;
	regs.rflags = FLAG_IF;
	do {
		user_resume(&regs);
	} while (handle(&regs));
	ticker_stop();
	mend();
	check_eq(regs.entry, VEC_UD, "end of the user code");
	check_eq(regs.rsi, 0, "rounds left");
	replay_end("replay_user");
}
