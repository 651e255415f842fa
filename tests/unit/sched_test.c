/* SPDX-License-Identifier: MIT */
/*
 * The scheduler, vCPU timers and runstates under a clock of the test's own,
 * and how domains live and die.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fake/fake_core.h"
#include <hv/console.h>
#include <hv/evtchn.h>
#include <hv/sched.h>
#include <hv/shared.h>
#include <xen/domctl.h>
#include <xen/io/console.h>
#include <xen/sched.h>
#include <xen/vcpu.h>

#define MS                     1000000UL
#define CALL(fn, arg)          fake_call(fn, &(arg), sizeof(arg))
#define VCPU_CALL(fn, id, arg) vcpu_call(fn, id, &(arg), sizeof(arg))

static struct domain *d0, *d1;

static int setup(void **state)
{
	(void)state;
	fake_core_reset();
	d0 = fake_domain(0, 1);
	d1 = fake_domain(1, 1);
	return 0;
}

static long vcpu_call(hc_handler *fn, u64 id, void *arg, size_t size)
{
	struct hc_frame f = {.args = {0, id, (u64)arg}};
	long ret;

	memcpy(f.buf, arg, size);
	ret = fn(fake.loaded, &f);
	memcpy(arg, f.buf, size);
	return ret;
}

static long bare(hc_handler *fn, u64 a0, u64 a1)
{
	struct hc_frame f = {.args = {a0, a1}};

	return fn(fake.loaded, &f);
}

static void no_ticks(void)
{
	struct domain *d;
	struct vcpu *v;

	for_each_domain (d) {
		for_each_vcpu (d, v) {
			v->s.timer_period_ns = 0;
			v->s.periodic_next_ns = 0;
		}
	}
}

static void slices_take_turns(void **state)
{
	struct vcpu *a, *b;
	u64 start = fake.now_ns;

	(void)state;
	no_ticks();
	a = sched_pick();
	assert_ptr_equal(a, d0->vcpu[0]);
	fake_run_until(start + SCHED_SLICE_NS - 1);
	assert_ptr_equal(sched_pick(), a);
	fake_run_until(start + SCHED_SLICE_NS);
	b = sched_pick();
	assert_ptr_equal(b, d1->vcpu[0]);
	assert_ptr_equal(fake.loaded, b);
	fake_run_until(start + 2 * SCHED_SLICE_NS);
	assert_ptr_equal(sched_pick(), a);
	assert_true(vcpu_cpu_time_ns(a) == SCHED_SLICE_NS);
	assert_true(vcpu_cpu_time_ns(b) == SCHED_SLICE_NS);
}

static void one_alone_has_no_slice(void **state)
{
	(void)state;
	no_ticks();
	domain_pause(d1);
	sched_pick();
	assert_true(timers_next_ns() == ~0UL);
	domain_unpause(d1);
	assert_true(timers_next_ns() == fake.now_ns + SCHED_SLICE_NS);
}

static void yield_gives_way(void **state)
{
	(void)state;
	assert_ptr_equal(sched_pick(), d0->vcpu[0]);
	assert_int_equal(bare(hc_sched_yield, 0, 0), 0);
	assert_ptr_equal(sched_pick(), d1->vcpu[0]);
	domain_pause(d0);
	bare(hc_sched_yield, 0, 0);
	assert_ptr_equal(sched_pick(), d1->vcpu[0]);
}

static void pauses_count(void **state)
{
	(void)state;
	domain_pause(d0);
	domain_pause(d0);
	assert_ptr_equal(sched_pick(), d1->vcpu[0]);
	domain_unpause(d0);
	assert_false(vcpu_runnable(d0->vcpu[0]));
	vcpu_pause(d1->vcpu[0]);
	assert_null(sched_pick());
	domain_unpause(d0);
	assert_ptr_equal(sched_pick(), d0->vcpu[0]);
	vcpu_unpause(d1->vcpu[0]);
	assert_true(vcpu_runnable(d1->vcpu[0]));
}

static void idling_keeps_the_state_loaded(void **state)
{
	struct hc_frame f = {0};
	struct vcpu *v;
	unsigned int loads;

	(void)state;
	domain_pause(d1);
	v = sched_pick();
	loads = fake.loads;
	v->info->evtchn_upcall_pending = 0;
	hc_sched_block(v, &f);
	assert_null(sched_pick());
	assert_ptr_equal(current, v);
	vcpu_wake(v);
	assert_ptr_equal(sched_pick(), v);
	assert_int_equal(fake.loads, loads);
	sched_detach();
	assert_null(current);
	assert_ptr_equal(sched_pick(), v);
	assert_int_equal(fake.loads, loads + 1);
}

static void runstates_add_up(void **state)
{
	struct vcpu_runstate_info r;
	struct vcpu *v = d0->vcpu[0];
	u64 start = fake.now_ns, sum = 0;

	(void)state;
	no_ticks();
	sched_pick();
	fake_run_until(start + 35 * MS);
	domain_pause(d0);
	fake_run_until(start + 50 * MS);
	domain_unpause(d0);
	fake_run_until(start + 77 * MS);
	runstate_get(v, &r);
	for (unsigned int i = 0; i < 4; i++) {
		sum += r.time[i];
	}
	assert_true(sum == fake.now_ns - start);
	assert_true(r.time[RUNSTATE_offline] == 15 * MS);
	assert_true(r.time[RUNSTATE_running] == vcpu_cpu_time_ns(v));
	assert_true(r.time[RUNSTATE_blocked] == 0);
}

static void the_runstate_area_follows(void **state)
{
	struct vcpu_register_runstate_memory_area a;
	const struct vcpu_runstate_info *r;
	const u64 *l1;
	struct vcpu *v = d0->vcpu[0];

	(void)state;
	no_ticks();
	l1 = page_va(fake_tables(d0));
	r = pa_to_va(l1[0] & PTE_FRAME);
	d0->s.vm_assist = 1UL << VMASST_TYPE_runstate_update_flag;
	sched_pick();
	a.addr.p = FAKE_VA;
	assert_int_equal(VCPU_CALL(hc_vcpu_register_runstate, 0, a), 0);
	assert_int_equal(r->state, RUNSTATE_running);
	/* In user mode it is the kernel's page tables that count. */
	v->s.kernel_mode = 0;
	fake_run_until(fake.now_ns + SCHED_SLICE_NS);
	assert_int_equal(r->state, RUNSTATE_runnable);
	assert_int_equal(v->s.kernel_mode, 0);
	assert_true(r->state_entry_time == fake.now_ns);
	assert_true(r->time[RUNSTATE_running] == SCHED_SLICE_NS);
	v->s.kernel_mode = 1;
	a.addr.p = HV_RANGE_START;
	fake_enter(d0);
	assert_int_equal(VCPU_CALL(hc_vcpu_register_runstate, 0, a),
	                 -XEN_EFAULT);
	assert_int_equal(VCPU_CALL(hc_vcpu_register_runstate, 1, a),
	                 -XEN_ENOENT);
}

