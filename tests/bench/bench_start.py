# SPDX-License-Identifier: MIT
"""From the hypervisor's entry to its first domain's first instruction.

The hypervisor's first line is the entry, a few microseconds late; a bare
guest's first line is its first instruction, a few milliseconds late.
"""

import cases
import machines
from lab import Case
from report import Stat, Table

TITLE = "start: from the hypervisor's entry to the first domain"
MARKS = (
    ("firmware", r"Booting from ROM"),
    ("entry", r"\(hv\) Chronovisor, loaded"),
    ("entry", r"\(XEN\)|Xen 4\.\d+\.\d"),
    ("start", r"\(hv\) d\d+ starts"),
    ("first", r"xen-3\.0-x86_64"),
    ("first", r"about to get started"),
    ("first", r"Linux version"),
)
# The firmware's own lines come to the serial port with this.
DISPLAY = ("-nographic",)


def case(name, command):
    return Case(name, lambda: cases.boot(
        name, command, "firmware", "entry", "first", marks=MARKS,
        end="first"))


HELLO = f"{machines.OUT}/hello.elf"
CASES = (
    case("Chronovisor, bare guest", machines.chronovisor(
        cases.OPTIONS, HELLO, display=DISPLAY)),
    case("Chronovisor, cloud kernel", machines.chronovisor(
        cases.OPTIONS, *machines.linux("cloud", cases.W), display=DISPLAY)),
    case("Chronovisor, amd64 kernel", machines.chronovisor(
        cases.OPTIONS, *machines.linux("amd64", cases.W), display=DISPLAY)),
    case("Xen, bare guest", machines.xen(
        machines.XEN_PLAIN, HELLO, display=DISPLAY)),
    case("Xen, amd64 kernel", machines.xen(
        machines.XEN_PLAIN, *machines.linux("amd64", cases.W),
        display=DISPLAY)),
)


def run(lab):
    lab.collect(CASES)
    table = Table(TITLE + " (CPU milliseconds, then wall)", "system",
                  "to 'd1 starts'", "to the guest's first line",
                  "from the firmware to that", "wall",
                  notes=["from the hypervisor's first line, the unpacking of "
                         "the kernel included; from the firmware's last line, "
                         "with QEMU's loader, which copies the modules"])
    for entry in CASES:
        why = lab.reason(entry.name)

        def cell(first, last, clock=1):
            return Stat(lab.values(entry.name, lambda s: last in s.marks and
                                   1e3 * s.between(first, last)[clock]
                                   or None), why).text("{:.0f}")

        table.add(entry.name, cell("entry", "start"), cell("entry", "first"),
                  cell("firmware", "first"), cell("entry", "first", 0))
    return [table]
