# SPDX-License-Identifier: MIT
"""Turns `nm -n` of the hypervisor into its own symbol table.

Output: assembly for the section .symbols: a count, then a record for each
function (address, offset of its name), then the names. core/symbols.c reads it.
"""
import sys

symbols = []
for line in sys.stdin:
    address, kind, *name = line.split()
    if kind in "tT":
        symbols.append((int(address, 16), name[0]))

print('\t.section .symbols, "a"')
print(f"\t.quad {len(symbols)}")
offset = 0
for address, name in symbols:
    print(f"\t.quad {address:#x}, {offset}")
    offset += len(name) + 1
for _, name in symbols:
    print(f'\t.asciz "{name}"')
