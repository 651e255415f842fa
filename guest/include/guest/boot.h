/* SPDX-License-Identifier: MIT */
/*
 * What a guest was started with: start_info, its command line, the features
 * of the hypervisor, and the way out.
 */
#ifndef GUEST_BOOT_H
#define GUEST_BOOT_H

#include <guest/abi.h>

extern struct start_info *boot_info;

/** The shared info page; valid once boot is through. */
extern volatile struct shared_info *const boot_shared_info;

/** vcpu_info of vCPU 0, wherever it lives now. */
extern volatile struct vcpu_info *boot_vcpu_info;

/** True when the guest has the privileges of the first domain. */
static inline bool boot_is_initial(void)
{
	return boot_info->flags & SIF_INITDOMAIN;
}

/** Value of `key=` on the command line as a number, else @otherwise. */
uint64_t boot_option(const char *key, uint64_t otherwise);

/** Copies the word after `key=` into @buf; false when there is none. */
bool boot_option_word(const char *key, char *buf, size_t size);

/** SCHEDOP_shutdown with @reason; does not return. */
void boot_shutdown(unsigned int reason) __attribute__((noreturn));

#endif /* GUEST_BOOT_H */
