/* SPDX-License-Identifier: MIT */
/*
 * What the files of the symbol reader share. Private to debugger/symbols/.
 */
#ifndef CHV_SYMBOLS_PRIV_H
#define CHV_SYMBOLS_PRIV_H

#include <chv/symbols.h>

#define MAX_SYMBOLS ((size_t)4 << 20)
#define MAX_NAME    512

/** A copy of one stretch of the guest's memory. */
struct stretch {
	uint64_t va;
	size_t len;
	uint8_t *bytes;
};

/** Append a symbol; its name must live in a block of @s. */
bool symbols_add(struct chv_symbols *s, const struct chv_symbol *sym);

/** A block of @size bytes for names, freed with @s; NULL without memory. */
char *symbols_block(struct chv_symbols *s, size_t size);

/** Find the kernel's table in @st and add what is in it. */
bool kallsyms_read(struct chv_symbols *s, const struct stretch *st);

/** Add the symbols of the modules that the kernel's list leads to. */
void modules_read(struct chv_symbols *s, const struct chv_memory *mem);

#endif
