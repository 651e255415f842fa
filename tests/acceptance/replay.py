#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Record and replay, the long lists.

    replay.py [options] PIECE...

    replays      Linux's workload recorded once per way of delivery; each
                 trace's hypercalls accounted for, and the trace replayed in
                 fresh boots of machines of different size, many times in one
                 boot, and beside a busy guest
    chaos        N seeds of chaos=, each recorded and replayed once
    alterations  N logged values altered, over all kinds of record of bare
                 guests' traces and of one of Linux: each is reported or
                 changes nothing
    kills        N recordings killed at random moments with the whole machine:
                 each trace opens and replays to its last chunk
    dom0_kills   the same for N recordings in one dom0 that lose their recorder
                 or their domain; a third of them goes on with a new recorder
    amd64        linux-image-amd64 recorded and replayed

One line for each run. Exit status 1 if anything failed.
"""

import argparse
import collections
import itertools
import os
import random
import re
import sys

from tally import Tally
import alter
import dom0
import qemu
import recordings as rr

HERE = os.path.dirname(os.path.abspath(__file__))
MEMORY_MIB = (1024, 700, 1300, 2048, 768)
# What events wait for: options of the hypervisor, and QEMU's -icount.
MODES = {"exact": ("", True), "aligned": ("aligned", True),
         "none": ("", False)}


def record(name, guest, window, options="", icount=True):
    """A finished recording as a trace, with how many hypercalls it has."""
    run = rr.record(name, guest, window, icount=icount,
                    options=f"{options} {rr.COUNT_CALLS}")
    rr.must(run.state == "finished" and run.status == rr.FINISHED,
            f"the recording did not finish: {run}")
    rr.must(run.guest_done(guest), f"the guest did not do its work: {run}")
    trace = rr.load(window)
    return trace, rr.check_calls(run, window, trace)


def keep(traces, trace, calls=None):
    """Put a recording's trace where its replays find it; what it was."""
    traces.append(trace)
    return f"digest {trace.final_digest()}" + (
        f", {calls} hypercalls listed" if calls is not None else "")


def replay(name, guest, window, trace, memory_mib=None, icount=True):
    run = rr.replay(name, guest, window, memory_mib=memory_mib, icount=icount)
    rr.check_same(run, trace)
    return f"{run.entry} entries, digest {run.digest}"


def in_one_boot(name, guest, window, trace, times, tally, *, icount,
                busy=False):
    """Replay a trace many times in one boot, by chv in dom0; with `busy`
    beside a guest that works all the time."""
    words = f"replays {times} {'busy' if busy else 'alone'}"
    digests = []

    def one(boot, number):
        text = boot.line(rf"replay {number}: (.*)", guest.timeout_s)[1]
        found = re.search(r"replayed to its end: (\d+) entries, no divergence",
                          text)
        rr.must(found, text)
        digests.append(None)
        return f"{found[1]} entries, no divergence" + (
            "; beside it " + boot.line(r"busy: (running|blocked), .*", 60)[0]
            .strip()[11:] if busy else "")

    def all_digests(boot):
        boot.end()
        found = rr.DIGEST_LINE.findall(boot.log())
        rr.must(len(found) == times and
                {digest for _, digest in found} == {trace.final_digest()},
                f"digests {found} ({boot.machine.log_path})")
        return f"{len(found)} times {trace.final_digest()}"

    with dom0.Dom0(name, words, icount=icount, dom0_mib=384, memory_mib=1400,
                   window=(window, guest.window_kib >> 10)) as boot:
        for number in range(times):
            tally.run(f"{name} {number}", lambda: one(boot, number))
        tally.run(f"{name} digests", lambda: all_digests(boot))


def piece_replays(args, tally):
    guest = rr.linux("workload")
    for mode in args.modes:
        options, icount = MODES[mode]
        with rr.Folder() as folder:
            window = folder.window("trace")
            traces = []
            tally.run(f"{mode} recording", lambda: keep(traces, *record(
                f"acc-{mode}", guest, window, options, icount)))
            if not traces:
                continue
            for number in range(args.replays):
                memory_mib = MEMORY_MIB[number % len(MEMORY_MIB)]
                tally.run(f"{mode} replay {number} with {memory_mib} MiB",
                          lambda: replay(f"acc-{mode}{number}", guest, window,
                                         traces[0], memory_mib, icount))
            for times, name, busy in ((args.one_boot, "one-boot", False),
                                      (args.beside, "beside-busy", True)):
                if times:
                    in_one_boot(f"{mode}-{name}", guest, window, traces[0],
                                times, tally, icount=icount, busy=busy)


def piece_chaos(args, tally):
    guest = rr.linux("workload")

    def once(seed):
        with rr.Folder() as folder:
            window = folder.window("trace")
            name = f"acc-chaos{seed}"
            trace, _ = record(name, guest, window, f"chaos={seed}")
            return replay(f"{name}-replay", guest, window, trace)

    for seed in range(1, args.chaos + 1):
        tally.run(f"chaos seed {seed}", lambda: once(seed))


def altered_guests():
    """Bare guests, quick to replay, that each have events of another kind."""
    return [rr.bare(name) for name in ("replay_sleep", "replay_split",
                                       "replay_user", "replay_clock",
                                       "replay_others")]


