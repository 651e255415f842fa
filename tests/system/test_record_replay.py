# SPDX-License-Identifier: MIT
"""Recordings replay exactly: short forms of tests/acceptance."""

import itertools
import os
import re
import struct
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "replay"))
import alter
import qemu
import recordings as rr

BUDGET_S = 900
ALTERATIONS = 8
KILLS_S = (0.1, 0.4, 1.0)


def record_whole(name, guest, window, **more):
    """A recording that came to its domain's end, as a trace."""
    run = rr.record(name, guest, window, **more)
    rr.must(run.state == "finished" and run.status == 0,
            f"the recording did not finish: {run}")
    return run, rr.load(window)


def checksums(run):
    """The lines in which a bare guest says what it saw."""
    return [line for line in run.log.splitlines()
            if line.startswith("checksum:")]


def test_bare():
    """Every replay guest, with its own checksums, in one trace."""
    guest = rr.bare("replay")
    with rr.Folder() as folder:
        window = folder.window("trace")
        run, trace = record_whole("bare.record", guest, window,
                                  options=rr.COUNT_CALLS)
        rr.must(checksums(run), f"the guest said nothing: {run}")
        rr.check_calls(run, window, trace)
        rr.check_same(rr.replay("bare.replay", guest, window), trace)


def test_places():
    """Without an instruction clock: code that never enters is interrupted where
    its state says, and a replay finds the place, with and without a clock. The
    short bound keeps tight loops short, in which a replay looks at each turn."""
    with rr.Folder() as folder:
        guest, window = rr.bare("replay_spin", "rounds=7"), folder.window("t")
        run, trace = record_whole("places.record", guest, window,
                                  options="hold=500 audit", icount=False)
        rr.must(checksums(run), f"the guest said nothing: {run}")
        rr.must(trace.last_record("LANDING") is not None,
                "nothing landed in the middle of code")
        for icount in (False, True):
            rr.check_same(rr.replay(f"places{icount}.replay", guest, window,
                                    options="audit", icount=icount), trace)


def test_own_steps():
    """A guest's own single step is not taken for a stop of the hypervisor's,
    which looks for a place in the same code."""
    with rr.Folder() as folder:
        guest, window = rr.bare("replay_step"), folder.window("t")
        run, trace = record_whole("steps.record", guest, window,
                                  options="hold=500", icount=False)
        rr.must("verdict: replay_step PASS" in run.log,
                f"the guest missed a trap: {run}")
        rr.must(trace.last_record("LANDING") is not None,
                "nothing landed in the middle of code")
        for icount in (False, True):
            rr.check_same(rr.replay(f"steps{icount}.replay", guest, window,
                                    icount=icount), trace)
        # A place that no guest can be at: its breakpoint must not be set.
        run = rr.replay("steps.forged", guest, folder.window("f", (
            alter.first_with(trace, "LANDING", "rip",
                             struct.pack("<Q", hypervisor_code())
                             ).apply(trace, len(trace.data)))), icount=False)
        rr.must(run.status == rr.DIVERGED, f"it was not refused: {run}")


def hypervisor_code():
    """An address that every exception of the hypervisor passes."""
    names = subprocess.run(["nm", "build/chronovisor"], capture_output=True,
                           text=True, timeout=60, check=True).stdout
    return int(re.search(r"^(\w+) \w vector_ist$", names, re.M)[1], 16)


def test_random_debugger():
    """A replay under a debugger that takes checkpoints, goes to them, steps and
    arms breaks at random: every state that it sees twice is the same, saved
    again it gives the same bytes, and the end is the recorded one (R12)."""
    with rr.Folder() as folder:
        for name, icount, seed in (("replay_sleep", True, 1),
                                   ("replay_user", False, 4)):
            guest, window = rr.bare(name), folder.window(name)
            _, trace = record_whole(f"debugger.{name}.record", guest, window,
                                    options="hold=500", icount=icount)
            run = rr.replay(f"debugger.{name}.replay", guest, window,
                            options=f"debug-selftest={seed} debug-rounds=20")
            rr.must(re.search(r"self-test: .* [1-9]\d* states compared",
                              run.log), f"nothing was seen twice: {run}")
            rr.check_same(run, trace)


