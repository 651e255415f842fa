# SPDX-License-Identifier: MIT
"""QEMU's own record/replay on the same kernel and workload, without a
hypervisor, beside ours."""

import os
import re
import subprocess

import cases
import machines
import measure
import systems
import trace
from lab import Case
from report import Stat, Table, aim, ratio

TITLE = "qemu: QEMU's record/replay on the workload, without a hypervisor"
KERNEL, INITRD = f"{systems.LINUX}/vmlinuz-cloud", f"{systems.LINUX}/domu.cpio"
LOG = f"{machines.OUT}/qemu-log"
DISK = f"{machines.OUT}/qemu-empty.qcow2"
REVERSE_LOG = f"{machines.OUT}/qemu-reverse-log"
# Late in the workload, counted in instructions.
REVERSE_AT = int(os.environ.get("REVERSE_AT", "3000000000"))
REVERSE_S = 400
SHIFTS = {"shift=0": "shift=0,sleep=off", "auto": "shift=auto"}


def native(icount="", extra=()):
    command = machines.native(KERNEL, cases.W, INITRD)
    return command + (["-icount", icount] if icount else []) + list(extra)


def rr(mode, how, path=LOG, more=""):
    return f"{SHIFTS[mode]},rr={how},rrfile={path}{more}"


def plain(name, icount=""):
    return cases.workload(name, native(icount))


def record(mode):
    name = f"QEMU, recorded, {mode}"
    path = f"{LOG}-{mode.replace('=', '')}"

    def run():
        cases.drop(path)
        sample = cases.boot(name, native(rr(mode, "record", path)), "done")
        with open(path, "rb") as log:
            data = log.read()
        sample.extra["log"] = len(data)
        sample.extra["log_zstd"] = len(trace.zstd(data, "-3"))
        return sample
    return Case(name, run)


def replay(mode, recording):
    path = f"{LOG}-{mode.replace('=', '')}"
    name = f"QEMU, replayed, {mode}"
    return Case(name, lambda: cases.boot(
        name, native(rr(mode, "replay", path)), "done", timeout_s=240),
        after=recording)


PLAIN = plain("QEMU, plain")
COUNTED = plain("QEMU, shift=0", "shift=0,sleep=off")
RECORDED = {mode: record(mode) for mode in SHIFTS}
REPLAYED = {mode: replay(mode, RECORDED[mode]) for mode in SHIFTS}


# ---- backwards ---------------------------------------------------------------
def reverse_options():
    # Without vapic=off the second or third step backwards never returns.
    return ("-global", "apic-common.vapic=off",
            "-drive", f"file={DISK},if=none,id=rr")


def reverse_recording():
    def run():
        cases.drop(DISK)
        cases.drop(REVERSE_LOG)
        subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", DISK,
                        "1G"], timeout=30, check=True)
        return cases.boot("QEMU, recorded for reverse", native(
            rr("shift=0", "record", REVERSE_LOG, ",rrsnapshot=init"),
            reverse_options()), "done")
    return Case("QEMU, recorded for reverse", run)


def gdb(path):
    """What the script in GDB measures: [(seconds, instruction)]."""
    try:
        done = subprocess.run(
            ["gdb", "-nx", "-q", "-batch", "-x",
             "tests/bench/qemu_reverse.py"],
            env={**os.environ, "SOCKET": path, "AT": str(REVERSE_AT)},
            stdin=subprocess.DEVNULL, capture_output=True, text=True,
            timeout=REVERSE_S, check=False)
    except subprocess.TimeoutExpired:
        raise measure.Failed(f"GDB was not done within {REVERSE_S} s")
    steps = re.findall(r"reverse-stepi (\S+) at (\d+)", done.stdout)
    if not steps:
        raise measure.Failed("no reverse-stepi: " + (
            (done.stdout + done.stderr).strip().splitlines() or ["?"])[-1])
    return [float(seconds) for seconds, _ in steps]


def reverse(recording):
    name = "QEMU, reverse-stepi"

    def run():
        path = f"{machines.OUT}/qemu-gdb"
        cases.drop(path)
        seen = []

        def during(_):
            if not seen and os.path.exists(path):
                seen.append(gdb(path))
            return bool(seen)

        sample = measure.run(
            "qemu-reverse", native(
                rr("shift=0", "replay", REVERSE_LOG, ",rrsnapshot=init"),
                (*reverse_options(), "-S", "-gdb",
                 f"unix:{path},server=on,wait=off")),
            (), during=during, timeout_s=REVERSE_S + 30, tick_s=0.2)
        if not seen:
            raise measure.Failed("QEMU ended before GDB came")
        sample.extra["steps_s"] = seen[0]
        return sample
    return Case(name, run, after=recording)


REVERSE_RECORDED = reverse_recording()
REVERSE = reverse(REVERSE_RECORDED)


# ---- tables ------------------------------------------------------------------
def seconds(lab, every):
    table = Table(TITLE + " (seconds)", "case", "wall", "CPU",
                  "CPU / the same unrecorded", "log bytes", "log, zstd -3")
    for case, base in every:
        why = lab.reason(case.name)
        log, small = (Stat(lab.values(
            case.name, lambda s: s.extra.get(key)), "").text("{:.0f}")
            for key in ("log", "log_zstd"))
        cpu = lab.values(case.name, lambda s: s.cpu_s)
        table.add(case.name,
                  Stat(lab.values(case.name, lambda s: s.wall_s), why),
                  Stat(cpu, why),
                  ratio(cpu, lab.values(base.name, lambda s: s.cpu_s)),
                  log, small)
    return table


def logs(lab):
    """The replay stream against QEMU's log, both one frame of zstd -3."""
    table = Table("qemu: our replay stream against QEMU's log, bytes after "
                  "zstd -3", "ours", "", "QEMU's", "", "ratio", "aim", "")
    for mode, theirs in (("exact", "shift=0"), ("aligned", "shift=0"),
                         ("none", "auto")):
        ours, other = cases.RECORDED[mode].name, RECORDED[theirs].name
        mine = lab.values(ours, lambda s: s.extra["replay_again"])
        their = lab.values(other, lambda s: s.extra["log_zstd"])
        both = ratio(mine, their)
        table.add(mode, Stat(mine, lab.reason(ours)).text("{:.0f}"), theirs,
                  Stat(their, lab.reason(other)).text("{:.0f}"), both,
                  *aim(both, 1.0))
    return table


def backwards(lab):
    steps = [step for values in lab.values(
        REVERSE.name, lambda s: s.extra["steps_s"]) if values
        for step in values]
    table = Table("qemu: its reverse-stepi with the snapshot at the start "
                  "only (wall seconds)", "at instruction", "seconds")
    table.add(REVERSE_AT, Stat(steps, lab.reason(REVERSE.name)))
    return table


def run(lab):
    every = [(PLAIN, PLAIN), (COUNTED, COUNTED)]
    for mode in SHIFTS:
        base = COUNTED if mode == "shift=0" else PLAIN
        every += [(RECORDED[mode], base), (REPLAYED[mode], base)]
    lab.collect([case for case, _ in every] + list(cases.RECORDED.values()))
    lab.collect([REVERSE_RECORDED, REVERSE])
    return [seconds(lab, every), logs(lab), backwards(lab)]
