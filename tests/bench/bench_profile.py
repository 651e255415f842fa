# SPDX-License-Identifier: MIT
"""Where the time goes: which code runs, and what makes the hypervisor run.

Samples: QEMU is stopped some hundred times a second, asked where its CPU is,
and let go on; the guest's clock stands still meanwhile. A stop takes effect
where the next translated block starts, which is close enough for shares.
Exits: QEMU's own log of exceptions and interrupts, counted as it comes.
"""

import bisect
import collections
import json
import os
import random
import re
import socket
import subprocess
import tempfile
import threading
import time

import bench_micro
import cases
import machines
import trace
from lab import Case
from report import Table

TITLE = "profile"
TICK_S = 0.01
TOP = 12
XEN_RANGE = (0xffff82d040000000, 0xffff82d080000000)
HV_RANGE = (0xffff828000000000, 0xffff828080000000)
RIP = re.compile(r"RIP=([0-9a-f]+)")
KINDS = {0: "#DE", 1: "#DB", 2: "NMI", 3: "#BP", 6: "#UD", 7: "#NM",
         13: "#GP", 14: "#PF"}


class Monitor:
    """QEMU's machine protocol over a UNIX socket."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(10)
        self.socket.connect(path)
        self.lines = self.socket.makefile("r", encoding="utf-8")
        self.lines.readline()
        self.ask("qmp_capabilities")

    def ask(self, command, **arguments):
        self.socket.sendall((json.dumps(
            {"execute": command, "arguments": arguments}) + "\n").encode())
        while True:
            answer = json.loads(self.lines.readline() or '{"error": "gone"}')
            if "return" in answer:
                return answer["return"]
            if "error" in answer:
                raise OSError(str(answer["error"]))

    def where(self):
        """Address at which the CPU is."""
        self.ask("stop")
        text = self.ask("human-monitor-command",
                        **{"command-line": "info registers"})
        self.ask("cont")
        return int(RIP.search(text)[1], 16)


class Symbols:
    """Functions of the hypervisor's image."""

    def __init__(self, path):
        text = subprocess.run(["nm", "-n", path], capture_output=True,
                              text=True, timeout=60, check=True).stdout
        rows = [line.split() for line in text.splitlines()]
        rows = [(int(row[0], 16), row[2]) for row in rows
                if len(row) == 3 and row[1] in "tT"]
        self.starts = [start for start, _ in rows]
        self.names = [name for _, name in rows]

    def name(self, address):
        at = bisect.bisect(self.starts, address) - 1
        return self.names[at] if at >= 0 else hex(address)


def place(address, symbols):
    """What runs at an address: (whose code, function)."""
    if HV_RANGE[0] <= address < HV_RANGE[1]:
        return "hypervisor", symbols.name(address)
    if XEN_RANGE[0] <= address < XEN_RANGE[1]:
        return "hypervisor", "Xen"
    if address >= 1 << 63:
        return "guest kernel", ""
    return "guest user", ""


class Sampler(threading.Thread):
    """Asks at intervals of its own, whatever the console says."""

    def __init__(self, path, watch, start, end):
        super().__init__(daemon=True)
        self.monitor = Monitor(path)
        self.watch, self.start_mark, self.end_mark = watch, start, end
        self.symbols = Symbols(machines.HYPERVISOR)
        self.counts = collections.Counter()

    def run(self):
        try:
            while self.end_mark not in self.watch.seen:
                time.sleep(random.uniform(0.5, 1.5) * TICK_S)
                if self.start_mark in self.watch.seen:
                    self.counts[place(self.monitor.where(),
                                      self.symbols)] += 1
        except (OSError, ValueError):
            pass  # the machine has ended


def sampled(name, command, start, end, marks=cases.WORKLOAD_MARKS):
    """A case whose samples between two marks are counted."""
    def run():
        samplers = []
        with tempfile.TemporaryDirectory(prefix="chrono-") as folder:
            path = f"{folder}/qmp"

            def during(watch):
                if not samplers and os.path.exists(path):
                    samplers.append(Sampler(path, watch, start, end))
                    samplers[0].start()
                return end in watch.seen

            sample = cases.boot(
                name, command + ["-qmp", f"unix:{path},server=on,wait=off"],
                start, end, marks=marks, during=during, tick_s=0.1)
        samplers[0].join(15)
        sample.extra["places"] = [[*key, count] for key, count
                                  in samplers[0].counts.most_common()]
        return sample
    return Case(name, run)


def exits(name, command):
    """A case that counts exceptions and interrupts by kind."""
    def run():
        counts = collections.Counter()
        with tempfile.TemporaryDirectory(prefix="chrono-") as folder:
            fifo = f"{folder}/int"
            os.mkfifo(fifo)
            pattern = r"v=.. e=.... i=. cpl=."
            grep = subprocess.Popen(["grep", "-aoE", pattern, fifo],
                                    stdout=subprocess.PIPE, text=True)

            def count():
                for line in grep.stdout:
                    counts[line.strip()] += 1

            thread = threading.Thread(target=count)
            thread.start()
            # Held open, so that the reader neither waits nor stays for ever.
            keep = os.open(fifo, os.O_RDWR)
            try:
                sample = cases.boot(
                    name, command + ["-d", "int", "-D", fifo], "done",
                    timeout_s=400,
                    during=lambda watch: "done" in watch.seen)
            finally:
                os.close(keep)
                thread.join(30)
                grep.kill()
                grep.wait()
        by_kind = collections.Counter()
        for line, times in counts.items():
            by_kind[kind(line)] += times
        sample.extra["exits"] = dict(by_kind.most_common())
        return sample
    return Case(name, run)


