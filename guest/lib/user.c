/* SPDX-License-Identifier: MIT */
#include <guest/boot.h>
#include <guest/event.h>
#include <guest/hypercall.h>
#include <guest/mm.h>
#include <guest/string.h>
#include <guest/test.h>
#include <guest/user.h>

extern const char user_text_start[], user_text_end[];
extern char entry_stack_top[];
void user_enter(const struct regs *regs) __attribute__((noreturn));

struct user_entry user_entry;
static uint64_t root;
static void *data_page;
static struct regs *leave_to;
static struct context back;

uint64_t user_address(const char *code)
{
	return USER_TEXT + (uint64_t)(code - user_text_start);
}

volatile uint64_t *user_data(void)
{
	return data_page;
}

uint64_t user_entry_stack(void)
{
	return (uint64_t)entry_stack_top;
}

uint64_t user_root(void)
{
	return root;
}

volatile uint64_t *user_pte(uint64_t va)
{
	return pt_entry_in(root, va, 1);
}

static void map(uint64_t va, const void *page, uint64_t flags)
{
	long rc = pt_write(pt_populate(root, va),
	                   pte_make(va_to_mfn(page), flags));

	if (rc) {
		test_error("no user mapping at %lx (%ld)", va, rc);
	}
}

static void build(void)
{
	void *l4 = page_alloc();

	if (page_make_ro(l4) || pin(4, l4)) {
		test_error("no user L4");
	}
	root = va_to_mfn(l4);
	for (const char *p = user_text_start; p < user_text_end;
	     p += PAGE_SIZE) {
		map(user_address(p), p, PTE_USER_R);
	}
	data_page = page_alloc();
	map(USER_DATA, data_page, PTE_USER);
	map(USER_STACK - PAGE_SIZE, page_alloc(), PTE_USER);
}

void user_init(void)
{
	if (!root) {
		build();
	}
	if (mmuext(MMUEXT_NEW_USER_BASEPTR, root, 0)) {
		test_error("no user base pointer");
	}
	hc_stack_switch(SEL_SS, (unsigned long)entry_stack_top);
}

void user_resume(struct regs *regs)
{
	bool mask = events_mask();

	/*
	 * user_enter() unwinds @regs with rsp above this frame, so an upcall
	 * there would overwrite it. HYPERVISOR_iret unmasks events.
	 */
	leave_to = regs;
	if (context_save(&back) == 0) {
		user_enter(regs);
	}
	if (mask) {
		events_mask();
	} else {
		events_unmask();
	}
}

void user_run(struct regs *out, uint64_t rip, uint64_t arg)
{
	user_init();
	memset(out, 0, sizeof(*out));
	out->rip = rip;
	out->rdi = arg;
	out->cs = SEL_CS64;
	out->ss = SEL_SS;
	out->rsp = USER_STACK;
	out->rflags = FLAG_IF;
	user_resume(out);
}

void user_leave(const struct regs *regs)
{
	if (!leave_to) {
		test_error("entry %lu from user mode, rip %lx", regs->entry,
		           regs->rip);
	}
	user_entry.mask = boot_vcpu_info->evtchn_upcall_mask;
	user_entry.stack = (uint64_t)(regs + 1);
	*leave_to = *regs;
	leave_to = NULL;
	context_jump(&back, 1);
}
