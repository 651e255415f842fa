# SPDX-License-Identifier: MIT
"""One measured machine: QEMU from its start to its end, with wall and CPU
seconds for the whole and for every line of interest on its serial console.

The CPU seconds are those of the QEMU process alone, by the kernel's own
accounting, so time in which the guest idles or other programs run does not
count. They are the steadier figure on a machine that does other things too.
"""

import os
import re
import select
import subprocess
import time

import qemu

LOGS = "build/bench/logs"
# How long QEMU may take to be gone once its console is.
EXIT_S = 10


class Failed(Exception):
    """A run that did not end as it should; the reason is for the table."""


class Sample:
    """What one run cost, and when (wall_s, cpu_s) its marks were seen."""

    def __init__(self, wall_s, cpu_s, marks, status, others_cores):
        self.wall_s = wall_s
        self.cpu_s = cpu_s
        self.marks = marks
        self.status = status
        self.others_cores = others_cores
        self.extra = {}

    def between(self, first, second):
        """(wall_s, cpu_s) from one mark to another."""
        a, b = self.marks[first], self.marks[second]
        return b[0] - a[0], b[1] - a[1]

    def as_json(self):
        return {"wall_s": self.wall_s, "cpu_s": self.cpu_s,
                "marks": self.marks, "others_cores": self.others_cores,
                **self.extra}


def process_clock(pid):
    """The clock that counts the CPU time of a process (clock_getcpuclockid)."""
    return (~pid << 3) | 2


def busy_seconds():
    """CPU seconds that all programs of this machine have used together."""
    with open("/proc/stat", encoding="ascii") as stat:
        ticks = [int(word) for word in stat.readline().split()[1:9]]
    user, nice, system, _, _, irq, softirq, _ = ticks
    return (user + nice + system + irq + softirq) / os.sysconf("SC_CLK_TCK")


class Watch:
    """Reads a machine's console and notes when marks are seen."""

    def __init__(self, process, marks, log):
        self.pipe = process.stdout.fileno()
        self.clock = process_clock(process.pid)
        self.start_s = time.monotonic()
        self.wanted = [(name, re.compile(pattern))
                       for name, pattern in marks]
        self.seen = {}
        self.log = log
        self.rest = ""

    def now(self):
        return (time.monotonic() - self.start_s,
                time.clock_gettime(self.clock))

    def _lines(self, data, when):
        *lines, self.rest = (self.rest + data.decode("utf-8", "replace")
                             .replace("\r", "")).split("\n")
        # Also the line that is not complete yet: when it comes counts.
        for line in lines + [self.rest]:
            for name, pattern in self.wanted:
                found = pattern.search(line)
                if found:
                    name = found.expand(name)
                    self.seen.setdefault(name, when)

    def read(self, deadline_s, tick_s):
        """Take what comes within a tick; False at the end of the line."""
        if self.start_s + deadline_s < time.monotonic():
            raise Failed(f"not over within {deadline_s:.0f} s")
        if not select.select([self.pipe], [], [], tick_s)[0]:
            return True
        data = os.read(self.pipe, 65536)
        when = self.now() if data else None
        self.log.write(data)
        if data:
            self._lines(data, when)
        return bool(data)


def reap(process, patience_s):
    """End a process that has not ended by itself in time; (status, usage)."""
    deadline_s = time.monotonic() + patience_s
    pid, status, usage = os.wait4(process.pid, os.WNOHANG)
    while pid == 0 and time.monotonic() < deadline_s:
        time.sleep(0.01)
        pid, status, usage = os.wait4(process.pid, os.WNOHANG)
    if pid == 0:
        process.kill()
        _, status, usage = os.wait4(process.pid, 0)
    process.returncode = status
    process.stdout.close()
    return os.waitstatus_to_exitcode(status), usage


def run(name, command, marks, *, end=None, timeout_s=180, during=None,
        tick_s=0.5):
    """Run a QEMU command; a Sample, or Failed.

    marks: (name, regular expression) pairs; a name may use \\1 of it.
    end: the mark after which the machine is killed; None: it ends by itself.
    during: called with the Watch every tick at least; True ends the run.
    """
    os.makedirs(LOGS, exist_ok=True)
    errors_path = os.path.join(LOGS, name + ".qemu.log")
    busy = busy_seconds()
    with open(os.path.join(LOGS, name + ".log"), "wb") as log, \
            open(errors_path, "wb") as errors:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=errors, preexec_fn=qemu.die_with_parent)
        watch = Watch(process, marks, log)
        patience_s = 0
        try:
            while watch.read(timeout_s, tick_s):
                if end in watch.seen or during and during(watch):
                    break
            else:
                patience_s = EXIT_S
        finally:
            status, usage = reap(process, patience_s)
    wall_s = time.monotonic() - watch.start_s
    cpu_s = usage.ru_utime + usage.ru_stime
    others = (busy_seconds() - busy - cpu_s) / wall_s
    return Sample(wall_s, cpu_s, watch.seen,
                  status, max(others, 0.0))
