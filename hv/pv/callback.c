/* SPDX-License-Identifier: MIT */
/*
 * The guest kernel's entry points besides the trap table (callback.h,
 * nmi.h). All are per vCPU. Entry by SYSENTER and by SYSCALL in compatibility
 * mode is not offered: guests do without when the registration fails.
 */
#include <hv/hypercall.h>
#include <hv/lib.h>
#include <hv/traps.h>
#include <xen/callback.h>
#include <xen/nmi.h>

/* Bit n: CALLBACKTYPE n can be registered. */
#define OFFERED                                                                \
	(1u << CALLBACKTYPE_event | 1u << CALLBACKTYPE_failsafe |              \
	 1u << CALLBACKTYPE_syscall | 1u << CALLBACKTYPE_nmi)

/* ... can be named: none of them but the NMI's can be unregistered. */
#define KNOWN (OFFERED | 1u << CALLBACKTYPE_sysenter)

static bool in_set(unsigned int type, u32 set)
{
	return type < 32 && (set >> type & 1);
}

static void set_nmi(struct vcpu *v, u64 address)
{
	v->s.traps[X86_NMI] = (struct guest_trap){.address = address};
}

static long set_callback(struct vcpu *v, unsigned int type, unsigned int flags,
                         u64 address)
{
	if (!in_set(type, OFFERED)) {
		return -XEN_ENOSYS;
	}
	if (!is_canonical(address)) {
		return -XEN_EINVAL;
	}
	if (type == CALLBACKTYPE_nmi) {
		set_nmi(v, address);
		return 0;
	}
	v->s.callbacks[type] = (struct guest_callback){
		.address = address,
		.mask_events = flags & CALLBACKF_mask_events,
	};
	return 0;
}

long hc_callback_register(struct vcpu *v, struct hc_frame *f)
{
	const struct callback_register *c =
		hc_arg_as(f, struct callback_register);

	return set_callback(v, c->type, c->flags, c->address);
}

long hc_callback_unregister(struct vcpu *v, struct hc_frame *f)
{
	const struct callback_unregister *c =
		hc_arg_as(f, struct callback_unregister);

	if (!in_set(c->type, KNOWN)) {
		return -XEN_ENOSYS;
	}
	if (c->type != CALLBACKTYPE_nmi) {
		return -XEN_EINVAL;
	}
	set_nmi(v, 0);
	return 0;
}

/* The older call: event, failsafe and syscall at once, all or none. */
long hc_set_callbacks(struct vcpu *v, struct hc_frame *f)
{
	static const u8 types[] = {CALLBACKTYPE_event, CALLBACKTYPE_failsafe,
	                           CALLBACKTYPE_syscall};

	/* An address that cannot be one changes nothing, and no error says so:
	 * the call is from before errors were told (as Xen has it).
	 */
	for (unsigned int i = 0; i < ARRAY_SIZE(types); i++) {
		if (is_canonical(f->args[i])) {
			set_callback(v, types[i], 0, f->args[i]);
		}
	}
	return 0;
}

long hc_nmi_register(struct vcpu *v, struct hc_frame *f)
{
	const struct xennmi_callback *c = hc_arg_as(f, struct xennmi_callback);

	return set_callback(v, CALLBACKTYPE_nmi, 0, c->handler_address);
}

long hc_nmi_unregister(struct vcpu *v, struct hc_frame *f)
{
	(void)f;
	set_nmi(v, 0);
	return 0;
}