def spinning_guest():
    """It has places at which it was interrupted, if nothing counts. It takes a
    replay minutes to give a place up that does not exist."""
    guest = rr.bare("replay_spin", "rounds=7")
    guest.timeout_s = 900
    return guest


def record_guest(guest, window, icount):
    name = f"acc-{guest.name}"
    if guest.name == "cloud-shell":
        return rr.record_typed(name, guest, window)
    return record(name, guest, window, "" if icount else "hold=500",
                  icount)[0]


def alter_guest(guest, count, args, tally, seen, icount=True):
    """Replay `count` alterations of a recording of this guest, but none of the
    kinds of records `seen`; the outcomes, and the kinds it has."""
    outcomes = collections.Counter()
    traces = []
    with rr.Folder() as folder:
        window = folder.window("trace")
        tally.run(f"recording of {guest.name}", lambda: keep(
            traces, record_guest(guest, window, icount)))
        if not traces:
            return outcomes, set()
        chosen = alter.alterations(traces[0], f"{args.seed} {guest.name}",
                                   seen)
        for one in itertools.islice(chosen, count):
            def body():
                outcome = rr.check_altered(f"acc-alter-{guest.name}", guest,
                                           traces[0], one, folder,
                                           icount=icount)
                outcomes[outcome] += 1
                return outcome
            tally.run(f"{guest.name}: {one}", body)
        return outcomes, set(alter.sites(traces[0]))


def piece_alterations(args, tally):
    guests = altered_guests()
    few = args.alterations // 20
    each = -(-(args.alterations - 2 * few) // len(guests))
    total, kinds = collections.Counter(), set()
    for guest in guests:
        outcomes, found = alter_guest(guest, each, args, tally, ())
        total += outcomes
        kinds |= found
    # Those without a clock add LANDING, Linux what no bare guest has.
    outcomes, found = alter_guest(spinning_guest(), few, args, tally, kinds,
                                  icount=False)
    total += outcomes
    kinds |= found
    outcomes, _ = alter_guest(rr.linux("shell"), few, args, tally, kinds)
    total += outcomes
    print("alterations: " + ", ".join(f"{number} {outcome}" for outcome, number
                                      in sorted(total.items())))


def piece_kills(args, tally):
    rng = random.Random(args.seed)
    bare, linux = rr.bare("replay"), rr.linux("workload")

    def once(number, guest, after_s):
        with rr.Folder() as folder:
            window = folder.window("trace")
            rr.kill_recording(f"acc-kill{number}", guest, window, after_s)
            return rr.check_cut(f"acc-killed{number}", guest, window)

    for number in range(args.kills):
        guest, most_s = (linux, 12.0) if number % 5 == 0 else (bare, 5.0)
        after_s = rng.random() ** 2 * most_s
        tally.run(f"{guest.name} killed after {after_s:.2f} s",
                  lambda: once(number, guest, after_s))


CUT_WORDS = r": 6 .*the trace is cut at n(\d+); no divergence until there"
WHOLE_WORDS = r": 0 .*replayed to its end: (\d+) entries, no divergence"


def check_stopped(text):
    """What dom0 said of a recording stopped in the middle; where it ends."""
    found = re.match(r"(\S+): (complete|cut): n(\d*); replay(.*)", text)
    rr.must(found, text)
    how, state, last, words = found.groups()
    last = last or "0"  # nothing but the start
    rr.must(not how.startswith("attach") or state == "complete", text)
    reached = re.match(CUT_WORDS if state == "cut" else WHOLE_WORDS, words)
    rr.must(reached and reached[1] == last, text)
    return f"{how} ms, {state} at entry {last}, replayed to there"


def piece_dom0_kills(args, tally):
    def end(boot):
        boot.end()
        return "the recount is clean"

    with dom0.Dom0("dom0-kills", f"kills {args.kills} {args.seed}",
                   icount=True, memory_mib=1200) as boot:
        for number in range(args.kills):
            tally.run(f"stopped in dom0 {number}", lambda: check_stopped(
                boot.line(r"kill (.*)", 300)[1]))
            if boot.ended():
                break
        tally.run("dom0 after them", lambda: end(boot))


def piece_amd64(_, tally):
    guest = rr.linux("workload", "amd64")

    def once():
        with rr.Folder() as folder:
            window = folder.window("trace")
            trace, _ = record("acc-amd64", guest, window)
            return replay("acc-amd64-replay", guest, window, trace)

    tally.run("linux-image-amd64", once)


PIECES = {name[6:]: function for name, function in list(globals().items())
          if name.startswith("piece_")}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--replays", type=int, default=5)
    parser.add_argument("--one-boot", type=int, default=20)
    parser.add_argument("--beside", type=int, default=3)
    parser.add_argument("--modes", nargs="+", default=list(MODES),
                        choices=list(MODES))
    parser.add_argument("--chaos", type=int, default=10)
    parser.add_argument("--alterations", type=int, default=200)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("piece", nargs="+", choices=sorted(PIECES))
    args = parser.parse_args()
    os.chdir(os.path.join(HERE, "..", ".."))
    tally = Tally()
    for piece in args.piece:
        PIECES[piece](args, tally)
    return tally.end()


if __name__ == "__main__":
    sys.exit(main())