def test_linux_spins():
    """A process that computes is preempted though it enters nothing."""
    guest = rr.linux("spin")
    with rr.Folder() as folder:
        window = folder.window("trace")
        run, trace = record_whole("spins.record", guest, window,
                                  options="audit", icount=False)
        rr.must("chrono: spin done" in run.log,
                f"the process was not stopped: {run}")
        rr.must(trace.last_record("LANDING") is not None,
                "nothing landed in the middle of code")
        rr.check_same(rr.replay("spins.replay", guest, window, icount=False),
                      trace)


def test_linux():
    """Linux's workload: recorded twice, which differ, and each replayed on a
    machine with less memory, or more; chaos the second time."""
    guest = rr.linux("workload")
    digests = []
    with rr.Folder() as folder:
        for number, (options, memory_mib) in enumerate(
                [("", 768), ("chaos=7", 1300)]):
            window = folder.window("trace")
            run, trace = record_whole(f"linux{number}.record", guest, window,
                                      options=f"{options} {rr.COUNT_CALLS}")
            rr.must("chrono: workload done" in run.log,
                    f"the workload did not end: {run}")
            rr.check_calls(run, window, trace)
            again = rr.replay(f"linux{number}.replay", guest, window,
                              memory_mib=memory_mib)
            rr.check_same(again, trace)
            digests.append(again.digest)
    rr.must(digests[0] != digests[1], "two recordings are the same run")


def test_console_input():
    """What is typed while recording is seen again in the replay, where nobody
    types."""
    guest = rr.linux("shell")
    with rr.Folder() as folder:
        window = folder.window("trace")
        trace = rr.record_typed("typed.record", guest, window)
        rr.check_same(rr.replay("typed.replay", guest, window), trace)


def test_alterations():
    """Logged values changed one at a time are reported, or change nothing."""
    guest = rr.bare("replay_sleep")
    with rr.Folder() as folder:
        window = folder.window("trace")
        _, trace = record_whole("alter.record", guest, window)
        chosen = alter.alterations(trace, 1)
        for number, one in enumerate(itertools.islice(chosen, ALTERATIONS)):
            rr.check_altered(f"alter.{number}", guest, trace, one, folder)


def test_killed():
    """SIGKILL in the middle of a recording leaves a trace that replays up to
    its last chunk."""
    guest = rr.bare("replay")
    with rr.Folder() as folder:
        for number, after_s in enumerate(KILLS_S):
            window = folder.window("trace")
            rr.kill_recording(f"killed{number}.record", guest, window,
                              after_s)
            rr.check_cut(f"killed{number}.replay", guest, window)


def test_no_memory():
    """A guest whose page tables take more memory than there is ends alone: its
    recording replays to the last position that was sealed, and says why it
    ends."""
    guest = rr.bare("hoarder")
    guest.memory_mib = 256
    with rr.Folder() as folder:
        window = folder.window("trace")
        run = rr.record("no_memory.record", guest, window,
                        options="mem=160M")
        rr.must(run.state == "failed" and
                "no memory left for the twin of a page table" in run.log,
                f"the recording ended otherwise: {run}")
        status, last = rr.opens(window)
        rr.must(status == 0 and "no memory left" in last,
                f"the trace does not say why it ends: {last}")
        again = rr.replay("no_memory.replay", guest, window, memory_mib=1024)
        rr.must(again.status == rr.CUT,
                f"the replay ended otherwise: {again}")


def test_full_window():
    """A window too small ends the recording, not the guest; what is in it
    replays."""
    guest = rr.bare("replay")
    guest.window_kib = 1024
    with rr.Folder() as folder:
        window = folder.window("trace")
        # A digest at each entry fills what the start leaves free.
        run = rr.record("full.record", guest, window,
                        options="hash-interval=1")
        rr.must(run.state == "failed" and "no more room" in run.log,
                f"the recording was not full: {run}")
        rr.must("verdict: suite PASS" in run.log and run.status == 0,
                f"the guest did not come to its end: {run}")
        status, last = rr.opens(window)
        rr.must(status == 0, f"the full trace is not complete: {last}")
        again = rr.replay("full.replay", guest, window)
        rr.must(again.status == rr.CUT,
                f"the replay of a full trace ended otherwise: {again}")
