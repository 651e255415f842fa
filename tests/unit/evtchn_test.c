/* SPDX-License-Identifier: MIT */
/*
 * Event channels: what ports may be made and by whom, what a send makes
 * visible and where, and that channels stay consistent whatever is called.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "fake/fake_core.h"
#include <hv/evtchn.h>
#include <xen/event_channel.h>
#include <xen/sched.h>

#define CALL(fn, arg) fake_call(fn, &(arg), sizeof(arg))

static struct domain *d0, *d1, *d2;

static int setup(void **state)
{
	(void)state;
	fake_core_reset();
	d0 = fake_domain(0, 2);
	d1 = fake_domain(1, 2);
	d2 = fake_domain(2, 1);
	return 0;
}

static long alloc_unbound(struct domain *who, domid_t dom, domid_t remote)
{
	struct evtchn_alloc_unbound a = {.dom = dom, .remote_dom = remote};
	long err;

	fake_enter(who);
	err = CALL(hc_evtchn_alloc_unbound, a);
	return err != 0 ? err : (long)a.port;
}

static long bind_interdomain(struct domain *who, domid_t dom, u32 port)
{
	struct evtchn_bind_interdomain a = {.remote_dom = dom,
	                                    .remote_port = port};
	long err;

	fake_enter(who);
	err = CALL(hc_evtchn_bind_interdomain, a);
	return err != 0 ? err : (long)a.local_port;
}

static long bind_virq(struct domain *who, u32 virq, u32 vcpu)
{
	struct evtchn_bind_virq a = {.virq = virq, .vcpu = vcpu};
	long err;

	fake_enter(who);
	err = CALL(hc_evtchn_bind_virq, a);
	return err != 0 ? err : (long)a.port;
}

static long bind_ipi(struct domain *who, u32 vcpu)
{
	struct evtchn_bind_ipi a = {.vcpu = vcpu};
	long err;

	fake_enter(who);
	err = CALL(hc_evtchn_bind_ipi, a);
	return err != 0 ? err : (long)a.port;
}

static long close_port(struct domain *who, u32 port)
{
	struct evtchn_close a = {.port = port};

	fake_enter(who);
	return CALL(hc_evtchn_close, a);
}

static long send(struct domain *who, u32 port)
{
	struct evtchn_send a = {.port = port};

	fake_enter(who);
	return CALL(hc_evtchn_send, a);
}

static long bind_vcpu(struct domain *who, u32 port, u32 vcpu)
{
	struct evtchn_bind_vcpu a = {.port = port, .vcpu = vcpu};

	fake_enter(who);
	return CALL(hc_evtchn_bind_vcpu, a);
}

static struct evtchn_status status(struct domain *who, domid_t dom, long port)
{
	struct evtchn_status a = {.dom = dom, .port = (u32)port};

	fake_enter(who);
	assert_int_equal(CALL(hc_evtchn_status, a), 0);
	return a;
}

static bool pending(const struct domain *d, long port)
{
	return d->shared->evtchn_pending[port / 64] >> port % 64 & 1;
}

static void mask(struct domain *d, long port)
{
	d->shared->evtchn_mask[port / 64] |= 1UL << port % 64;
}

static void forget(struct domain *d)
{
	struct vcpu *v;

	memset(d->shared->evtchn_pending, 0, sizeof(d->shared->evtchn_pending));
	for_each_vcpu (d, v) {
		v->info->evtchn_upcall_pending = 0;
		v->info->evtchn_pending_sel = 0;
	}
}

/* A channel from d1 to d0: d1's port in *a, d0's in *b, nothing pending. */
static void channel(long *a, long *b)
{
	*a = alloc_unbound(d1, DOMID_SELF, 0);
	*b = bind_interdomain(d0, 1, (u32)*a);
	assert_true(*a > 0 && *b > 0);
	forget(d0);
}

static void ports_are_lowest_free(void **state)
{
	(void)state;
	assert_int_equal(alloc_unbound(d1, DOMID_SELF, 0), 1);
	assert_int_equal(alloc_unbound(d1, DOMID_SELF, 0), 2);
	assert_int_equal(alloc_unbound(d1, DOMID_SELF, 0), 3);
	assert_int_equal(close_port(d1, 2), 0);
	assert_int_equal(alloc_unbound(d1, DOMID_SELF, 0), 2);
	assert_int_equal(alloc_unbound(d1, DOMID_SELF, 0), 4);
}

