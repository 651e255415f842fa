/* SPDX-License-Identifier: MIT */
/*
 * Stubs of 32 bytes, one for each hypercall number (arch-x86/xen.h). `syscall`
 * takes rcx and r11, which a caller of a stub expects to keep.
 */
#include <hv/hypercall_page.h>
#include <hv/lib.h>
#include <xen/xen.h>

#define STUB_SIZE 32
#define NR_STUBS  (PAGE_SIZE / STUB_SIZE)
#define INT3      0xcc

static const u8 stub[] = {
	0x51,                /* push %rcx */
	0x41, 0x53,          /* push %r11 */
	0xb8, 0,    0, 0, 0, /* mov $nr, %eax */
	0x0f, 0x05,          /* syscall */
	0x41, 0x5b,          /* pop %r11 */
	0x59,                /* pop %rcx */
	0xc3,                /* ret */
};
#define STUB_NR_OFFSET 4

/* iret never returns here; it takes rcx, r11 and rax from the stack. */
static const u8 iret_stub[] = {
	0x51,       /* push %rcx */
	0x41, 0x53, /* push %r11 */
	0x50,       /* push %rax */
	0xb8, __HYPERVISOR_iret,
	0,    0,
	0,          /* mov $nr, %eax */
	0x0f, 0x05, /* syscall */
};

void hypercall_page_fill(void *page)
{
	u8 *p = page;

	memset(p, INT3, PAGE_SIZE);
	for (u32 nr = 0; nr < NR_STUBS; nr++, p += STUB_SIZE) {
		if (nr == __HYPERVISOR_iret) {
			memcpy(p, iret_stub, sizeof(iret_stub));
			continue;
		}
		memcpy(p, stub, sizeof(stub));
		memcpy(p + STUB_NR_OFFSET, &nr, sizeof(nr));
	}
}
