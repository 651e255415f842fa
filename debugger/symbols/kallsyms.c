/* SPDX-License-Identifier: MIT */
/*
 * The kernel's table of symbols, found in a copy of its memory.
 *
 * What scripts/kallsyms.c of Linux lays out, in the order up to 6.3:
 *
 *	offsets[n] (u32), relative_base (u64), num_syms (u32), names, markers,
 *	token_table, token_index[256] (u16)
 *
 * and since 6.4 num_syms, names, markers, token_table, token_index, offsets,
 * relative_base. Each part is aligned to 8 bytes. A name is a length (one
 * byte, or two when the first has its top bit set) and so many bytes, each
 * standing for a token, a string of characters; the first character is the
 * symbol's type. markers[k] is the offset in names of symbol 256 * k.
 *
 * The anchor is the token table: the tokens '0' to '9' stand for themselves,
 * one after the other, and token_index proves or disproves each candidate.
 */
#include <stdlib.h>
#include <string.h>

#include "priv.h"

#define NR_TOKENS 256

/* A kernel with fewer symbols than this is no kernel. */
#define MIN_SYMBOLS 1000

/* How far before the token table the names may begin. */
#define MAX_NAMES_BYTES ((size_t)32 << 20)

struct table {
	const uint8_t *bytes; /* The stretch that everything is in. */
	size_t len;
	size_t token_table;
	size_t token_index;
	size_t num_syms_at;
	size_t names;
	size_t names_end;
	uint32_t nr;
	size_t offsets;
	uint64_t relative_base;
};

static size_t align8(size_t at)
{
	return (at + 7) & ~(size_t)7;
}

static uint16_t get16(const struct table *t, size_t at)
{
	uint16_t v;

	memcpy(&v, t->bytes + at, sizeof(v));
	return v;
}

static uint32_t get32(const struct table *t, size_t at)
{
	uint32_t v;

	memcpy(&v, t->bytes + at, sizeof(v));
	return v;
}

static uint64_t get64(const struct table *t, size_t at)
{
	uint64_t v;

	memcpy(&v, t->bytes + at, sizeof(v));
	return v;
}

/* ---- tokens -------------------------------------------------------------- */

static bool index_agrees(const struct table *t)
{
	size_t at = t->token_table;

	for (unsigned int i = 0; i < NR_TOKENS; i++) {
		size_t len;

		if (get16(t, t->token_index + 2 * i) != at - t->token_table) {
			return false;
		}
		len = strnlen((const char *)t->bytes + at, t->token_index - at);
		at += len + 1;
		if (at > t->token_index) {
			return false;
		}
	}
	return align8(at) == t->token_index;
}

/* @digits is where "0\0" to "9\0" stand. */
static bool try_tokens(struct table *t, size_t digits)
{
	size_t at = digits;

	for (unsigned int i = '0'; i < NR_TOKENS; i++) {
		const uint8_t *end = memchr(t->bytes + at, '\0', t->len - at);

		/* No token is that long: this is some other text. */
		if (end == NULL || (size_t)(end - t->bytes) - at > MAX_NAME) {
			return false;
		}
		at = (size_t)(end - t->bytes) + 1;
	}
	t->token_index = align8(at);
	if (t->token_index > t->len ||
	    t->len - t->token_index < 2 * NR_TOKENS ||
	    get16(t, t->token_index + 2 * '0') > digits) {
		return false;
	}
	t->token_table = digits - get16(t, t->token_index + 2 * '0');
	return index_agrees(t);
}

/* The next candidate from *@from on; *@from moves behind it. */
static bool find_tokens(struct table *t, size_t *from)
{
	static const uint8_t digits[] = "0\0"
					"1\0"
					"2\0"
					"3\0"
					"4\0"
					"5\0"
					"6\0"
					"7\0"
					"8\0"
					"9";
	const uint8_t *found;

	while (*from < t->len) {
		found = memmem(t->bytes + *from, t->len - *from, digits,
		               sizeof(digits));
		if (found == NULL) {
			return false;
		}
		*from = (size_t)(found - t->bytes) + 1;
		if (try_tokens(t, *from - 1)) {
			return true;
		}
	}
	return false;
}

/* ---- names --------------------------------------------------------------- */

/* The length of the entry at @at in bytes of tokens; *@head is its own. */
static size_t entry_len(const struct table *t, size_t at, size_t *head)
{
	size_t len = t->bytes[at];

	*head = 1;
	if ((len & 0x80) != 0) {
		len = (len & 0x7f) | (size_t)t->bytes[at + 1] << 7;
		*head = 2;
	}
	return len;
}

static bool marker_agrees(const struct table *t, size_t markers, uint32_t i,
                          size_t offset)
{
	return get32(t, markers + 4 * (size_t)(i / 256)) == offset;
}

/* Walk all names. With @markers not 0, check them on the way. */
static bool walk_names(struct table *t, size_t markers)
{
	size_t at = t->names;

	for (uint32_t i = 0; i < t->nr; i++) {
		size_t head, len;

		if (at + 2 > t->token_table) {
			return false;
		}
		if (markers != 0 && i % 256 == 0 &&
		    !marker_agrees(t, markers, i, at - t->names)) {
			return false;
		}
		len = entry_len(t, at, &head);
		if (len == 0 || len > MAX_NAME) {
			return false;
		}
		at += head + len;
	}
	t->names_end = at;
	return at <= t->token_table;
}