static u32 bind_timer(struct domain *d)
{
	struct evtchn_bind_virq a = {.virq = VIRQ_TIMER};

	fake_enter(d);
	assert_int_equal(CALL(hc_evtchn_bind_virq, a), 0);
	return a.port;
}

static bool take_event(struct domain *d, u32 port)
{
	bool was = evtchn_is_pending(d, port);

	d->shared->evtchn_pending[0] = 0;
	d->vcpu[0]->info->evtchn_pending_sel = 0;
	d->vcpu[0]->info->evtchn_upcall_pending = 0;
	return was;
}

static void singleshot_fires_once(void **state)
{
	struct vcpu_set_singleshot_timer t = {0};
	struct hc_frame f = {0};
	u32 port;

	(void)state;
	no_ticks();
	domain_pause(d1);
	sched_pick();
	port = bind_timer(d0);
	t.timeout_abs_ns = fake.now_ns + 5 * MS;
	assert_int_equal(VCPU_CALL(hc_vcpu_set_singleshot, 0, t), 0);
	hc_sched_block(d0->vcpu[0], &f);
	fake_run_until(fake.now_ns + 5 * MS - 1);
	assert_false(take_event(d0, port));
	fake_run_until(fake.now_ns + 1);
	assert_true(take_event(d0, port));
	assert_int_equal(d0->vcpu[0]->s.blocked, 0);
	fake_run_until(fake.now_ns + 100 * MS);
	assert_false(take_event(d0, port));
	/* A deadline in the past, however far, fires at once. */
	t.timeout_abs_ns = 0;
	assert_int_equal(VCPU_CALL(hc_vcpu_set_singleshot, 0, t), 0);
	fake_run_until(fake.now_ns);
	assert_true(take_event(d0, port));
	assert_int_equal(VCPU_CALL(hc_vcpu_set_singleshot, 7, t), -XEN_ENOENT);
}

