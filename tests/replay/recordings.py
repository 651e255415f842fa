# SPDX-License-Identifier: MIT
"""Recordings and replays of a first domain in QEMU, and what came of them.

A trace is a file that is memory of a PCI device (boot options record=window
and replay=window). A run's end is read from the hypervisor's log and from
QEMU's exit status, which is 2 * the hypervisor's status + 1.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
for folder in ("system", "spec"):
    sys.path.insert(0, os.path.join(HERE, "..", folder))

import alter
import qemu
import systems
import tf_decode

TF_DUMP = "build/host/tf-dump"
CHV = "build/chv/chv"
# Of a recording: the hypervisor says how many hypercalls there were.
COUNT_CALLS = "loglvl=debug"
FINISHED, DIVERGED, BAD_TRACE, CUT = 0, 5, 6, 7
# What ends of a replay report that it is not the recording again.
REPORTS = (DIVERGED, BAD_TRACE, CUT)

END_LINE = re.compile(r"\(hv\) d\d+: (recording|replay) ([a-z ]+) at entry "
                      r"(\d+)\n")
DIGEST_LINE = re.compile(r"\(hv\) d\d+: (\d+) entries, digest ([0-9a-f]{32})\n")
CALLS_LINE = re.compile(r"\(hv\).* d\d+: \d+ page faults resolved unseen, "
                        r"(\d+) hypercalls\n")
WHY_LINE = re.compile(r"\(hv\) (d\d+: at entry .*|d\d+: expected .*|trace.*|"
                      r"replay:.*|snapshot.*|.*panic.*)\n")


class Run:
    """How a machine ended: the hypervisor's status (None: by no word of its
    own), the session's state and entry, the digest of a replay, and the log."""

    def __init__(self, status, log_path):
        with open(log_path, encoding="utf-8", errors="replace") as log:
            self.log = log.read().replace("\r", "")
        self.log_path = log_path
        self.status = status // 2 if status is not None and status % 2 \
            else None
        ends = END_LINE.findall(self.log)
        self.state = ends[-1][1] if ends else "no end"
        self.entry = int(ends[-1][2]) if ends else None
        digests = DIGEST_LINE.findall(self.log)
        self.digest = digests[-1][1] if digests else None

    def why(self):
        """The hypervisor's own words on an end, as one line."""
        return "; ".join(WHY_LINE.findall(self.log)[-4:])

    def guest_done(self, guest):
        """Whether the guest said that it came to its end."""
        return guest.done in self.log

    def __str__(self):
        return (f"status {self.status}, {self.state} at entry {self.entry}, "
                f"digest {self.digest}: {self.why()} ({self.log_path})")


class Guest:
    """What is recorded: multiboot modules, how much memory and window it wants,
    and what it says at its end."""

    def __init__(self, name, modules, *, memory_mib=512, window_kib=64 << 10,
                 timeout_s=120, done=""):
        systems.need(*(path for path, _ in modules))
        self.name = name
        self.modules = modules
        self.memory_mib = memory_mib
        self.window_kib = window_kib
        self.timeout_s = timeout_s
        self.done = done


def bare(name, args=""):
    """A bare guest of build/guest."""
    return Guest(name, [(f"build/guest/{name}.elf", args)])


def linux(run, flavour="cloud"):
    """Debian's Linux, doing what its init's chrono.run says."""
    return Guest(f"{flavour}-{run}",
                 [(f"{systems.LINUX}/vmlinuz-{flavour}",
                   f"console=hvc0 chrono.run={run}"),
                  (f"{systems.LINUX}/domu.cpio", "")],
                 memory_mib=1024, window_kib=256 << 10, timeout_s=600,
                 done="chrono: workload done" if run == "workload" else "")


class Folder:
    """Where windows lie: a folder in memory that goes away with the block."""

    def __init__(self):
        base = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
        self.path = tempfile.mkdtemp(prefix="chrono-windows-", dir=base)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.path, ignore_errors=True)

    def window(self, name, data=b""):
        path = os.path.join(self.path, name)
        with open(path, "wb") as out:
            out.write(data)
        return path


def machine(name, guest, window, options, memory_mib=None, icount=True):
    """A machine with the window, not started."""
    systems.need(systems.Chronovisor.image)
    m = qemu.Qemu(f"rr-{name}", memory_mib=memory_mib or guest.memory_mib,
                  icount=icount)
    m.add_debug_exit()
    with open(window, "ab") as file:
        file.truncate(guest.window_kib << 10)
    m.command += ["-object", "memory-backend-file,id=window,share=on,"
                  f"mem-path={window},size={guest.window_kib}K",
                  "-device", "ivshmem-plain,memdev=window"]
    m.load(systems.Chronovisor.image, options,
           guest.modules if "record=" in options else [])
    return m


def finish(m, timeout_s):
    """Wait for a started machine's end; one that does not come is a status
    of None."""
    try:
        status = m.wait(timeout_s)
    except qemu.Timeout:
        status = None
    m.kill()
    return Run(status, m.log_path)


def record(name, guest, window, *, options="", **more):
    with machine(name, guest, window,
                 f"dom0less record=window {options}".strip(), **more) as m:
        m.start()
        return finish(m, guest.timeout_s)


