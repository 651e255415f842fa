/* SPDX-License-Identifier: MIT */
/*
 * A Linux kernel's own symbols, read out of its memory.
 *
 * Linux keeps the names and addresses of all its functions and variables in
 * a compressed table (kallsyms, see the kernel's scripts/kallsyms.c), and
 * those of each module beside the module. Nothing here trusts either: every
 * offset is checked against the copy of the memory that it points into, and
 * every list is bounded.
 */
#ifndef CHV_SYMBOLS_H
#define CHV_SYMBOLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/** Where a guest's memory comes from. */
struct chv_memory {
	/**
	 * Read at virtual address @va: the number of bytes up to the first
	 * that is not there, or a negative errno.
	 */
	ssize_t (*read)(void *ctx, uint64_t va, void *buf, size_t len);
	void *ctx;
};

/** The part of the address space where Linux maps itself on x86-64. */
#define CHV_KERNEL_START 0xffffffff80000000ULL
#define CHV_KERNEL_END   0xffffffffc0000000ULL

struct chv_symbol {
	uint64_t address;
	uint64_t size;   /* To the next symbol; 0 when unknown. */
	char type;       /* As nm(1) prints it. */
	bool absolute;   /* Not an address of the kernel: per-CPU offsets. */
	uint32_t module; /* 0: the kernel; else modules[module - 1]. */
	const char *name;
};

struct chv_module {
	char name[64];
	uint64_t base;
	uint64_t size;
};

struct chv_symbols {
	char release[128]; /* Of linux_banner, escaped; "" when not found. */
	size_t nr;
	size_t room;
	struct chv_symbol *list; /* In the order of their addresses. */
	size_t nr_modules;
	struct chv_module *modules;
	size_t nr_blocks;
	char **blocks; /* Where the names are. */
};

/**
 * Find the symbols of the kernel in @mem and of its modules. Returns NULL,
 * with one line in @error, when there is no kernel that can be understood.
 */
struct chv_symbols *chv_symbols_read(const struct chv_memory *mem, char *error,
                                     size_t size);

void chv_symbols_free(struct chv_symbols *s);

/** The symbol of the kernel itself called @name, or NULL. */
const struct chv_symbol *chv_symbols_find(const struct chv_symbols *s,
                                          const char *name);

/**
 * Write an ELF file with a symbol table that GDB can load. Returns 0, or a
 * negative errno with one line in @error.
 */
int chv_symbols_write_elf(const struct chv_symbols *s, const char *path,
                          char *error, size_t size);

/* ---- memory out of an ELF file ------------------------------------------- */

struct chv_image;

/**
 * Open an ELF64 file whose segments hold memory at virtual addresses: an
 * unpacked vmlinux or a core dump. NULL with one line in @error otherwise.
 */
struct chv_image *chv_image_open(const char *path, char *error, size_t size);
void chv_image_close(struct chv_image *image);
struct chv_memory chv_image_memory(struct chv_image *image);

#endif
