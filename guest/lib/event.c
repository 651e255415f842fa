/* SPDX-License-Identifier: MIT */
#include <guest/boot.h>
#include <guest/event.h>
#include <guest/hypercall.h>
#include <guest/string.h>

volatile unsigned int event_upcalls;
volatile unsigned int event_count[EVENT_PORTS];
static void (*hooks[EVENT_PORTS])(evtchn_port_t port);

static volatile unsigned long *word(volatile xen_ulong_t *bitmap,
                                    evtchn_port_t port)
{
	return (volatile unsigned long *)&bitmap[port / 64];
}

static void bit_set(volatile unsigned long *w, unsigned int bit)
{
	asm volatile("lock btsq %1, %0" : "+m"(*w) : "r"((uint64_t)bit % 64));
}

static void bit_clear(volatile unsigned long *w, unsigned int bit)
{
	asm volatile("lock btrq %1, %0" : "+m"(*w) : "r"((uint64_t)bit % 64));
}

static bool bit_test(volatile unsigned long *w, unsigned int bit)
{
	return *w & BIT(bit % 64);
}

void port_mask(evtchn_port_t port)
{
	bit_set(word(boot_shared_info->evtchn_mask, port), port);
}

bool port_is_masked(evtchn_port_t port)
{
	return bit_test(word(boot_shared_info->evtchn_mask, port), port);
}

bool port_is_pending(evtchn_port_t port)
{
	return bit_test(word(boot_shared_info->evtchn_pending, port), port);
}

void port_clear_pending(evtchn_port_t port)
{
	bit_clear(word(boot_shared_info->evtchn_pending, port), port);
}

long port_unmask(evtchn_port_t port)
{
	struct evtchn_unmask unmask = {.port = port};

	return hc_event_channel_op(EVTCHNOP_unmask, &unmask);
}

void event_hook_set(evtchn_port_t port, void (*hook)(evtchn_port_t port))
{
	hooks[port] = hook;
}

static void dispatch_word(unsigned int index)
{
	volatile struct shared_info *s = boot_shared_info;
	unsigned long ready;

	while ((ready = s->evtchn_pending[index] & ~s->evtchn_mask[index])) {
		evtchn_port_t port =
			index * 64 + (unsigned int)__builtin_ctzl(ready);

		port_clear_pending(port);
		event_count[port]++;
		if (hooks[port]) {
			hooks[port](port);
		}
	}
}

void event_dispatch(void)
{
	unsigned long selector;

	event_upcalls++;
	boot_vcpu_info->evtchn_upcall_pending = 0;
	selector = __atomic_exchange_n(&boot_vcpu_info->evtchn_pending_sel, 0,
	                               __ATOMIC_SEQ_CST);
	while (selector) {
		unsigned int index = (unsigned int)__builtin_ctzl(selector);

		selector &= selector - 1;
		dispatch_word(index);
	}
}

bool events_mask(void)
{
	bool was = boot_vcpu_info->evtchn_upcall_mask;

	boot_vcpu_info->evtchn_upcall_mask = 1;
	barrier();
	return was;
}

void events_unmask(void)
{
	barrier();
	boot_vcpu_info->evtchn_upcall_mask = 0;
	barrier();
	if (boot_vcpu_info->evtchn_upcall_pending) {
		hc_xen_version(XENVER_version, NULL);
	}
}

static long port_new(long rc, evtchn_port_t port)
{
	if (rc) {
		return rc;
	}
	bit_clear(word(boot_shared_info->evtchn_mask, port), port);
	return port;
}

long port_alloc_unbound(unsigned int dom, unsigned int remote)
{
	struct evtchn_alloc_unbound op = {
		.dom = (domid_t)dom,
		.remote_dom = (domid_t)remote,
	};
	long rc = hc_event_channel_op(EVTCHNOP_alloc_unbound, &op);

	return port_new(rc, op.port);
}

long port_bind_interdomain(unsigned int remote_dom, evtchn_port_t remote_port)
{
	struct evtchn_bind_interdomain op = {
		.remote_dom = (domid_t)remote_dom,
		.remote_port = remote_port,
	};
	long rc = hc_event_channel_op(EVTCHNOP_bind_interdomain, &op);

	return port_new(rc, op.local_port);
}

long port_bind_virq(unsigned int virq, unsigned int vcpu)
{
	struct evtchn_bind_virq op = {.virq = virq, .vcpu = vcpu};
	long rc = hc_event_channel_op(EVTCHNOP_bind_virq, &op);

	return port_new(rc, op.port);
}

long port_bind_ipi(unsigned int vcpu)
{
	struct evtchn_bind_ipi op = {.vcpu = vcpu};
	long rc = hc_event_channel_op(EVTCHNOP_bind_ipi, &op);

	return port_new(rc, op.port);
}

long port_send(evtchn_port_t port)
{
	struct evtchn_send op = {.port = port};

	return hc_event_channel_op(EVTCHNOP_send, &op);
}

long port_close(evtchn_port_t port)
{
	struct evtchn_close op = {.port = port};

	return hc_event_channel_op(EVTCHNOP_close, &op);
}

long port_status(evtchn_port_t port, struct evtchn_status *st)
{
	memset(st, 0, sizeof(*st));
	st->dom = DOMID_SELF;
	st->port = port;
	return hc_event_channel_op(EVTCHNOP_status, st);
}

static bool port_is_born(evtchn_port_t port)
{
	return !boot_is_initial() && (port == boot_info->console.domU.evtchn ||
	                              port == boot_info->store_evtchn);
}

void event_init(void)
{
	events_mask();
	for (unsigned int i = 0; i < ARRAY_LEN(boot_shared_info->evtchn_mask);
	     i++) {
		boot_shared_info->evtchn_mask[i] = ~0UL;
	}
}

void event_reset(void)
{
	struct evtchn_status st;

	event_init();
	for (evtchn_port_t port = 1; port < EVENT_PORTS; port++) {
		hooks[port] = NULL;
		event_count[port] = 0;
		if (port_is_born(port) || port_status(port, &st) ||
		    st.status == EVTCHNSTAT_closed) {
			continue;
		}
		port_close(port);
		port_clear_pending(port);
	}
	event_upcalls = 0;
	boot_vcpu_info->evtchn_pending_sel = 0;
	boot_vcpu_info->evtchn_upcall_pending = 0;
}
