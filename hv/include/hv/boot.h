/* SPDX-License-Identifier: MIT */
/*
 * What the boot loader told us, in one form for multiboot 1 and 2, and the
 * steps of booting that other files provide.
 */
#ifndef HV_BOOT_H
#define HV_BOOT_H

#include <hv/domain.h>

#define BOOT_MAX_REGIONS 64
#define BOOT_MAX_MODULES 4

struct boot_region {
	u64 start, size;
	u32 type; /* e820: 1 is RAM */
};

struct boot_module {
	u64 start, size; /* physical, bytes */
	char cmdline[1024];
};

struct boot_info {
	char cmdline[1024];
	const char *loader; /* "multiboot1" or "multiboot2" */
	unsigned int nr_regions, nr_modules;
	struct boot_region region[BOOT_MAX_REGIONS];
	struct boot_module module[BOOT_MAX_MODULES];
	u64 image_start, image_end; /* physical, of the hypervisor */
};
extern struct boot_info boot_info;

/** Value of boot option @name: "" for a bare word, NULL when absent. */
const char *boot_option(const char *name, char *buf, size_t size);
/** Number with K, M, G suffix (bytes); @fallback when absent or malformed. */
u64 boot_option_size(const char *name, u64 fallback);

/** Builds the first domain from module 0 (kernel) and 1 (initrd): boot/
 *  first_domain.c. NULL after one clear line of log. */
struct domain *first_domain_build(bool dom0less);

/** Unpacks a kernel as shipped (bzImage or ELF). On success *elf points to the
 *  ELF image (in hv memory or in the module) and the result is 0; otherwise
 *  -XEN_E* after one line of log. boot/bzimage.c */
int kernel_unpack(const void *image, size_t size, const void **elf,
                  size_t *elf_size);
/** Gives back what kernel_unpack() allocated for this @image, if anything. */
void kernel_unpack_free(const void *image, size_t size, const void *elf,
                        size_t elf_size);

#endif
