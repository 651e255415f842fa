/* SPDX-License-Identifier: MIT */
/*
 * See fake_core.h.
 */
#include "fake_core.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <arch/entry.h>
#include <arch/machine.h>
#include <hv/boot.h>
#include <hv/console.h>
#include <hv/grant.h>
#include <hv/rr.h>
#include <hv/rr_control.h>
#include <hv/sched.h>
#include <hv/traps.h>
#include <mm/frames.h>
#include <mm/table.h>

#define RAM_BYTES     (64UL << 20)
#define DOMAIN_FRAMES 64

struct fake_core fake;
struct boot_info boot_info;
u64 *hv_root;

/* ---- the machine ----------------------------------------------------------
 */

static void map_at(u64 va, size_t size)
{
	void *p =
		mmap((void *)va, size, PROT_READ | PROT_WRITE,
	             MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

	if (p != (void *)va) {
		perror("mmap");
		abort();
	}
}

/* There is no CPU, so no tables of the hypervisor's own. */
unsigned int paging_audit(void)
{
	return 0;
}

static void boot(void)
{
	map_at(DIRECT_VIRT, RAM_BYTES);
	map_at(FRAMES_VIRT, SIZE_2M);
	boot_info.nr_regions = 1;
	boot_info.region[0] = (struct boot_region){0, RAM_BYTES, 1};
	frames_init();
	hv_root = hv_page_alloc();
	sched_init();
}

static struct domain *first_undead(void)
{
	struct domain *d;

	for_each_domain (d) {
		if (!d->dead) {
			return d;
		}
	}
	return NULL;
}

/* Zombies go when those who map their frames do. */
static void end_domains(void)
{
	struct domain *d;

	while ((d = first_undead()) != NULL) {
		while (domain_kill(d) == -XEN_ERESTART) {
		}
	}
	if (!list_empty(&all_domains)) {
		abort();
	}
}

void fake_core_reset(void)
{
	if (hv_root == NULL) {
		boot();
	}
	end_domains();
	while (sched_pick() != NULL) {
	}
	sched_detach();
	memset(&fake, 0, sizeof(fake));
	fake.now_ns = 1000000000;
}

struct domain *fake_domain(domid_t id, unsigned int vcpus)
{
	struct domain_config c = {
		.id = id,
		.max_vcpus = vcpus,
		.max_port = 200,
		.max_grant_frames = 4,
		.privileged = id == 0,
	};
	int err;
	struct domain *d = domain_create(&c, &err);

	if (d == NULL) {
		abort();
	}
	d->max_pages = DOMAIN_FRAMES;
	for (unsigned int i = 0; i < vcpus; i++) {
		if (vcpu_create(d, i) != 0) {
			abort();
		}
		d->vcpu[i]->s.initialised = 1;
		d->vcpu[i]->s.online = 1;
	}
	for (unsigned int i = 0; i < DOMAIN_FRAMES; i++) {
		if (domain_frame_alloc(d, GMFN_NONE) == NULL) {
			abort();
		}
	}
	domain_unpause(d);
	return d;
}

void fake_enter(struct domain *d)
{
	fake.loaded = d->vcpu[0];
}

long fake_call(hc_handler *fn, void *arg, size_t size)
{
	struct hc_frame f = {.args = {0, (u64)arg, 1}};
	long ret;

	memcpy(f.buf, arg, size);
	ret = fn(fake.loaded, &f);
	memcpy(arg, f.buf, size);
	return ret;
}

long fake_call_args(hc_handler *fn, u64 a0, u64 a1, u64 a2)
{
	struct hc_frame f = {.args = {a0, a1, a2}};
	long ret;

	do {
		ret = fn(fake.loaded, &f);
	} while (ret == HC_RESTART);
	return ret;
}

static struct page *take_frame(struct domain *d)
{
	struct page *pg = domain_frame_alloc(d, GMFN_NONE);

	if (pg == NULL) {
		abort();
	}
	return pg;
}

static void put_entry(struct page *table, u64 index, struct page *pg)
{
	u64 *entries = page_va(table);

	entries[index] = page_pa(pg) | PTE_P | PTE_RW | PTE_U | PTE_A;
}

struct page *fake_tables(struct domain *d)
{
	struct page *table[5];

	d->max_pages += 5;
	for (unsigned int level = 1; level <= 4; level++) {
		table[level] = take_frame(d);
	}
	for (unsigned int level = 4; level > 1; level--) {
		put_entry(table[level], FAKE_VA >> (12 + 9 * (level - 1)) & 511,
		          table[level - 1]);
	}
	put_entry(table[1], 0, take_frame(d));
	mm_refill();
	if (vcpu_set_kernel_root(d->vcpu[0], page_gmfn(table[4])) != 0) {
		abort();
	}
	return table[1];
}

void fake_run_until(u64 ns)
{
	while (timers_next_ns() <= ns) {
		fake.now_ns = MAX(fake.now_ns, timers_next_ns());
		timers_run();
		sched_pick();
	}
	fake.now_ns = ns;
	sched_pick();
}

/* ---- the CPU --------------------------------------------------------------
 */

struct vcpu *current_vcpu(void)
{
	return fake.loaded;
}

/* No host timer counts: each look at the queue goes by the clock. */
bool arch_timer_counts_to(u64 deadline_ns)
{
	(void)deadline_ns;
	return false;
}

void arch_load_vcpu(struct vcpu *v)
{
	fake.loaded = v;
	fake.loads++;
}

void arch_save_vcpu(struct vcpu *v)
{
	if (v != fake.loaded) {
		abort();
	}
	fake.saves++;
}

void arch_load_idle(void)
{
	fake.loaded = NULL;
}

void arch_load_cr3(struct vcpu *v)
{
	v->flush_tlb = false;
}

void arch_load_descriptors(struct vcpu *v)
{
	(void)v;
}

void arch_reload_segments(struct vcpu *v)
{
	(void)v;
}

void arch_shutdown(unsigned int status)
{
	fake.end_status = (int)status;
	longjmp(fake.machine_ended, 1);
}

void arch_reboot(void)
{
	fake.end_status = -1;
	longjmp(fake.machine_ended, 1);
}

/* Both areas are mapped from the start. */
void hv_map_2m(u64 va, u64 pa, u64 flags)
{
	(void)va;
	(void)pa;
	(void)flags;
}

void hv_map_prepare(u64 va, u64 bytes)
{
	(void)va;
	(void)bytes;
}

void hv_map_table(u64 va, const u64 *l1, u64 flags)
{
	(void)va;
	(void)l1;
	(void)flags;
}

void tlb_flush_domain(struct domain *d)
{
	(void)d;
}

void tlb_flush_va(struct vcpu *v, u64 va)
{
	(void)v;
	(void)va;
}

void tlb_flush_domain_va(struct domain *d, u64 va)
{
	(void)d;
	(void)va;
}

void tlb_note_stale(void)
{
}

void tlb_flush_stale(void)
{
}

/* ---- time -----------------------------------------------------------------
 */

u64 now_ns(void)
{
	return fake.now_ns;
}

u64 tsc_khz(void)
{
	return 2000000;
}

u64 boot_wallclock_ns(void)
{
	return 1700000000000000000;
}

/* ---- guest memory, for handlers called directly ---------------------------
 */

int hc_read(struct hc_frame *f, void *dst, u64 va, size_t size)
{
	(void)f;
	if (va < PAGE_SIZE && size != 0) {
		return -XEN_EFAULT;
	}
	memcpy(dst, (const void *)va, size);
	return 0;
}

int hc_write(struct hc_frame *f, u64 va, const void *src, size_t size)
{
	(void)f;
	if (va < PAGE_SIZE && size != 0) {
		return -XEN_EFAULT;
	}
	memcpy((void *)va, src, size);
	return 0;
}

long hypercall_run(struct vcpu *v, struct hc_frame *f)
{
	return fake.hypercall(v, f);
}

/* ---- the virtual CPU ------------------------------------------------------
 */

void vcpu_state_init(struct vcpu *v)
{
	v->s.kernel_mode = 1;
	v->s.user_root = GMFN_NONE;
}

int vcpu_set_context(struct vcpu *v, const struct vcpu_guest_context *c)
{
	v->s.regs.rip = c->user_regs.rip;
	return 0;
}

void vcpu_get_context(struct vcpu *v, struct vcpu_guest_context *c)
{
	c->user_regs.rip = v->s.regs.rip;
}

int vcpu_set_gdt(struct vcpu *v, const u64 *gmfns, unsigned int entries)
{
	(void)gmfns;
	v->s.gdt_entries = entries;
	return 0;
}

int vcpu_set_ldt(struct vcpu *v, u64 base, unsigned int entries)
{
	v->s.ldt_base = base;
	v->s.ldt_entries = entries;
	return 0;
}

bool descriptors_validate(struct page *pg)
{
	(void)pg;
	return true;
}

/* ---- record and replay: no session is ever attached -----------------------
 */

bool rr_tap_port(struct domain *d, unsigned int port)
{
	(void)d;
	(void)port;
	return false;
}

void rr_release(struct domain *d)
{
	(void)d;
}

bool rr_tap_timer(struct vcpu *v, enum tf_timer_source source, u64 deadline_ns)
{
	(void)v;
	(void)source;
	(void)deadline_ns;
	return false;
}

size_t rr_tap_console(struct domain *d, const void *data, size_t len)
{
	(void)d;
	(void)data;
	return len;
}

bool rr_tap_effect(struct domain *d, const void *data, size_t len)
{
	(void)d;
	(void)data;
	(void)len;
	return true;
}

unsigned int rr_audit(struct domain *d)
{
	(void)d;
	return 0;
}

bool rr_out_of_memory(struct domain *d, const char *what)
{
	(void)what;
	fake.out_of_memory += d->traced;
	return false;
}

void rr_tap_shutdown(struct domain *d, unsigned int reason)
{
	(void)d;
	(void)reason;
}

bool rr_timers_live(const struct domain *d)
{
	(void)d;
	return true;
}

u64 rr_jitter_ns(struct domain *d)
{
	(void)d;
	return 0;
}

u64 rr_domain_time(const struct domain *d)
{
	(void)d;
	return fake.now_ns;
}

/* ---- consoles and the log -------------------------------------------------
 */

void console_guest_write(struct domain *d, const char *s, size_t len)
{
	size_t n = MIN(len, sizeof(fake.console) - fake.console_len);

	(void)d;
	memcpy(fake.console + fake.console_len, s, n);
	fake.console_len += n;
}

void console_buffer_free(struct domain *d)
{
	(void)d;
}

size_t console_guest_read(struct domain *d, char *buf, size_t size)
{
	(void)d;
	(void)buf;
	(void)size;
	return 0;
}

size_t console_log_read(char *buf, size_t size, u64 *pos)
{
	(void)buf;
	(void)size;
	(void)pos;
	return 0;
}

void guest_log(struct domain *d, const char *fmt, ...)
{
	(void)d;
	(void)fmt;
}

/* An error is a bug of the hypervisor's. */
void hv_log(enum log_level level, const char *fmt, ...)
{
	va_list ap;

	if (level != LOG_ERROR) {
		return;
	}
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
}

void panic(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	abort();
}

void strlcpy(char *dst, const char *src, size_t size)
{
	size_t n = strnlen(src, size - 1);

	memcpy(dst, src, n);
	dst[n] = '\0';
}
