/* SPDX-License-Identifier: MIT */
/*
 * Symbols of loaded modules. The kernel's variable "modules" heads a list of
 * struct module; where things are in that structure changes from kernel to
 * kernel, so they are recognised by what they hold:
 *
 *	name	 24 bytes in, behind the state and the list's links;
 *	memory	 a page-aligned base and a size, with a pointer to the module
 *		 itself two or three words behind the base (its tree node);
 *	symbols	 a pointer to the very next word (kallsyms points to
 *		 core_kallsyms, its neighbour), which begins with a symbol
 *		 table, a count and a string table inside the module's memory.
 */
#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "priv.h"

#define MAX_MODULES      4096
#define MAX_MOD_SYMBOLS  65536
#define MAX_STRINGS      ((size_t)4 << 20)
#define MODULE_WORDS     256
#define LIST_OFFSET      8
#define NAME_OFFSET      24
#define MAX_MEMORY_PARTS 8

struct part {
	uint64_t base;
	uint64_t size;
};

struct module {
	uint64_t at;
	size_t nr_words;
	uint64_t words[MODULE_WORDS];
	size_t nr_parts;
	struct part parts[MAX_MEMORY_PARTS];
	uint64_t symtab;
	uint64_t nr_symbols;
	uint64_t strtab;
};

static bool read_exactly(const struct chv_memory *mem, uint64_t va, void *buf,
                         size_t len)
{
	return mem->read(mem->ctx, va, buf, len) == (ssize_t)len;
}

/* Modules live behind the kernel's own gigabyte. */
static bool in_modules(uint64_t va)
{
	return va >= CHV_KERNEL_END && va < 0xffffffffff000000ULL;
}

static bool in_parts(const struct module *m, uint64_t va, uint64_t len)
{
	for (size_t i = 0; i < m->nr_parts; i++) {
		const struct part *p = &m->parts[i];

		if (va >= p->base && va - p->base <= p->size &&
		    len <= p->size - (va - p->base)) {
			return true;
		}
	}
	return false;
}

static void find_parts(struct module *m)
{
	for (size_t i = 0; i + 3 < m->nr_words; i++) {
		uint64_t base = m->words[i];
		uint64_t size = (uint32_t)m->words[i + 1];

		if (!in_modules(base) || base % 4096 != 0 || size == 0 ||
		    size > (64u << 20) || m->nr_parts == MAX_MEMORY_PARTS) {
			continue;
		}
		if (m->words[i + 2] == m->at || m->words[i + 3] == m->at) {
			m->parts[m->nr_parts++] = (struct part){base, size};
		}
	}
}

static bool find_symtab(struct module *m)
{
	for (size_t i = 4; i + 3 < m->nr_words; i++) {
		uint64_t nr = (uint32_t)m->words[i + 2];

		if (m->words[i] != m->at + 8 * (i + 1) || nr == 0 ||
		    nr > MAX_MOD_SYMBOLS ||
		    !in_parts(m, m->words[i + 1], nr * sizeof(Elf64_Sym)) ||
		    !in_parts(m, m->words[i + 3], 1)) {
			continue;
		}
		m->symtab = m->words[i + 1];
		m->nr_symbols = nr;
		m->strtab = m->words[i + 3];
		return true;
	}
	return false;
}

/* Bytes from the string table to the end of the part that it is in. */
static size_t strings_len(const struct module *m)
{
	for (size_t i = 0; i < m->nr_parts; i++) {
		const struct part *p = &m->parts[i];

		if (m->strtab >= p->base && m->strtab - p->base < p->size) {
			uint64_t len = p->size - (m->strtab - p->base);

			return len < MAX_STRINGS ? (size_t)len : MAX_STRINGS;
		}
	}
	return 0;
}

static char type_of(const Elf64_Sym *sym)
{
	bool global = ELF64_ST_BIND(sym->st_info) != STB_LOCAL;

	if (ELF64_ST_TYPE(sym->st_info) == STT_FUNC) {
		return global ? 'T' : 't';
	}
	return global ? 'D' : 'd';
}

static void add_symbols(struct chv_symbols *s, const struct module *m,
                        const Elf64_Sym *table, const char *strings, size_t len)
{
	for (uint64_t i = 0; i < m->nr_symbols; i++) {
		const Elf64_Sym *sym = &table[i];
		struct chv_symbol out = {.address = sym->st_value,
		                         .size = sym->st_size,
		                         .type = type_of(sym),
		                         .module = (uint32_t)s->nr_modules};

		/* The kernel's layout ends the strings with a NUL. */
		if (sym->st_name < len && in_parts(m, sym->st_value, 0) &&
		    strings[sym->st_name] != '\0') {
			out.name = strings + sym->st_name;
			symbols_add(s, &out);
		}
	}
}

static void read_symbols(struct chv_symbols *s, const struct module *m,
                         const struct chv_memory *mem)
{
	size_t len = strings_len(m);
	size_t table_len = (size_t)m->nr_symbols * sizeof(Elf64_Sym);
	Elf64_Sym *table = malloc(table_len);
	char *strings = len > 0 ? symbols_block(s, len + 1) : NULL;

	if (table != NULL && strings != NULL &&
	    read_exactly(mem, m->symtab, table, table_len)) {
		ssize_t got = mem->read(mem->ctx, m->strtab, strings, len);

		len = got > 0 ? (size_t)got : 0;
		strings[len] = '\0';
		add_symbols(s, m, table, strings, len);
	}
	free(table);
}

static bool add_module(struct chv_symbols *s, const struct module *m)
{
	struct chv_module *more =
		reallocarray(s->modules, s->nr_modules + 1, sizeof(*more));
	struct chv_module *out;

	if (more == NULL) {
		return false;
	}
	s->modules = more;
	out = &s->modules[s->nr_modules++];
	memset(out, 0, sizeof(*out));
	memcpy(out->name, (const char *)m->words + NAME_OFFSET, 55);
	out->base = m->parts[0].base;
	out->size = m->parts[0].size;
	return true;
}

static void read_module(struct chv_symbols *s, const struct chv_memory *mem,
                        uint64_t at)
{
	struct module m = {.at = at};
	ssize_t got = mem->read(mem->ctx, at, m.words, sizeof(m.words));

	m.nr_words = got > 0 ? (size_t)got / 8 : 0;
	if (m.nr_words * 8 < NAME_OFFSET + 64) {
		return;
	}
	find_parts(&m);
	if (m.nr_parts > 0 && add_module(s, &m) && find_symtab(&m)) {
		read_symbols(s, &m, mem);
	}
}

void modules_read(struct chv_symbols *s, const struct chv_memory *mem)
{
	const struct chv_symbol *head = chv_symbols_find(s, "modules");
	uint64_t head_at, next;

	if (head == NULL) {
		return;
	}
	/* Adding symbols moves the list that head points into. */
	head_at = head->address;
	if (!read_exactly(mem, head_at, &next, sizeof(next))) {
		return;
	}
	for (unsigned int i = 0; i < MAX_MODULES && next != head_at; i++) {
		read_module(s, mem, next - LIST_OFFSET);
		if (!read_exactly(mem, next, &next, sizeof(next))) {
			return;
		}
	}
}