static void ports_run_out(void **state)
{
	(void)state;
	for (u32 i = 1; i <= d1->s.max_port; i++) {
		assert_int_equal(alloc_unbound(d1, DOMID_SELF, 0), i);
	}
	assert_int_equal(alloc_unbound(d1, DOMID_SELF, 0), -XEN_ENOSPC);
	assert_int_equal(bind_ipi(d1, 0), -XEN_ENOSPC);
	assert_int_equal(bind_virq(d1, VIRQ_TIMER, 0), -XEN_ENOSPC);
	assert_int_equal(virq_port(d1->vcpu[0], VIRQ_TIMER), 0);
	assert_int_equal(close_port(d1, d1->s.max_port), 0);
	assert_int_equal(bind_virq(d1, VIRQ_TIMER, 0), d1->s.max_port);
}

static void bad_ports_are_refused(void **state)
{
	static const u32 bad[] = {0, 201, 4095, 4096, 0x80000000, ~0U};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++) {
		struct evtchn_unmask u = {.port = bad[i]};

		assert_int_equal(send(d1, bad[i]), -XEN_EINVAL);
		assert_int_equal(close_port(d1, bad[i]), -XEN_EINVAL);
		assert_int_equal(bind_vcpu(d1, bad[i], 0), -XEN_EINVAL);
		assert_int_equal(CALL(hc_evtchn_unmask, u), -XEN_EINVAL);
		assert_int_equal(bind_interdomain(d0, 1, bad[i]), -XEN_EINVAL);
	}
	assert_int_equal(close_port(d1, 7), -XEN_EINVAL);
	assert_int_equal(send(d1, 7), -XEN_EINVAL);
}

static void only_the_named_domain_binds(void **state)
{
	long a;

	(void)state;
	a = alloc_unbound(d1, DOMID_SELF, 0);
	assert_int_equal(bind_interdomain(d2, 1, (u32)a), -XEN_EINVAL);
	assert_int_equal(bind_interdomain(d0, 9, (u32)a), -XEN_ESRCH);
	assert_true(bind_interdomain(d0, 1, (u32)a) > 0);
	assert_int_equal(bind_interdomain(d0, 1, (u32)a), -XEN_EINVAL);
}

static void only_control_allocates_for_others(void **state)
{
	(void)state;
	assert_int_equal(alloc_unbound(d1, 2, 1), -XEN_EPERM);
	assert_int_equal(alloc_unbound(d0, 77, 1), -XEN_ESRCH);
	assert_int_equal(alloc_unbound(d0, 1, DOMID_SELF), 1);
	assert_int_equal(d1->ports[1].remote_domid, 0);
	d2->dying = true;
	assert_int_equal(alloc_unbound(d0, 2, 0), -XEN_ESRCH);
	d2->dying = false;
}

static void binding_starts_pending(void **state)
{
	long a, b;

	(void)state;
	a = alloc_unbound(d1, DOMID_SELF, 0);
	b = bind_interdomain(d0, 1, (u32)a);
	assert_true(pending(d0, b));
	assert_false(pending(d1, a));
	assert_int_equal(d0->vcpu[0]->info->evtchn_upcall_pending, 1);
}

static void a_send_shows_at_the_other_end(void **state)
{
	long a, b;

	(void)state;
	channel(&a, &b);
	assert_int_equal(send(d1, (u32)a), 0);
	assert_true(pending(d0, b));
	assert_false(pending(d1, a));
	assert_int_equal(d0->vcpu[0]->info->evtchn_pending_sel, 1);
	assert_int_equal(d0->vcpu[0]->info->evtchn_upcall_pending, 1);
	assert_int_equal(d0->vcpu[1]->info->evtchn_upcall_pending, 0);
	assert_int_equal(send(d0, (u32)b), 0);
	assert_true(pending(d1, a));
}

static void a_masked_port_waits_for_unmask(void **state)
{
	struct evtchn_unmask u;
	long a, b;

	(void)state;
	channel(&a, &b);
	mask(d0, b);
	send(d1, (u32)a);
	assert_true(pending(d0, b));
	assert_int_equal(d0->vcpu[0]->info->evtchn_upcall_pending, 0);
	assert_int_equal(d0->vcpu[0]->info->evtchn_pending_sel, 0);
	fake_enter(d0);
	u.port = (u32)b;
	assert_int_equal(CALL(hc_evtchn_unmask, u), 0);
	assert_int_equal(d0->vcpu[0]->info->evtchn_upcall_pending, 1);
	assert_int_equal(d0->shared->evtchn_mask[0], 0);
}