def replay(name, guest, window, *, options="", **more):
    with machine(name, guest, window, f"replay=window {options}".strip(),
                 **more) as m:
        m.start()
        return finish(m, guest.timeout_s)


def record_typed(name, guest, window):
    """A recording of Linux's shell in which somebody types."""
    with machine(name, guest, window, "dom0less record=window") as m:
        m.start()
        m.serial.expect(r"^chrono: init up", guest.timeout_s)
        m.serial.expect(r"# ")
        m.serial.send_line("echo $((6 * 7))_typed | md5sum; date +%N")
        m.serial.expect(r"^[0-9a-f]{32}  -\n")
        m.serial.expect(r"# ")
        m.serial.send_line("poweroff -f")
        run = finish(m, 60)
    must(run.state == "finished", f"the recording: {run}")
    trace = load(window)
    must(trace.last_record("CONSOLE_IN") is not None,
         "what was typed is not in the trace")
    return trace


def kill_recording(name, guest, window, after_s, *, options=""):
    """SIGKILL QEMU `after_s` seconds after the domain started to run."""
    with machine(name, guest, window,
                 f"dom0less record=window {options}".strip()) as m:
        m.start()
        m.serial.expect(r"^\(hv\) d\d+ starts\n", guest.timeout_s)
        time.sleep(after_s)
        m.kill()


def load(window):
    with open(window, "rb") as source:
        return alter.Trace(source.read())


def opens(window):
    """Whether another decoder reads the trace: (its exit status, its last
    lines). 0 is a complete trace, 6 one that is cut, anything else none."""
    systems.need(TF_DUMP)
    done = subprocess.run([TF_DUMP, window], stdout=subprocess.PIPE,
                          check=False)
    return done.returncode, done.stdout[-300:].decode(errors="replace")


def must(condition, text):
    if not condition:
        raise qemu.Failure(text)


def check_same(run, trace):
    """A replay ended at the recorded end with the recorded digest."""
    digest = trace.final_digest()
    must(run.status == FINISHED and run.state == "finished",
         f"the replay did not finish: {run}")
    must(digest is not None, "the trace has no FINAL record")
    must(run.digest == digest,
         f"final digest {run.digest}, recorded {digest} ({run.log_path})")


def check_calls(run, window, trace):
    """"chv hypercalls -c" has every hypercall that the hypervisor counted: its
    counts by number at the end of the trace, and at another place, before it
    looks at a call, the one that COUNT_CALLS prints; how many those are. Only
    the last call, a shutdown, does not return and so is in no trace."""
    systems.need(CHV)
    dispatched = CALLS_LINE.findall(run.log)
    must(len(dispatched) == 1, f"no count of hypercalls in {run.log_path}")
    counted = trace.final_calls()
    must(counted and any(counted), "the trace has no counts of hypercalls")
    done = subprocess.run([CHV, "hypercalls", "-c", "--json", window],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True, check=False)
    must(done.returncode == 0, f"chv hypercalls: status {done.returncode}: "
         + done.stderr.strip())
    summary = json.loads(done.stdout)
    # Numbers that are no hypercall's are not counted by number.
    listed = sorted(row["calls"] for row in summary["hypercalls"]
                    if row["hypercall"] != "others")
    must(listed == sorted(number for number in counted if number),
         f"chv hypercalls lists {listed}, the hypervisor counted {counted}")
    must(int(dispatched[0]) == summary["calls"] + 1,
         f"chv hypercalls: {summary['calls']} in total, {dispatched[0]} were "
         f"dispatched ({run.log_path})")
    return summary["calls"]


def check_altered(name, guest, trace, alteration, folder, *, icount=True):
    """Replay an altered trace: how it was reported, or "equal". Anything else
    is a failure."""
    window = folder.window("altered", alteration.apply(
        trace, guest.window_kib << 10))
    run = replay(name, guest, window, icount=icount)
    if run.status in REPORTS:
        must(run.why(), f"{alteration}: no line says why: {run}")
        return {DIVERGED: "diverged", BAD_TRACE: "bad trace",
                CUT: "cut"}[run.status]
    must(run.status == FINISHED and run.digest == trace.final_digest(),
         f"{alteration}: passed silently: {run}")
    return "equal"


def check_cut(name, guest, window):
    """A trace whose recording was killed opens, and replays to where it was
    cut; says where."""
    status, last = opens(window)
    must(status in (0, 6), f"the cut trace does not open: {last}")
    trace = load(window)
    if status == 0:
        check_same(replay(name, guest, window), trace)
        return "complete: killed too late"
    reached = max((c.header.last_entry for c in trace.chunks
                   if c.header.stream == tf_decode.REPLAY), default=None)
    run = replay(name, guest, window)
    if reached is None:
        must(run.status in REPORTS, f"nothing was recorded: {run}")
        return "nothing recorded"
    must(run.status == CUT and
            run.state == "at the end of a cut trace",
            f"the replay of a cut trace ended otherwise: {run}")
    must(run.entry == reached,
            f"it ended at entry {run.entry} instead of {reached}")
    return f"to entry {run.entry}"