static void set_timer_op_takes_jumps_calmly(void **state)
{
	u32 port;

	(void)state;
	no_ticks();
	domain_pause(d1);
	sched_pick();
	port = bind_timer(d0);
	assert_int_equal(bare(hc_set_timer_op, ~0UL, 0), 0);
	fake_run_until(fake.now_ns + 99 * MS);
	assert_false(take_event(d0, port));
	fake_run_until(fake.now_ns + 1 * MS);
	assert_true(take_event(d0, port));
	assert_int_equal(bare(hc_set_timer_op, fake.now_ns + MS, 0), 0);
	assert_int_equal(bare(hc_set_timer_op, 0, 0), 0);
	fake_run_until(fake.now_ns + 100 * MS);
	assert_false(take_event(d0, port));
}

static void the_tick_comes_while_running(void **state)
{
	struct vcpu_set_periodic_timer p = {.period_ns = 10};
	u32 port, ticks = 0;

	(void)state;
	domain_pause(d1);
	sched_pick();
	port = bind_timer(d0);
	for (unsigned int i = 0; i < 10; i++) {
		fake_run_until(fake.now_ns + 10 * MS);
		ticks += take_event(d0, port);
	}
	assert_int_equal(ticks, 10);
	assert_int_equal(VCPU_CALL(hc_vcpu_set_periodic, 0, p), -XEN_EINVAL);
	assert_int_equal(VCPU_CALL(hc_vcpu_stop_periodic, 0, p), 0);
	fake_run_until(fake.now_ns + 100 * MS);
	assert_false(take_event(d0, port));
	p.period_ns = 2 * MS;
	assert_int_equal(VCPU_CALL(hc_vcpu_set_periodic, 0, p), 0);
	fake_run_until(fake.now_ns + 2 * MS);
	assert_true(take_event(d0, port));
}

static void poll_ends_at_its_timeout(void **state)
{
	struct sched_poll a = {.timeout = fake.now_ns + 3 * MS};
	struct vcpu *v = d0->vcpu[0];

	(void)state;
	no_ticks();
	sched_pick();
	assert_int_equal(CALL(hc_sched_poll, a), 0);
	assert_int_equal(v->s.blocked, 1);
	fake_run_until(fake.now_ns + 3 * MS);
	assert_int_equal(v->s.blocked, 0);
	a.nr_ports = 129;
	fake_enter(d0);
	assert_int_equal(CALL(hc_sched_poll, a), -XEN_EINVAL);
	a.nr_ports = 1;
	a.ports.p = NULL;
	assert_int_equal(CALL(hc_sched_poll, a), -XEN_EFAULT);
}

static u64 guest_clock(const struct vcpu_time_info *t, u64 tsc)
{
	u64 d = tsc - t->tsc_timestamp;

	d = t->tsc_shift < 0 ? d >> -t->tsc_shift : d << t->tsc_shift;
	return t->system_time +
	       (u64)((unsigned __int128)d * t->tsc_to_system_mul >> 32);
}

static void clock_scales_are_exact(void **state)
{
	static const u64 hz[] = {1000000,    999999999,  1000000000, 1000000001,
	                         1999999999, 2000000000, 2000000001, 2593905000,
	                         3999999999, 5200000000, 9000000000};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(hz); i++) {
		struct vcpu_time_info t = {0};
		u64 ns;

		pvclock_scale(hz[i], &t.tsc_to_system_mul, &t.tsc_shift);
		assert_true(t.tsc_to_system_mul >> 31 == 1);
		ns = guest_clock(&t, hz[i] * 3600);
		assert_in_range(ns, 3600000000000UL - 2000, 3600000000000UL);
	}
	{
		struct vcpu_time_info t = {0};

		pvclock_scale(TRACED_TSC_HZ, &t.tsc_to_system_mul,
		              &t.tsc_shift);
		assert_true(guest_clock(&t, 123456789012345) ==
		            123456789012345);
	}
}