static void close_gives_the_peer_back(void **state)
{
	struct evtchn_status s;
	long a, b;

	(void)state;
	channel(&a, &b);
	send(d1, (u32)a);
	assert_int_equal(close_port(d0, (u32)b), 0);
	assert_false(pending(d0, b));
	s = status(d1, DOMID_SELF, a);
	assert_int_equal(s.status, EVTCHNSTAT_unbound);
	assert_int_equal(s.u.unbound.dom, 0);
	assert_int_equal(send(d1, (u32)a), 0);
	b = bind_interdomain(d0, 1, (u32)a);
	assert_true(b > 0);
	s = status(d0, 1, a);
	assert_int_equal(s.status, EVTCHNSTAT_interdomain);
	assert_int_equal(s.u.interdomain.dom, 0);
	assert_int_equal(s.u.interdomain.port, b);
}

static void a_domain_may_bind_itself(void **state)
{
	long a, b;

	(void)state;
	a = alloc_unbound(d0, DOMID_SELF, DOMID_SELF);
	b = bind_interdomain(d0, 0, (u32)a);
	assert_int_not_equal(a, b);
	forget(d0);
	assert_int_equal(send(d0, (u32)a), 0);
	assert_true(pending(d0, b));
	assert_int_equal(close_port(d0, (u32)a), 0);
	assert_int_equal(d0->ports[b].state, EVTCHN_UNBOUND);
	assert_int_equal(close_port(d0, (u32)b), 0);
}

static void virqs_have_one_port(void **state)
{
	long p;

	(void)state;
	p = bind_virq(d1, VIRQ_TIMER, 1);
	assert_int_equal(bind_virq(d1, VIRQ_TIMER, 1), -XEN_EEXIST);
	assert_true(bind_virq(d1, VIRQ_TIMER, 0) > 0);
	assert_int_equal(bind_virq(d1, VIRQ_TIMER, 2), -XEN_ENOENT);
	assert_int_equal(bind_virq(d1, VIRQ_DOM_EXC, 1), -XEN_EINVAL);
	assert_int_equal(bind_virq(d1, NR_VIRQS, 0), -XEN_EINVAL);
	virq_raise(d1->vcpu[1], VIRQ_TIMER);
	assert_true(pending(d1, p));
	assert_int_equal(d1->vcpu[1]->info->evtchn_upcall_pending, 1);
	assert_int_equal(d1->vcpu[0]->info->evtchn_upcall_pending, 0);
	close_port(d1, (u32)p);
	assert_int_equal(virq_port(d1->vcpu[1], VIRQ_TIMER), 0);
}

static void global_virqs_go_to_control(void **state)
{
	long p, q;

	(void)state;
	q = bind_virq(d1, VIRQ_DOM_EXC, 0);
	p = bind_virq(d0, VIRQ_DOM_EXC, 0);
	virq_raise_global(VIRQ_DOM_EXC);
	assert_true(pending(d0, p));
	assert_false(pending(d1, q));
	/* It may be moved, and keeps its name. */
	assert_int_equal(bind_vcpu(d0, (u32)p, 1), 0);
	forget(d0);
	virq_raise_global(VIRQ_DOM_EXC);
	assert_int_equal(d0->vcpu[1]->info->evtchn_upcall_pending, 1);
	assert_int_equal(close_port(d0, (u32)p), 0);
	assert_int_equal(virq_port(d0->vcpu[0], VIRQ_DOM_EXC), 0);
}

static void some_ports_cannot_move(void **state)
{
	(void)state;
	assert_int_equal(bind_vcpu(d1, (u32)bind_ipi(d1, 1), 0), -XEN_EINVAL);
	assert_int_equal(bind_vcpu(d1, (u32)bind_virq(d1, VIRQ_TIMER, 0), 1),
	                 -XEN_EINVAL);
	assert_int_equal(bind_vcpu(d1, 1, 2), -XEN_ENOENT);
}

static void ipis_notify_their_vcpu(void **state)
{
	long p;

	(void)state;
	p = bind_ipi(d1, 1);
	assert_int_equal(bind_ipi(d1, 2), -XEN_ENOENT);
	assert_int_equal(send(d1, (u32)p), 0);
	assert_true(pending(d1, p));
	assert_int_equal(d1->vcpu[1]->info->evtchn_upcall_pending, 1);
}

