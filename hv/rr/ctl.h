/* SPDX-License-Identifier: MIT */
/*
 * What the files of the control hypercall share.
 */
#ifndef HV_RR_CTL_H
#define HV_RR_CTL_H

#include <hv/rr.h>
#include <public/chrono.h>

#define chrono_arg(f) hc_arg_as(f, struct chrono_op)

/** The living domain that the call names. 0, -XEN_EACCES for another version
 *  of the interface, or -XEN_ESRCH. */
long chrono_target(struct hc_frame *f, struct domain **d);

#endif