static void the_last_vcpu_down_switches_off(void **state)
{
	struct domain *d;

	(void)state;
	d = fake_domain(5, 2);
	fake_enter(d);
	assert_int_equal(bare(hc_vcpu_is_up, 0, 1), 1);
	assert_int_equal(bare(hc_vcpu_is_up, 0, 2), -XEN_ENOENT);
	assert_int_equal(bare(hc_vcpu_is_up, 0, ~0U), -XEN_ENOENT);
	assert_int_equal(bare(hc_vcpu_down, 0, 1), 0);
	assert_int_equal(bare(hc_vcpu_is_up, 0, 1), 0);
	assert_int_equal(bare(hc_vcpu_up, 0, 1), 0);
	assert_int_equal(bare(hc_vcpu_down, 0, 1), 0);
	assert_int_equal(d->s.is_shutdown, 0);
	assert_int_equal(bare(hc_vcpu_down, 0, 0), 0);
	assert_int_equal(d->s.is_shutdown, 1);
	assert_int_equal(d->s.shutdown_code, SHUTDOWN_poweroff);
}

static int end_of_machine(unsigned int reason)
{
	if (setjmp(fake.machine_ended) == 0) {
		domain_shutdown(d0, reason);
		fail();
	}
	return fake.end_status;
}

static void the_first_domain_ends_the_machine(void **state)
{
	static const struct {
		unsigned int reason;
		int status;
	} ends[] = {{SHUTDOWN_poweroff, 0},
	            {SHUTDOWN_reboot, -1},
	            {SHUTDOWN_crash, 3}};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(ends); i++) {
		d0->s.is_shutdown = 0;
		assert_int_equal(end_of_machine(ends[i].reason),
		                 ends[i].status);
	}
}

static void another_domain_ends_alone(void **state)
{
	struct evtchn_bind_virq a = {.virq = VIRQ_DOM_EXC};

	(void)state;
	fake_enter(d0);
	assert_int_equal(CALL(hc_evtchn_bind_virq, a), 0);
	sched_pick();
	domain_crash(d1, "a test with %d", 1);
	assert_true(evtchn_is_pending(d0, a.port));
	assert_int_equal(d1->s.shutdown_code, SHUTDOWN_crash);
	assert_false(vcpu_runnable(d1->vcpu[0]));
	assert_true(vcpu_runnable(d0->vcpu[0]));
	d0->shared->evtchn_pending[0] = 0;
	assert_int_equal(domain_kill(d1), 0);
	assert_true(evtchn_is_pending(d0, a.port));
	assert_null(domain_find(1));
	assert_int_equal(mm_audit(), 0);
}

static void a_mapped_domain_stays_a_zombie(void **state)
{
	struct page *pg = CONTAINER_OF(d1->pages.next, struct page, link);

	(void)state;
	assert_true(page_get(pg, d1));
	assert_int_equal(domain_kill(d1), 0);
	assert_ptr_equal(domain_find(1), d1);
	assert_true(d1->dead);
	assert_int_equal(domain_kill(d1), 0);
	assert_int_equal(d1->refs, 1);
	page_put(pg);
	assert_null(domain_find(1));
}

static void memory_comes_back(void **state)
{
	u64 before = frames_free_count();

	(void)state;
	for (unsigned int i = 0; i < 50; i++) {
		struct domain *d = fake_domain(0xffff, 2);

		fake_tables(d);
		sched_pick();
		while (domain_kill(d) == -XEN_ERESTART) {
		}
	}
	assert_true(frames_free_count() == before);
	assert_int_equal(mm_audit(), 0);
}

static void ids_are_not_reused_soon(void **state)
{
	struct domain *a = fake_domain(0xffff, 1), *b;
	domid_t id = a->id;

	(void)state;
	assert_int_equal(domain_kill(a), 0);
	b = fake_domain(0xffff, 1);
	assert_int_not_equal(b->id, id);
}

static void tracing_is_from_birth(void **state)
{
	struct domain_config c = {.id = 9, .max_vcpus = 1, .max_port = 100};
	struct domain *d;
	int err;

	(void)state;
	d = domain_create(&c, &err);
	assert_int_equal(domain_set_traced(d), -XEN_EINVAL);
	d->max_pages = 16;
	assert_int_equal(domain_set_traced(d), 0);
	assert_ptr_equal(d->mmu, &mmu_twin);
	assert_int_equal(domain_set_traced(d), -XEN_EBUSY);
	assert_int_equal(vcpu_create(d, 0), 0);
	assert_ptr_equal(domain_frame(d, d->s.shared_gmfn), d->shared_page);
	assert_int_equal(domain_set_traced(d1), -XEN_EBUSY);
}

