/* SPDX-License-Identifier: MIT */
/*
 * The record/replay class of a hypercall: what the recorder logs of it and
 * what the replayer does instead. Every row of the hypercall table has one.
 */
#ifndef RR_CLASS_H
#define RR_CLASS_H

enum rr_class {
	/* A function of the domain's own state and the arguments. Runs in both
	 * modes, nothing is logged. */
	RR_PURE = 1,
	/* The answer comes from outside. Result and written bytes are logged;
	 * replay gives them back and does not run the handler. */
	RR_INPUT,
	/* Something leaves the domain. A digest of it is logged; replay
	 * compares it and sends it to a sink. */
	RR_EFFECT,
	/* The hypervisor picks (frame, port). The pick is logged and checked.
	 */
	RR_CHOICE,
	/* The vCPU may stop here until an event. */
	RR_YIELD,
	/* Another domain may write this one's memory. */
	RR_FOREIGN,
	/* Not offered to a traced domain: -ENOSYS, in both modes. */
	RR_REFUSED,
};

#endif
