/* SPDX-License-Identifier: MIT */
/*
 * A system call in the last bytes of the lower half of the address space:
 * its return address is not canonical. The callback sees it; going back
 * there gives the guest an exception and nobody else any harm.
 *
 * ABI: callback.h CALLBACKTYPE_syscall. Class of the advisory XSA-7.
 */
#include <guest/mm.h>
#include <guest/test.h>
#include <guest/user.h>

#define LAST_PAGE 0x00007ffffffff000UL

GUEST_TEST(user_canonical)
{
	uint8_t *page = page_alloc();
	struct regs regs;
	volatile uint64_t *entry;

	user_init();
	page[4094] = 0x0f;
	page[4095] = 0x05;
	entry = pt_populate(user_root(), LAST_PAGE);
	check_rc(pt_write(entry, pte_make(va_to_mfn(page), PTE_USER_R)), 0,
	         "map the last page");
	user_run(&regs, LAST_PAGE + 4094, 0);
	check_eq(regs.entry, ENTRY_SYSCALL, "entry");
	check_eq(regs.rip, LAST_PAGE + PAGE_SIZE, "return address");
	user_resume(&regs);
	check(regs.entry == VEC_GP || regs.entry == VEC_PF ||
	              regs.entry == ENTRY_FAILSAFE,
	      "entry %lu after the return", regs.entry);
	check_rc(pt_write(entry, 0), 0, "unmap");
	page_free(page);
}