static struct xencons_interface *ring_of(struct domain *d)
{
	struct page *pg = CONTAINER_OF(d->pages.next, struct page, link);

	d->s.console_gmfn = page_gmfn(pg);
	assert_true(evtchn_reserve_console(d) != 0);
	return page_va(pg);
}

static void the_console_ring_drains(void **state)
{
	struct xencons_interface *ring = ring_of(d1);

	(void)state;
	ring->out_cons = 0xfffffffe;
	ring->out_prod = 3;
	memcpy(ring->out + 2046, "he", 2);
	memcpy(ring->out, "llo", 3);
	assert_int_equal(evtchn_send(d1, d1->s.console_port), 0);
	assert_int_equal(ring->out_cons, 3);
	assert_int_equal(fake.console_len, 5);
	assert_memory_equal(fake.console, "hello", 5);
	assert_true(evtchn_is_pending(d1, d1->s.console_port));
	/* Indices that make no sense cost the guest its output. */
	ring->out_prod = 3 + 2049;
	evtchn_send(d1, d1->s.console_port);
	assert_int_equal(ring->out_cons, ring->out_prod);
	assert_int_equal(fake.console_len, 5);
}

/* A guest may make anything of its ring's frame; nothing is written then. */
static void a_console_ring_that_became_a_table_is_left_alone(void **state)
{
	struct xencons_interface *ring = ring_of(d1);
	struct page *pg = va_page(ring);

	(void)state;
	memset(ring, 0, PAGE_SIZE);
	ring->out_prod = 5;
	assert_int_equal(page_get_and_type(pg, d1, PGT_L1), 0);
	assert_int_equal(evtchn_send(d1, d1->s.console_port), 0);
	assert_int_equal(console_ring_input(d1, "abc", 3), 0);
	assert_int_equal(ring->out_cons, 0);
	assert_int_equal(ring->in_prod, 0);
	page_put_and_type(pg);
	assert_int_equal(evtchn_send(d1, d1->s.console_port), 0);
	assert_int_equal(ring->out_cons, 5);
}

static void the_console_ring_fills(void **state)
{
	struct xencons_interface *ring = ring_of(d1);
	char big[2000] = "abc";

	(void)state;
	assert_int_equal(console_ring_input(d1, "abc", 3), 3);
	assert_memory_equal(ring->in, "abc", 3);
	assert_true(evtchn_is_pending(d1, d1->s.console_port));
	assert_int_equal(console_ring_input(d1, big, sizeof(big)), 1021);
	assert_int_equal(console_ring_input(d1, big, 1), 0);
	ring->in_cons = ring->in_prod + 1;
	assert_int_equal(console_ring_input(d1, big, 1), 0);
}

static long sub_calls(struct vcpu *v, struct hc_frame *f)
{
	if (f->nr == __HYPERVISOR_iret) {
		v->s.kernel_mode = 0;
		v->s.regs.rax = 77;
		return 0;
	}
	assert_true(f->in_multicall);
	if (f->nr == 1 && f->args[0] > 0) {
		f->args[0]--;
		return HC_RESTART;
	}
	return (long)f->nr;
}

static void multicall_runs_in_order(void **state)
{
	struct multicall_entry e[200] = {0};

	(void)state;
	fake.hypercall = sub_calls;
	fake_enter(d0);
	for (unsigned int i = 0; i < ARRAY_SIZE(e); i++) {
		e[i].op = i % 2 ? 40 : 1;
		e[i].args[0] = i % 5;
	}
	assert_int_equal(fake_call_args(hc_multicall, (u64)e, 200, 0), 0);
	for (unsigned int i = 0; i < ARRAY_SIZE(e); i++) {
		assert_int_equal(e[i].result, e[i].op);
	}
	assert_int_equal(fake_call_args(hc_multicall, 0, 1, 0), -XEN_EFAULT);
}

static void multicall_stops_at_iret(void **state)
{
	struct multicall_entry e[3] = {
		{.op = 5}, {.op = __HYPERVISOR_iret}, {.op = 6}};

	(void)state;
	fake.hypercall = sub_calls;
	fake_enter(d0);
	assert_int_equal(fake_call_args(hc_multicall, (u64)e, 3, 0), 77);
	assert_int_equal(e[0].result, 5);
	assert_int_equal(e[2].result, 0);
}

