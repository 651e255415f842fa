# SPDX-License-Identifier: MIT
"""QEMU's own record/replay on the same kernel and workload, without a
hypervisor, beside ours."""

import os
import re
import subprocess

import cases
import machines
import measure
import qemu
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
REVERSE_AT = int(os.environ.get("REVERSE_AT", "1700000000"))
REVERSE_S = 300
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
    """GDB with the script that steps back in the QEMU behind a socket."""
    return subprocess.Popen(
        ["gdb", "-nx", "-q", "-batch", "-x", "tests/bench/qemu_reverse.py"],
        env={**os.environ, "SOCKET": path, "AT": str(REVERSE_AT)},
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True,
        preexec_fn=qemu.die_with_parent)


def steps(process):
    """Seconds of each step that GDB's script made."""
    try:
        said = process.communicate(timeout=measure.EXIT_S)[0]
    except subprocess.TimeoutExpired:
        process.kill()
        said = process.communicate()[0]
    found = re.findall(r"reverse-stepi (\S+) at \d+", said)
    if not found:
        raise measure.Failed("no reverse-stepi: "
                             + (said.strip().splitlines() or ["?"])[-1])
    return [float(seconds) for seconds in found]


def reverse(recording):
    name = "QEMU, reverse-stepi"

    def run():
        path = f"{machines.OUT}/qemu-gdb"
        cases.drop(path)
        seen = []

        def during(_):
            if not seen and os.path.exists(path):
                seen.append(gdb(path))
            return bool(seen) and seen[0].poll() is not None

        try:
            sample = measure.run(
                "qemu-reverse", native(
                    rr("shift=0", "replay", REVERSE_LOG, ",rrsnapshot=init"),
                    (*reverse_options(), "-S", "-gdb",
                     f"unix:{path},server=on,wait=off")),
                (), during=during, timeout_s=REVERSE_S, tick_s=0.2)
            if not seen:
                raise measure.Failed("QEMU ended before GDB came")
            sample.extra["steps_s"] = steps(seen[0])
        finally:
            for process in seen:
                process.kill()
                process.wait()
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