def kind(line):
    found = re.match(r"v=(\w+) e=(\w+) i=(\d) cpl=(\d)", line)
    vector, code, cpl = int(found[1], 16), int(found[2], 16), found[4]
    text = KINDS.get(vector, "interrupt" if vector >= 32 else f"#{vector}")
    if vector == 14:
        text += {0: " read", 1: " read, rights", 2: " write",
                 3: " write, rights"}.get(code & 3, "")
    return text + (" in the guest" if cpl == "3" else " in the hypervisor")


def recorded(command, path):
    return command + machines.window(path)


RECORD = f"record=window mem={machines.GUEST_MIB}M"
PATH = f"{machines.OUT}/trace-profile"


def bare(operation, command):
    """One operation of the bare guest's, see bench_micro."""
    return sampled(f"sampled: {operation}", command, f"{operation} start",
                   f"{operation} done", marks=bench_micro.MARKS)


BARE = machines.chronovisor(cases.OPTIONS, bench_micro.BENCH)
PLAIN_COMMAND = machines.chronovisor(cases.OPTIONS,
                                     *machines.linux("cloud", cases.W))
RECORD_COMMAND = recorded(machines.chronovisor(
    RECORD, *machines.linux("cloud", cases.W)), PATH)
FAST = f"{cases.W} {machines.FAST}"
AMD64_COMMAND = machines.chronovisor(cases.OPTIONS,
                                     *machines.linux("amd64", FAST))
XEN_COMMAND = machines.xen(machines.XEN_FAST, *machines.linux("amd64", FAST))
SAMPLED = (
    sampled("sampled: unrecorded", PLAIN_COMMAND, "start", "done"),
    sampled("sampled: recorded", RECORD_COMMAND, "start", "done"),
    sampled("sampled: amd64, unrecorded", AMD64_COMMAND, "start", "done"),
    sampled("sampled: amd64 on Xen", XEN_COMMAND, "entry", "done"),
    bare("null-call", BARE), bare("page-fault", BARE),
    bare("va-mapping", BARE),
)
EXITS = (
    exits("exits: unrecorded", PLAIN_COMMAND),
    exits("exits: recorded", RECORD_COMMAND),
    exits("exits: amd64, unrecorded", AMD64_COMMAND),
    exits("exits: amd64 on Xen", XEN_COMMAND),
)


def last(lab, name):
    good = [sample for sample in lab.samples[name] if sample]
    return good[-1].extra if good else None


def shares(lab):
    table = Table("profile: share of samples of the workload",
                  "run", "samples", "hypervisor", "guest kernel", "guest user")
    tops = []
    for case in SAMPLED:
        extra = last(lab, case.name)
        if extra is None:
            table.add(case.name, f"- ({lab.reason(case.name)})", "", "", "")
            continue
        total = sum(row[2] for row in extra["places"]) or 1
        table.add(case.name, total, *(
            f"{100 * sum(r[2] for r in extra['places'] if r[0] == who) / total:.0f}%"
            for who in ("hypervisor", "guest kernel", "guest user")))
        ours = [row for row in extra["places"]
                if row[0] == "hypervisor" and row[1] != "Xen"][:TOP]
        if ours:
            tops.append(Table(f"profile: functions of the hypervisor, "
                              f"{case.name.split(': ')[1]}",
                              "function", "share of all samples"))
            for _, name, count in ours:
                tops[-1].add(name, f"{100 * count / total:.1f}%")
    return [table, *tops]


def exit_table(lab):
    found = {case.name: (last(lab, case.name) or {}).get("exits", {})
             for case in EXITS}
    table = Table("profile: exceptions and interrupts during the workload",
                  "kind", *(name.split(": ")[1] for name in found))
    kinds = collections.Counter()
    for counts in found.values():
        kinds.update(counts)
    for name, _ in kinds.most_common(16):
        table.add(name, *(counts.get(name, 0) for counts in found.values()))
    table.note("hypercalls and system calls are no exceptions: see below")
    return table


def call_table(extra_name, path):
    table = Table(f"profile: hypercalls, {extra_name}", "hypercall", "calls")
    for name, count in list(trace.calls(path).items())[:TOP]:
        table.add(name, count)
    return table


def run(lab):
    once = type(lab)(1)
    cases.drop(PATH)
    once.collect(SAMPLED)
    once.collect(EXITS)
    lab.samples.update(once.samples)
    lab.loads += once.loads
    tables = [*shares(once), exit_table(once)]
    if os.path.exists(PATH):
        tables.append(call_table("recorded", PATH))
        cases.drop(PATH)
    return tables