static void vcpu_info_moves_once(void **state)
{
	struct vcpu *v;
	struct page *pg;
	u64 gmfn;

	(void)state;
	d1->max_pages++;
	pg = domain_frame_alloc(d1, GMFN_NONE);
	gmfn = page_gmfn(pg);
	fake_enter(d1);
	v = fake.loaded;
	v->info->evtchn_upcall_mask = 1;
	assert_int_equal(vcpu_info_register(v, gmfn, 4), -XEN_ENXIO);
	assert_int_equal(vcpu_info_register(v, gmfn, PAGE_SIZE - 56),
	                 -XEN_ENXIO);
	assert_int_equal(vcpu_info_register(v, ~0UL, 0), -XEN_EINVAL);
	assert_int_equal(vcpu_info_register(v, d2->s.shared_gmfn, 0),
	                 -XEN_EINVAL);
	assert_int_equal(vcpu_info_register(d1->vcpu[1], gmfn, 0), -XEN_EINVAL);
	assert_int_equal(vcpu_info_register(v, gmfn, 64), 0);
	assert_ptr_equal(v->info, (u8 *)page_va(pg) + 64);
	assert_int_equal(v->info->evtchn_upcall_mask, 1);
	assert_int_equal(v->info->evtchn_upcall_pending, 1);
	assert_true(v->info->evtchn_pending_sel == ~0UL);
	assert_int_equal(vcpu_info_register(v, gmfn, 128), -XEN_EINVAL);
	assert_int_equal(pg->type, PGT_WRITABLE);
	assert_int_equal(mm_audit(), 0);
}

static long poll(u32 port, u64 timeout)
{
	struct sched_poll a = {.nr_ports = 1, .timeout = timeout};

	a.ports.p = &port;
	return CALL(hc_sched_poll, a);
}

static void poll_wakes_on_a_masked_port(void **state)
{
	struct vcpu *v;
	long a, b;

	(void)state;
	channel(&a, &b);
	mask(d0, b);
	fake_enter(d0);
	v = fake.loaded;
	assert_int_equal(poll(0, 0), -XEN_EINVAL);
	assert_int_equal(poll(4000, 0), -XEN_EINVAL);
	assert_int_equal(v->s.blocked, 0);
	assert_int_equal(poll((u32)b, 0), 0);
	assert_int_equal(v->s.blocked, 1);
	send(d1, (u32)a);
	assert_int_equal(v->s.blocked, 0);
	assert_int_equal(v->s.polling, 0);
	/* It is still pending: a second poll does not wait. */
	fake_enter(d0);
	assert_int_equal(poll((u32)b, 0), 0);
	assert_int_equal(v->s.blocked, 0);
}

static void block_looks_before_it_sleeps(void **state)
{
	struct hc_frame f = {0};
	struct vcpu *v;
	long a, b;

	(void)state;
	channel(&a, &b);
	fake_enter(d0);
	v = fake.loaded;
	v->info->evtchn_upcall_mask = 1;
	send(d1, (u32)a);
	assert_int_equal(hc_sched_block(v, &f), 0);
	assert_int_equal(v->info->evtchn_upcall_mask, 0);
	assert_int_equal(v->s.blocked, 0);
	forget(d0);
	hc_sched_block(v, &f);
	assert_int_equal(v->s.blocked, 1);
	send(d1, (u32)a);
	assert_int_equal(v->s.blocked, 0);
}

static void reset_is_cut_and_goes_on(void **state)
{
	struct evtchn_reset r = {.dom = 1};
	struct hc_frame f = {0};
	unsigned int calls = 0;
	long ret;

	(void)state;
	while (alloc_unbound(d1, DOMID_SELF, 0) > 0) {
	}
	fake_enter(d2);
	assert_int_equal(CALL(hc_evtchn_reset, r), -XEN_EPERM);
	fake_enter(d0);
	memcpy(f.buf, &r, sizeof(r));
	do {
		ret = hc_evtchn_reset(fake.loaded, &f);
		calls++;
	} while (ret == HC_RESTART);
	assert_int_equal(ret, 0);
	assert_int_equal(alloc_unbound(d1, DOMID_SELF, 0), 1);
}

