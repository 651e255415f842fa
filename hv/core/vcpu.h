/* SPDX-License-Identifier: MIT */
/*
 * What domain.c needs of vcpu.c and nobody else does.
 */
#ifndef HV_CORE_VCPU_H
#define HV_CORE_VCPU_H

#include <hv/domain.h>

/** Frees a vCPU that holds no frames and is on no queue. */
void vcpu_free(struct vcpu *v);

#endif
