# SPDX-License-Identifier: MIT
"""Going backwards in a replay of the workload: reverse-stepi at moments all
over the run, from packet to reply, and reverse-continue to breakpoints late
in it; QEMU's own beside them."""

import os
import re
import subprocess
import time

import bench_qemu
import cases
import machines
import measure
from lab import Case
from report import Stat, Table, aim

TITLE = "reverse: going backwards (wall seconds)"
STEP_AIM_S = 0.050
TRACE = f"{machines.OUT}/trace-reverse"
SYMBOLS = f"{machines.OUT}/reverse.elf"
CHV = "build/chv/chv"
LIMIT_S = 900


def chv(*args):
    done = subprocess.run([CHV, *args], stdin=subprocess.DEVNULL, text=True,
                          errors="replace", stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=LIMIT_S,
                          check=False)
    if done.returncode != 0:
        last = (done.stdout.strip().splitlines() or ["?"])[-1]
        raise measure.Failed(f"chv {args[0]}: status {done.returncode}: "
                             + last)
    return done.stdout


def walk():
    """What GDB's script measured."""
    cases.drop(TRACE)
    chv("run", "--icount", "--kernel", bench_qemu.KERNEL, "--initrd",
        bench_qemu.INITRD, "--memory", f"{machines.GUEST_MIB}M", "--cmdline",
        f"console=hvc0 {cases.W}", "--trace", TRACE, "--trace-size", "256M")
    chv("symbols", "--image", f"{machines.LINUX}/vmlinux-cloud", "--output",
        SYMBOLS)
    said = chv("gdb", TRACE, "--symbols", SYMBOLS, "--", "-nx", "-batch",
               "-x", "tests/bench/chv_reverse.py")
    os.makedirs(measure.LOGS, exist_ok=True)
    with open(f"{measure.LOGS}/reverse.log", "w", encoding="utf-8") as log:
        log.write(said)
    if "reverse: done" not in said:
        raise measure.Failed("GDB's script did not end: "
                             + (said.strip().splitlines() or ["?"])[-1])
    return said


def run_case():
    start_s, busy = time.monotonic(), measure.busy_seconds()
    said = walk()
    wall_s = time.monotonic() - start_s
    cpu_s = measure.busy_seconds() - busy
    sample = measure.Sample(wall_s, cpu_s, {}, 0, 0.0)
    for kind in ("step", "continue"):
        found = {}
        for what, seconds in re.findall(rf"^{kind} (\S+) (\S+)$", said, re.M):
            found.setdefault(what, []).append(float(seconds))
        sample.extra[kind] = found
    return sample


CASE = Case("reverse", run_case)


def collected(lab, kind):
    """{where: seconds of all rounds}"""
    merged = {}
    for found in lab.values(CASE.name, lambda s: s.extra[kind]):
        for where, seconds in (found or {}).items():
            merged.setdefault(where, []).extend(seconds)
    return merged


def ours(lab, table):
    why = lab.reason(CASE.name)
    steps = collected(lab, "step")
    for where, seconds in steps.items():
        table.add(f"reverse-stepi at {where}", len(seconds),
                  Stat(seconds).text("{:.3f}"), "", "")
    every = Stat([s for seconds in steps.values() for s in seconds], why)
    table.add("reverse-stepi, all", len(every.values), every.text("{:.3f}"),
              *aim(every, STEP_AIM_S, "{:.3f}"))
    for where, seconds in collected(lab, "continue").items():
        table.add(f"reverse-continue from the end to {where}", len(seconds),
                  Stat(seconds).text("{:.3f}"), "", "")


def theirs(lab, table):
    case = bench_qemu.REVERSE
    seconds = [step for steps in lab.values(
        case.name, lambda s: s.extra["steps_s"]) if steps for step in steps]
    table.add(f"QEMU's reverse-stepi at instruction {bench_qemu.REVERSE_AT}",
              len(seconds), Stat(seconds, lab.reason(case.name)).text(
                  "{:.3f}"), "", "")


def run(lab):
    lab.collect([CASE, bench_qemu.REVERSE_RECORDED, bench_qemu.REVERSE])
    table = Table(TITLE, "operation", "n", "seconds", "aim", "")
    ours(lab, table)
    theirs(lab, table)
    table.note("reverse-stepi: from the packet to its reply, the line to the "
               "server included; QEMU's and\nreverse-continue: the whole "
               "command in GDB")
    return [table]
