/* SPDX-License-Identifier: MIT */
/*
 * The list of symbols, and the search for the kernel in a guest's memory:
 * see <chv/symbols.h>. The part of the address space where Linux maps itself
 * is copied once; everything is parsed in the copy.
 */
#include <chv/symbols.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <chv/text.h>

#include "priv.h"

/* Linux starts its image on such a boundary. */
#define REGION     ((uint64_t)2 << 20)
#define MAX_IMAGE  ((size_t)256 << 20)
#define MAX_BLOCKS 8192

bool symbols_add(struct chv_symbols *s, const struct chv_symbol *sym)
{
	if (s->nr == s->room) {
		size_t room = s->room > 0 ? 2 * s->room : 65536;
		struct chv_symbol *more;

		if (s->nr >= MAX_SYMBOLS) {
			return false;
		}
		more = reallocarray(s->list, room, sizeof(*more));
		if (more == NULL) {
			return false;
		}
		s->list = more;
		s->room = room;
	}
	s->list[s->nr++] = *sym;
	return true;
}

char *symbols_block(struct chv_symbols *s, size_t size)
{
	char **more;
	char *block;

	if (s->nr_blocks >= MAX_BLOCKS) {
		return NULL;
	}
	more = reallocarray(s->blocks, s->nr_blocks + 1, sizeof(*more));
	block = malloc(size);
	if (more != NULL) {
		s->blocks = more;
	}
	if (more == NULL || block == NULL) {
		free(block);
		return NULL;
	}
	s->blocks[s->nr_blocks++] = block;
	return block;
}

void chv_symbols_free(struct chv_symbols *s)
{
	if (s == NULL) {
		return;
	}
	for (size_t i = 0; i < s->nr_blocks; i++) {
		free(s->blocks[i]);
	}
	free(s->blocks);
	free(s->modules);
	free(s->list);
	free(s);
}

const struct chv_symbol *chv_symbols_find(const struct chv_symbols *s,
                                          const char *name)
{
	for (size_t i = 0; i < s->nr; i++) {
		if (s->list[i].module == 0 &&
		    strcmp(s->list[i].name, name) == 0) {
			return &s->list[i];
		}
	}
	return NULL;
}

/* ---- copying the kernel's image ------------------------------------------ */

/* From @va on, as long as memory goes on. Returns false without memory. */
static bool copy_stretch(const struct chv_memory *mem, uint64_t va,
                         struct stretch *st)
{
	*st = (struct stretch){.va = va};
	while (va + st->len < CHV_KERNEL_END && st->len < MAX_IMAGE) {
		uint8_t *more = realloc(st->bytes, st->len + REGION);
		ssize_t got;

		if (more == NULL) {
			return false;
		}
		st->bytes = more;
		got = mem->read(mem->ctx, va + st->len, more + st->len, REGION);
		st->len += got > 0 ? (size_t)got : 0;
		if (got < (ssize_t)REGION) {
			break;
		}
	}
	return true;
}

static bool search(struct chv_symbols *s, const struct chv_memory *mem)
{
	uint64_t va = CHV_KERNEL_START;
	uint8_t byte;

	while (va < CHV_KERNEL_END) {
		struct stretch st;
		bool found;

		if (mem->read(mem->ctx, va, &byte, 1) != 1) {
			va += REGION;
			continue;
		}
		if (!copy_stretch(mem, va, &st)) {
			free(st.bytes);
			return false;
		}
		found = kallsyms_read(s, &st);
		va = (st.va + st.len + REGION) & ~(REGION - 1);
		free(st.bytes);
		if (found) {
			return true;
		}
	}
	return false;
}

/* ---- order and sizes ----------------------------------------------------- */

static int by_address(const void *a, const void *b)
{
	const struct chv_symbol *sa = a;
	const struct chv_symbol *sb = b;

	if (sa->absolute != sb->absolute) {
		return sa->absolute ? -1 : 1;
	}
	return (sa->address > sb->address) - (sa->address < sb->address);
}

/* A symbol reaches to the next one of the same module, at the most. */
static void set_sizes(struct chv_symbols *s)
{
	for (size_t i = s->nr; i-- > 1;) {
		struct chv_symbol *sym = &s->list[i - 1];
		const struct chv_symbol *next = &s->list[i];

		if (sym->size != 0 || sym->absolute != next->absolute ||
		    sym->module != next->module) {
			continue;
		}
		sym->size = next->address == sym->address
		                    ? next->size
		                    : next->address - sym->address;
	}
}

static void read_release(struct chv_symbols *s, const struct chv_memory *mem)
{
	const struct chv_symbol *banner = chv_symbols_find(s, "linux_banner");
	char text[128] = "";
	ssize_t got = banner != NULL ? mem->read(mem->ctx, banner->address,
	                                         text, sizeof(text) - 1)
	                             : 0;
	size_t len = got > 0 ? strnlen(text, (size_t)got) : 0;

	if (len > 14 && strncmp(text, "Linux version ", 14) == 0) {
		chv_text_escape(s->release, sizeof(s->release), text + 14,
		                strcspn(text + 14, " "));
	}
}

struct chv_symbols *chv_symbols_read(const struct chv_memory *mem, char *error,
                                     size_t size)
{
	struct chv_symbols *s = calloc(1, sizeof(*s));

	if (s == NULL || !search(s, mem)) {
		snprintf(error, size,
		         "no table of kernel symbols found: not a Linux "
		         "kernel, or not far enough in its boot");
		chv_symbols_free(s);
		return NULL;
	}
	read_release(s, mem);
	modules_read(s, mem);
	qsort(s->list, s->nr, sizeof(*s->list), by_address);
	set_sizes(s);
	return s;
}
