/* SPDX-License-Identifier: MIT */
/*
 * The taps: the only places where record and replay touch the hypervisor
 * (D5). Each is one predicted branch for a domain that is not traced.
 *
 *   tap 1  rr_hypercall_enter, _exit   hypercall/dispatch.c
 *   tap 2  rr_guest_write              hypercall/dispatch.c (hc_write)
 *   tap 3  rr_trapped_value, rr_read_time  pv/emul_priv.c
 *   tap 4  rr_exit, rr_event           core/loop.c, evtchn/
 *   tap 5  rr_shared_write             shared/
 *   tap 6  rr_foreign_write            grant/
 */
#ifndef HV_RR_H
#define HV_RR_H

#include <hv/hypercall.h>

/* A domain is traced from birth, but a session is attached only while it is
 * recorded or replayed. */

#endif
