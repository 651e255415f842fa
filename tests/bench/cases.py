# SPDX-License-Identifier: MIT
"""The machines that are measured, as cases of the lab.

The workload is the guest's own: Linux boots, runs 200 processes, writes 20 MB
to a tmpfs, computes their digest and powers off. Recordings and replays come
in pairs: a replay is of the recording made in the same round.
"""

import os
import re

import machines
import measure
import systems
import trace
from lab import Case

W = "chrono.run=workload"
WORKLOAD_MARKS = (
    ("firmware", r"Booting from ROM"),
    ("entry", r"\(hv\) Chronovisor, loaded"),
    ("entry", r"\(XEN\) .*Xen version|Xen 4\.\d+\.\d"),
    ("start", r"\(hv\) d\d+ starts"),
    ("kernel", r"Linux version"),
    ("init", r"chrono: init up"),
    ("workload", r"chrono: workload start"),
    ("forks", r"chrono: 200 forks done"),
    ("done", r"chrono: workload done (\w+)"),
    ("off", r"chrono: poweroff"),
    ("halted", r"Hardware Dom0 (?:halted|shutdown)"),
    ("recorded", r"\(hv\) d\d+: recording finished"),
    ("replayed", r"\(hv\) d\d+: replay finished"),
    ("digest", r"\(hv\) d\d+: \d+ entries, digest"),
)
OPTIONS = f"dom0less mem={machines.GUEST_MIB}M"
MODES = {
    "none": {"icount": False, "options": ""},
    "exact": {"icount": True, "options": ""},
    "aligned": {"icount": True, "options": "aligned"},
}


def need_marks(sample, *names):
    for name in names:
        if name not in sample.marks:
            raise measure.Failed(f"it ended (status {sample.status}) without "
                                 f"reaching '{name}'")
    return sample


def file_name(name):
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def boot(name, command, *needed, marks=WORKLOAD_MARKS, **how):
    sample = measure.run(file_name(name), command, marks, **how)
    return need_marks(sample, *needed)


def workload(name, command, **how):
    """A case that runs the workload to its end."""
    return Case(name, lambda: boot(name, command, "done", **how))


def window_path(mode):
    return f"{machines.OUT}/trace-{mode}"


def drop(path):
    if os.path.exists(path):
        os.unlink(path)


def record(mode):
    how = MODES[mode]
    path = window_path(mode)
    name = f"recorded, {mode}"

    def run():
        drop(path)
        command = machines.chronovisor(
            f"record=window mem={machines.GUEST_MIB}M {how['options']}",
            *machines.linux("cloud", W), icount=how["icount"])
        sample = boot(name, command + machines.window(path),
                      "start", "done", "recorded")
        sample.extra.update(trace.totals(path))
        sample.extra["replay_again"] = trace.compressed_again(path)
        return sample
    return Case(name, run)


def replay(mode, recording):
    name = f"replayed, {mode}"

    def run():
        command = machines.chronovisor(
            "replay=window", f"{machines.OUT}/hello.elf",
            icount=MODES[mode]["icount"])
        return boot(name, command + machines.window(window_path(mode)),
                    "start", "replayed", "digest")
    return Case(name, run, after=recording)


def unrecorded(mode):
    return workload(
        f"unrecorded, {mode}",
        machines.chronovisor(OPTIONS, *machines.linux("cloud", W),
                             icount=MODES[mode]["icount"]))


PLAIN = unrecorded("none")
COUNTED = unrecorded("exact")
RECORDED = {mode: record(mode) for mode in MODES}
REPLAYED = {mode: replay(mode, RECORDED[mode]) for mode in MODES}
UNRECORDED = {"none": PLAIN, "exact": COUNTED, "aligned": COUNTED}


# ---- idle ------------------------------------------------------------------
IDLE_SETTLE_S = 3.0
IDLE_S = float(os.environ.get("IDLE_S", "10"))


def idle(mode):
    how = MODES[mode]
    path = f"{machines.OUT}/trace-idle-{mode}"
    name = f"idle, {mode}"

    def run():
        drop(path)
        seen = []

        def during(watch):
            """Sums of the trace once the guest idles, and some time later."""
            if "idle" not in watch.seen:
                return False
            since_s = watch.now()[0] - watch.seen["idle"][0]
            if len(seen) == 0 and since_s > IDLE_SETTLE_S:
                seen.append(trace.totals(path))
            if len(seen) == 1 and since_s > IDLE_SETTLE_S + IDLE_S:
                seen.append(trace.totals(path))
            return len(seen) == 2

        command = machines.chronovisor(
            f"record=window mem={machines.GUEST_MIB}M {how['options']}",
            *machines.linux("cloud", "chrono.run=idle"), icount=how["icount"])
        sample = boot(name, command + machines.window(path), "idle",
                      marks=(("idle", r"chrono: idle"),), during=during)
        if len(seen) < 2:
            raise measure.Failed("the recording ended while the guest idled")
        sample.extra.update({key: seen[1][key] - seen[0][key]
                             for key in seen[0]})
        drop(path)
        return sample
    return Case(name, run)


IDLE = {mode: idle(mode) for mode in ("none", "exact")}


# ---- the same kernel everywhere --------------------------------------------
def on_xen(name, options, args):
    return workload(name, machines.xen(options, *machines.linux("amd64", args)),
                    end="halted")


XEN = on_xen("Xen", machines.XEN_PLAIN, W)
XEN_FAST = on_xen("Xen, mitigations off", machines.XEN_FAST,
                  f"{W} {machines.FAST}")
DOM0LESS = workload("Chronovisor dom0less", machines.chronovisor(
    OPTIONS, *machines.linux("amd64", W)))
DOM0LESS_FAST = workload(
    "Chronovisor dom0less, mitigations off", machines.chronovisor(
        OPTIONS, *machines.linux("amd64", f"{W} {machines.FAST}")))
DOM0_FAST = workload("Chronovisor dom0, mitigations off", machines.chronovisor(
    f"dom0_mem={machines.GUEST_MIB}M",
    *machines.linux("amd64", f"{W} {machines.FAST}")))
NATIVE_AMD64 = workload("bare machine", machines.native(
    f"{systems.LINUX}/vmlinuz-amd64", W, f"{systems.LINUX}/domu.cpio"))
NATIVE_FAST = workload("bare machine, mitigations off", machines.native(
    f"{systems.LINUX}/vmlinuz-amd64", f"{W} {machines.FAST}",
    f"{systems.LINUX}/domu.cpio"))