static bool try_num_syms(struct table *t, size_t at)
{
	size_t markers;

	t->nr = get32(t, at);
	if (t->nr < MIN_SYMBOLS || t->nr > MAX_SYMBOLS ||
	    get32(t, at + 4) != 0) {
		return false;
	}
	t->num_syms_at = at;
	t->names = at + 8;
	/* Two bytes for each name at the least. */
	if (2 * (size_t)t->nr > t->token_table - t->names ||
	    !walk_names(t, 0)) {
		return false;
	}
	markers = align8(t->names_end);
	if (markers > t->token_table ||
	    t->token_table - markers < 4 * (((size_t)t->nr + 255) / 256)) {
		return false;
	}
	return walk_names(t, markers);
}

static bool find_names(struct table *t)
{
	size_t stop = t->token_table > MAX_NAMES_BYTES
	                      ? t->token_table - MAX_NAMES_BYTES
	                      : 8;

	if (t->token_table < 32) {
		return false;
	}
	for (size_t at = (t->token_table - 16) & ~(size_t)7;
	     at >= stop && at >= 8; at -= 8) {
		if (try_num_syms(t, at)) {
			return true;
		}
	}
	return false;
}

/* ---- addresses ----------------------------------------------------------- */

static bool in_kernel(uint64_t va)
{
	return va >= CHV_KERNEL_START && va < CHV_KERNEL_END;
}

static bool find_offsets(struct table *t)
{
	size_t bytes = align8(4 * (size_t)t->nr);
	size_t after = t->token_index + 2 * NR_TOKENS;

	/* Up to Linux 6.3: before the count. */
	if (t->num_syms_at >= 8 + bytes) {
		t->relative_base = get64(t, t->num_syms_at - 8);
		t->offsets = t->num_syms_at - 8 - bytes;
		if (in_kernel(t->relative_base)) {
			return true;
		}
	}
	/* Since Linux 6.4: behind the tokens. */
	if (after <= t->len && t->len - after >= bytes + 8) {
		t->relative_base = get64(t, after + bytes);
		t->offsets = after;
		return in_kernel(t->relative_base);
	}
	return false;
}

/*
 * With per-CPU symbols kept absolute, those are positive offsets and all the
 * others negative ones; otherwise every offset counts from the base.
 */
static bool has_absolute(const struct table *t)
{
	uint32_t negative = 0;

	for (uint32_t i = 0; i < t->nr; i++) {
		negative += get32(t, t->offsets + 4 * (size_t)i) >> 31;
	}
	return negative > t->nr / 2;
}

static void set_address(const struct table *t, uint32_t i, bool absolute,
                        struct chv_symbol *sym)
{
	int32_t offset = (int32_t)get32(t, t->offsets + 4 * (size_t)i);

	if (!absolute) {
		sym->address = t->relative_base + (uint32_t)offset;
	} else if (offset >= 0) {
		sym->address = (uint32_t)offset;
		sym->absolute = true;
	} else {
		sym->address = t->relative_base - 1 - (uint64_t)(int64_t)offset;
	}
}

/* ---- expansion ----------------------------------------------------------- */

/* The characters of the entry at @at; *@next is where the following is. */
static size_t expand(const struct table *t, size_t at, char name[MAX_NAME],
                     size_t *next)
{
	size_t head;
	size_t len = entry_len(t, at, &head);
	size_t out = 0;

	for (size_t i = 0; i < len; i++) {
		unsigned int token = t->bytes[at + head + i];
		const char *p = (const char *)t->bytes + t->token_table +
		                get16(t, t->token_index + 2 * token);

		/* Tokens end in NUL before token_index: it was checked. */
		while (*p != '\0' && out + 1 < MAX_NAME) {
			name[out++] = *p++;
		}
	}
	name[out] = '\0';
	*next = at + head + len;
	return out;
}

static bool add_all(struct chv_symbols *s, const struct table *t)
{
	bool absolute = has_absolute(t);
	size_t at = t->names;
	size_t total = 0;
	char *block;

	for (uint32_t i = 0; i < t->nr; i++) {
		char name[MAX_NAME];

		total += expand(t, at, name, &at) + 1;
	}
	block = symbols_block(s, total);
	at = t->names;
	for (uint32_t i = 0; block != NULL && i < t->nr; i++) {
		struct chv_symbol sym = {0};
		char name[MAX_NAME];
		size_t len = expand(t, at, name, &at);

		if (len < 2) {
			continue;
		}
		memcpy(block, name + 1, len);
		sym.type = name[0];
		sym.name = block;
		set_address(t, i, absolute, &sym);
		block += len;
		if (!symbols_add(s, &sym)) {
			return false;
		}
	}
	return block != NULL;
}

bool kallsyms_read(struct chv_symbols *s, const struct stretch *st)
{
	struct table t = {.bytes = st->bytes, .len = st->len};
	size_t from = 0;

	while (find_tokens(&t, &from)) {
		if (find_names(&t) && find_offsets(&t) && add_all(s, &t)) {
			return true;
		}
	}
	return false;
}