static void tools_build_a_domain(void **state)
{
	struct xen_domctl op = {
		.cmd = XEN_DOMCTL_createdomain,
		.interface_version = XEN_DOMCTL_INTERFACE_VERSION,
	};

	(void)state;
	fake_enter(d0);
	op.u.createdomain.max_vcpus = 2;
	op.u.createdomain.max_evtchn_port = 1023;
	op.u.createdomain.max_grant_frames = -1;
	op.u.createdomain.grant_opts = 1;
	assert_int_equal(CALL(hc_domctl_create, op), 0);
	assert_true(op.domain >= 1);
	assert_int_equal(op.u.createdomain.flags, XEN_DOMCTL_CDF_oos_off);
	op.u.max_vcpus.max = 1;
	assert_int_equal(CALL(hc_domctl_max_vcpus, op), -XEN_EINVAL);
	op.u.max_vcpus.max = 2;
	assert_int_equal(CALL(hc_domctl_max_vcpus, op), 0);
	assert_int_equal(CALL(hc_domctl_info, op), 0);
	assert_int_equal(op.u.getdomaininfo.max_vcpu_id, 1);
	assert_int_equal(op.u.getdomaininfo.flags & 0xffff,
	                 XEN_DOMINF_paused | XEN_DOMINF_blocked);
	assert_int_equal(CALL(hc_domctl_unpause, op), 0);
	assert_int_equal(CALL(hc_domctl_unpause, op), -XEN_EINVAL);
	assert_int_equal(CALL(hc_domctl_pause, op), 0);
	assert_int_equal(CALL(hc_domctl_pause, op), 0);
	assert_int_equal(CALL(hc_domctl_unpause, op), 0);
	assert_int_equal(domain_find(op.domain)->pause_count, 1);
	assert_int_equal(CALL(hc_domctl_destroy, op), 0);
	assert_int_equal(CALL(hc_domctl_destroy, op), -XEN_ESRCH);
	op.domain++;
	assert_int_equal(CALL(hc_domctl_info, op), -XEN_ESRCH);
	op.domain = 1;
	op.interface_version++;
	assert_int_equal(CALL(hc_domctl_info, op), -XEN_EACCES);
	assert_int_equal(CALL(hc_domctl_destroy, op), -XEN_EACCES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(slices_take_turns, setup),
		cmocka_unit_test_setup(one_alone_has_no_slice, setup),
		cmocka_unit_test_setup(yield_gives_way, setup),
		cmocka_unit_test_setup(pauses_count, setup),
		cmocka_unit_test_setup(idling_keeps_the_state_loaded, setup),
		cmocka_unit_test_setup(runstates_add_up, setup),
		cmocka_unit_test_setup(the_runstate_area_follows, setup),
		cmocka_unit_test_setup(singleshot_fires_once, setup),
		cmocka_unit_test_setup(set_timer_op_takes_jumps_calmly, setup),
		cmocka_unit_test_setup(the_tick_comes_while_running, setup),
		cmocka_unit_test_setup(poll_ends_at_its_timeout, setup),
		cmocka_unit_test_setup(clock_scales_are_exact, setup),
		cmocka_unit_test_setup(the_last_vcpu_down_switches_off, setup),
		cmocka_unit_test_setup(the_first_domain_ends_the_machine,
	                               setup),
		cmocka_unit_test_setup(another_domain_ends_alone, setup),
		cmocka_unit_test_setup(a_mapped_domain_stays_a_zombie, setup),
		cmocka_unit_test_setup(memory_comes_back, setup),
		cmocka_unit_test_setup(ids_are_not_reused_soon, setup),
		cmocka_unit_test_setup(tracing_is_from_birth, setup),
		cmocka_unit_test_setup(the_console_ring_drains, setup),
		cmocka_unit_test_setup(
			a_console_ring_that_became_a_table_is_left_alone,
			setup),
		cmocka_unit_test_setup(the_console_ring_fills, setup),
		cmocka_unit_test_setup(multicall_runs_in_order, setup),
		cmocka_unit_test_setup(multicall_stops_at_iret, setup),
		cmocka_unit_test_setup(tools_build_a_domain, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