static void death_unbinds_peers(void **state)
{
	long a, b;

	(void)state;
	channel(&a, &b);
	assert_int_equal(domain_kill(d1), 0);
	assert_int_equal(d0->ports[b].state, EVTCHN_UNBOUND);
	assert_null(domain_find(1));
	assert_int_equal(send(d0, (u32)b), 0);
	assert_int_equal(close_port(d0, (u32)b), 0);
}

static void check_port(struct domain *d, u32 port)
{
	const struct evtchn_state *e = &d->ports[port];
	struct domain *peer;

	if (e->state != EVTCHN_INTERDOMAIN) {
		return;
	}
	peer = domain_find(e->remote_domid);
	assert_non_null(peer);
	assert_int_equal(peer->ports[e->remote_port].state, EVTCHN_INTERDOMAIN);
	assert_int_equal(peer->ports[e->remote_port].remote_domid, d->id);
	assert_int_equal(peer->ports[e->remote_port].remote_port, port);
}

static void check_domain(struct domain *d)
{
	u16 before[2][NR_VIRQS];

	for (u32 p = 1; p <= d->s.max_port; p++) {
		check_port(d, p);
	}
	for (u32 i = 0; i < 2 * NR_VIRQS && d->vcpu[i / NR_VIRQS]; i++) {
		before[i / NR_VIRQS][i % NR_VIRQS] =
			(u16)virq_port(d->vcpu[i / NR_VIRQS], i % NR_VIRQS);
	}
	evtchn_rebuild(d);
	for (u32 i = 0; i < 2 * NR_VIRQS && d->vcpu[i / NR_VIRQS]; i++) {
		assert_int_equal(
			before[i / NR_VIRQS][i % NR_VIRQS],
			virq_port(d->vcpu[i / NR_VIRQS], i % NR_VIRQS));
	}
}

static void random_call(void)
{
	struct domain *all[] = {d0, d1, d2};
	struct domain *who = all[rand() % 3];
	domid_t other = (domid_t)(rand() % 4);
	u32 port = (u32)(rand() % 24);

	switch (rand() % 8) {
	case 0:
		alloc_unbound(who, rand() % 2 ? DOMID_SELF : other, other);
		break;
	case 1:
		bind_interdomain(who, other, port);
		break;
	case 2:
		bind_virq(who, (u32)(rand() % 26), (u32)(rand() % 3));
		break;
	case 3:
		bind_ipi(who, (u32)(rand() % 3));
		break;
	case 4:
	case 5:
		close_port(who, port);
		break;
	case 6:
		bind_vcpu(who, port, (u32)(rand() % 3));
		break;
	default:
		send(who, port);
		break;
	}
}

static void any_sequence_keeps_channels_whole(void **state)
{
	(void)state;
	srand(1);
	for (unsigned int i = 0; i < 20000; i++) {
		random_call();
		if (i % 50 == 0) {
			check_domain(d0);
			check_domain(d1);
			check_domain(d2);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(ports_are_lowest_free, setup),
		cmocka_unit_test_setup(ports_run_out, setup),
		cmocka_unit_test_setup(bad_ports_are_refused, setup),
		cmocka_unit_test_setup(only_the_named_domain_binds, setup),
		cmocka_unit_test_setup(only_control_allocates_for_others,
	                               setup),
		cmocka_unit_test_setup(binding_starts_pending, setup),
		cmocka_unit_test_setup(a_send_shows_at_the_other_end, setup),
		cmocka_unit_test_setup(a_masked_port_waits_for_unmask, setup),
		cmocka_unit_test_setup(close_gives_the_peer_back, setup),
		cmocka_unit_test_setup(a_domain_may_bind_itself, setup),
		cmocka_unit_test_setup(virqs_have_one_port, setup),
		cmocka_unit_test_setup(global_virqs_go_to_control, setup),
		cmocka_unit_test_setup(some_ports_cannot_move, setup),
		cmocka_unit_test_setup(ipis_notify_their_vcpu, setup),
		cmocka_unit_test_setup(vcpu_info_moves_once, setup),
		cmocka_unit_test_setup(poll_wakes_on_a_masked_port, setup),
		cmocka_unit_test_setup(block_looks_before_it_sleeps, setup),
		cmocka_unit_test_setup(reset_is_cut_and_goes_on, setup),
		cmocka_unit_test_setup(death_unbinds_peers, setup),
		cmocka_unit_test_setup(any_sequence_keeps_channels_whole,
	                               setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
