/* SPDX-License-Identifier: MIT */
/*
 * The hypervisor's own symbol table, which the second link puts into the
 * section .symbols (arch/x86_64/symbols.py). It is empty in the first link.
 */
#include <hv/panic.h>

struct symbol {
	u64 address, name; /* name: offset behind the table */
};

extern const u64 symbols_start[] __asm__("_symbols_start");
extern const char symbols_end[] __asm__("_symbols_end");

const char *symbol_find(u64 addr, u64 *offset)
{
	const struct symbol *s = (const void *)(symbols_start + 1);
	u64 n, lo = 0, hi;

	if ((const char *)s >= symbols_end) {
		return NULL;
	}
	n = symbols_start[0];
	hi = n;
	while (lo < hi) {
		u64 mid = (lo + hi) / 2;

		if (s[mid].address <= addr) {
			lo = mid + 1;
		} else {
			hi = mid;
		}
	}
	if (lo == 0) {
		return NULL;
	}
	*offset = addr - s[lo - 1].address;
	return (const char *)(s + n) + s[lo - 1].name;
}
