#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Print docs/abi.md with its tables made anew from the source.

The text of docs/abi.md is written by hand; what stands between a pair of
marks is made here: from hv/hypercall/hypercalls.def and hv/mm/mmuext_ops.def
the rows, from the sources of hv the file of each handler, from guest/tests and
tests/unit who asks for it. `make docs` writes the file.
"""

import glob
import os
import re
import sys

COMMENT = re.compile(r"/\*.*?\*/", re.S)
CALL_ROW = re.compile(r"^HC_CALL\((\w+),\s*(\w+)\)", re.M)
ROW = re.compile(r"^HC\((\w+),\s*(\w+),\s*(\w+),\s*(\w+),\s*(\w+),", re.M)
MMUEXT_ROW = re.compile(r"^MX\((\w+),\s*(\w+),\s*(\w+)\)", re.M)
FUNCTION = re.compile(r"^[a-z][^;{}()]*?\b(\w+)\([^;{}]*\)\n\{(.*?)^\}",
                      re.S | re.M)
MARK = "<!-- made by docs/abi.py: {} -->"
SHOWN_TESTS = 3
FIRST_ARCH = 48  # from here on numbers belong to the architecture


def read(path):
    with open(path, encoding="utf-8") as file:
        return COMMENT.sub("", file.read())


def handler_files():
    """Which file of hv each function is defined in."""
    where = {}
    for path in sorted(glob.glob("hv/**/*.c", recursive=True)):
        for name, _ in FUNCTION.findall(read(path)):
            where.setdefault(name, path[len("hv/"):])
    return where


def words(text):
    return set(re.findall(r"\w+", text))


def library():
    """For each function of guest/lib all words that it leads to."""
    reach = {}
    for path in sorted(glob.glob("guest/lib/*.c")):
        for name, body in FUNCTION.findall(read(path)):
            reach[name] = words(body)
    changed = True
    while changed:
        changed = False
        for name, own in reach.items():
            more = set().union(*(reach[w] for w in own if w in reach))
            if not more <= own:
                own |= more
                changed = True
    return reach


class Tests:
    """Who asks for a sub-op: by its own words, or through guest/lib."""

    def __init__(self):
        reach = library()
        self.direct, self.through, self.host = {}, {}, {}
        for path in sorted(glob.glob("guest/tests/*.c")):
            name = os.path.basename(path)[:-2]
            own = words(read(path))
            self.direct[name] = own
            self.through[name] = own.union(*(reach[w] for w in own
                                             if w in reach))
        for path in sorted(glob.glob("tests/unit/*.c")):
            self.host[os.path.basename(path)[:-2]] = words(read(path))

    @staticmethod
    def having(table, wanted):
        return [name for name, has in table.items()
                if any(word in has for word in wanted)]

    def of(self, wanted, call=None):
        """Tests that say a word of @wanted, or are named after @call."""
        found = self.having(self.direct, wanted)
        if call is not None:
            found += [name for name in self.direct
                      if name.startswith(call + "_") and name not in found]
        found.sort(key=lambda name: name.startswith("replay_"))
        if not found:
            found = self.having(self.through, wanted)
        if not found:
            host = [f"{name} (host)"
                    for name in self.having(self.host, wanted)]
            return ", ".join(host[:SHOWN_TESTS]) or "-"
        rest = len(found) - SHOWN_TESTS
        return ", ".join(found[:SHOWN_TESTS]) + \
            (f" and {rest} more" if rest > 0 else "")


def absent_numbers(present):
    """Hypercalls that xen.h numbers and the table does not have."""
    with open("/usr/include/xen/xen.h", encoding="utf-8") as file:
        numbers = re.findall(r"^#define __HYPERVISOR_(\w+)\s+(\d+)\b",
                             file.read(), re.M)
    return [f"`{name}`" for name, number in numbers
            if name not in present and int(number) < FIRST_ARCH]


def row_line(cells):
    return "| " + " | ".join(cells) + " |"


def hypercall_table(table, where, tests):
    calls = [name for name, _ in CALL_ROW.findall(table)]
    lines = [row_line(["hypercall", "sub-op", "class", "who", "handler",
                       "asked for by"]), "|---|---|---|---|---|---|"]
    for call, sub, kind, who, handler in ROW.findall(table):
        wanted, named = [sub, handler], None
        if sub == "HC_ALL":
            wanted = [f"hc_{call}", f"__HYPERVISOR_{call}", handler]
            named = call
        shown = {"HC_ALL": "" if call != "vcpu_op" else "(others)"}.get(
            sub, f"`{sub}`")
        lines.append(row_line(
            [f"`{call}`", shown, kind,
             "control domain" if who == "PRIV" else "any",
             where.get(handler, "?"), tests.of(wanted, named)]))
    rows = ROW.findall(table)
    kinds = [kind for _, _, kind, *_ in rows]
    count = ", ".join(f"{kinds.count(kind)} {kind}"
                      for kind in sorted(set(kinds)))
    head = [f"{len(rows)} rows of {len(calls)} hypercalls: {count}.", ""]
    tail = ["", "Without a row, and so -ENOSYS: " +
            ", ".join(absent_numbers(calls)) + "."]
    return head + lines + tail


def mmuext_table(where, tests):
    lines = [row_line(["command", "class", "handler", "asked for by"]),
             "|---|---|---|---|"]
    for name, kind, handler in MMUEXT_ROW.findall(read("hv/mm/mmuext_ops.def")):
        lines.append(row_line([f"`MMUEXT_{name}`", kind,
                               where.get(handler, "?"),
                               tests.of([f"MMUEXT_{name}"])]))
    return lines


def replace(text, name, lines):
    start, end = MARK.format(name), MARK.format("end of " + name)
    before, found, rest = text.partition(start + "\n")
    _, found_end, after = rest.partition(end)
    if not found or not found_end:
        sys.exit(f"docs/abi.md: the marks '{name}' are missing")
    return before + found + "\n" + "\n".join(lines) + "\n\n" + end + after


def main():
    where, tests = handler_files(), Tests()
    with open("docs/abi.md", encoding="utf-8") as file:
        text = file.read()
    text = replace(text, "hypercalls", hypercall_table(
        read("hv/hypercall/hypercalls.def"), where, tests))
    text = replace(text, "mmuext", mmuext_table(where, tests))
    sys.stdout.write(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
