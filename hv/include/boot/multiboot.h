/* SPDX-License-Identifier: MIT */
/*
 * The boot loader's information, either version, as boot_info.
 */
#ifndef BOOT_MULTIBOOT_H
#define BOOT_MULTIBOOT_H

#include <hv/boot.h>

/** Fills boot_info from what the loader left at physical @info_pa (in the
 *  first GiB). False when @magic is of neither version. */
bool multiboot_read(u32 magic, u32 info_pa);

#endif
