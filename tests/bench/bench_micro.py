# SPDX-License-Identifier: MIT
"""Basic operations in a guest, timed from outside: a bare guest's use of the
hypervisor, and Linux's system calls, faults, forks and switches."""

import re

import cases
import machines
import measure
import systems
from lab import Case
from report import Stat, Table

MARKS = (
    (r"\1 start", r"^bench: (\S+) start"),
    (r"\1 done", r"^bench: (\S+) done"),
    ("halted", r"Hardware Dom0 (?:halted|shutdown)"),
)
LAST = {"bare": "user-syscall", "linux": "context-switch"}
XEN_GUEST = machines.XEN_FAST
BENCH = f"{machines.OUT}/bench.elf"
TITLES = {
    "bare": "micro: a bare guest, CPU microseconds each",
    "linux": "micro: Linux in the guest, CPU microseconds each",
}
NOTES = {
    "bare": "exception, page-fault: with the guest's handler and return; "
            "user-syscall: to user mode and back",
    "linux": "mitigations=off everywhere; context-switch: one of two "
             "processes over pipes; page-fault: with its share of mmap and "
             "munmap",
}


def case(kind, name, command, end=None):
    return Case(f"{kind}: {name}", lambda: cases.boot(
        f"{kind} {name}", command, f"{LAST[kind]} done", marks=MARKS,
        end=end, timeout_s=240))


def recorded(kind, command):
    path = f"{machines.OUT}/trace-micro"
    name = f"{kind}: recorded"

    def run():
        cases.drop(path)
        try:
            return cases.boot(name, command + machines.window(path),
                              f"{LAST[kind]} done", marks=MARKS,
                              timeout_s=240)
        finally:
            cases.drop(path)
    return Case(name, run)


def linux(flavour):
    return machines.linux(flavour, f"rdinit=/micro {machines.FAST}",
                          "micro.cpio")


RECORD = f"record=window mem={machines.GUEST_MIB}M"
CASES = {
    "bare": (
        case("bare", "Chronovisor",
             machines.chronovisor(cases.OPTIONS, BENCH)),
        recorded("bare", machines.chronovisor(RECORD, BENCH)),
        case("bare", "Xen", machines.xen(XEN_GUEST, BENCH), "halted"),
    ),
    "linux": (
        case("linux", "bare machine", machines.native(
            f"{systems.LINUX}/vmlinuz-amd64",
            f"rdinit=/micro {machines.FAST}", f"{systems.LINUX}/micro.cpio")),
        case("linux", "Chronovisor", machines.chronovisor(
            cases.OPTIONS, *linux("amd64"))),
        recorded("linux", machines.chronovisor(RECORD, *linux("amd64"))),
        case("linux", "Xen", machines.xen(XEN_GUEST, *linux("amd64")),
             "halted"),
    ),
}


def counts(name):
    """{operation: how often}, as the guest said in its last run."""
    path = f"{measure.LOGS}/{cases.file_name(name)}.log"
    with open(path, encoding="utf-8", errors="replace") as log:
        return {found[1]: int(found[2]) for found in
                re.finditer(r"bench: (\S+) start (\d+)", log.read())}


def each_us(operation, count):
    return lambda s: s.between(f"{operation} start",
                               f"{operation} done")[1] / count * 1e6


def table(lab, kind):
    names = [entry.name for entry in CASES[kind]]
    result = Table(TITLES[kind], "operation",
                   *(name.split(": ")[1] for name in names),
                   "Chronovisor / Xen", notes=[NOTES[kind]])
    good = [name for name in names if any(lab.samples[name])]
    if not good:
        result.note(lab.reason(names[0]))
        return result
    for operation, count in counts(good[0].replace(": ", " ")).items():
        stats = {name: Stat(lab.values(name, each_us(operation, count)),
                            lab.reason(name)) for name in names}
        ours, xen = (stats[f"{kind}: {who}"] for who in ("Chronovisor", "Xen"))
        result.add(operation, *stats.values(),
                   f"{ours.median / xen.median:.2f}" if ours and xen else "-")
    return result


def run(lab):
    tables = []
    for kind, entries in CASES.items():
        lab.collect(entries)
        tables.append(table(lab, kind))
    return tables
