#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Record and replay, the long lists.

    replay.py [options] PIECE...

    replays      Linux's workload recorded once per way of delivery, each
                 trace replayed N times in fresh boots of machines of
                 different size
    chaos        N seeds of chaos=, each recorded and replayed once
    alterations  N logged values altered, over all kinds of record of bare
                 guests' traces and of one of Linux: each is reported or
                 changes nothing
    kills        N recordings killed at random moments: each trace opens and
                 replays to its last chunk
    amd64        linux-image-amd64 recorded and replayed

One line for each run. Exit status 1 if anything failed.
"""

import argparse
import collections
import itertools
import os
import random
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
for folder in ("replay", "system"):
    sys.path.insert(0, os.path.join(HERE, "..", folder))

import alter
import qemu
import recordings as rr
import systems

MEMORY_MIB = (1024, 700, 1300, 2048, 768)
MODES = {"exact": "", "aligned": "aligned"}


class Tally:
    def __init__(self):
        self.failed = 0

    def run(self, text, body):
        """One run and its line; `body` returns what to add to it."""
        try:
            line = f"ok      {text}: {body()}"
        except qemu.Failure as reason:
            self.failed += 1
            line = f"failed  {text}: {reason}"
        except systems.Skip as reason:
            line = f"skipped {text}: {reason}"
        print(line, flush=True)


def record(name, guest, window, options=""):
    run = rr.record(name, guest, window, options=options)
    rr.must(run.state == "finished" and run.status == rr.FINISHED,
            f"the recording did not finish: {run}")
    return rr.load(window)


def keep(traces, trace):
    """Put a recording's trace where its replays find it; its digest."""
    traces.append(trace)
    return f"digest {trace.final_digest()}"


def replay(name, guest, window, trace, memory_mib=None):
    run = rr.replay(name, guest, window, memory_mib=memory_mib)
    rr.check_same(run, trace)
    return f"{run.entry} entries, digest {run.digest}"


def piece_replays(args, tally):
    guest = rr.linux("workload")
    for mode, options in MODES.items():
        with rr.Folder() as folder:
            window = folder.window("trace")
            traces = []
            tally.run(f"{mode} recording", lambda: keep(
                traces, record(f"acc-{mode}", guest, window, options)))
            if not traces:
                continue
            for number in range(args.replays):
                memory_mib = MEMORY_MIB[number % len(MEMORY_MIB)]
                tally.run(f"{mode} replay {number} with {memory_mib} MiB",
                          lambda: replay(f"acc-{mode}{number}", guest, window,
                                         traces[0], memory_mib))


def piece_chaos(args, tally):
    guest = rr.linux("workload")

    def once(seed):
        with rr.Folder() as folder:
            window = folder.window("trace")
            name = f"acc-chaos{seed}"
            trace = record(name, guest, window, f"chaos={seed}")
            return replay(f"{name}-replay", guest, window, trace)

    for seed in range(1, args.chaos + 1):
        tally.run(f"chaos seed {seed}", lambda: once(seed))


def altered_guests():
    """Bare guests, quick to replay, that each have events of another kind."""
    return [rr.bare(name) for name in ("replay_sleep", "replay_split",
                                       "replay_user", "replay_clock")]


def record_guest(guest, window):
    name = f"acc-{guest.name}"
    if guest.name == "cloud-shell":
        return rr.record_typed(name, guest, window)
    return record(name, guest, window)


def alter_guest(guest, count, args, tally, seen):
    """Replay `count` alterations of a recording of this guest, but none of the
    kinds of records `seen`; the outcomes, and the kinds it has."""
    outcomes = collections.Counter()
    traces = []
    with rr.Folder() as folder:
        window = folder.window("trace")
        tally.run(f"recording of {guest.name}", lambda: keep(
            traces, record_guest(guest, window)))
        if not traces:
            return outcomes, set()
        chosen = alter.alterations(traces[0], f"{args.seed} {guest.name}",
                                   seen)
        for one in itertools.islice(chosen, count):
            def body():
                outcome = rr.check_altered(f"acc-alter-{guest.name}", guest,
                                           traces[0], one, folder)
                outcomes[outcome] += 1
                return outcome
            tally.run(f"{guest.name}: {one}", body)
        return outcomes, set(alter.sites(traces[0]))


def piece_alterations(args, tally):
    guests = altered_guests()
    linux_count = args.alterations // 20
    count = -(-(args.alterations - linux_count) // len(guests))
    total, kinds = collections.Counter(), set()
    for guest in guests:
        outcomes, found = alter_guest(guest, count, args, tally, ())
        total += outcomes
        kinds |= found
    # Linux adds the kinds that the bare guests do not have.
    outcomes, _ = alter_guest(rr.linux("shell"), linux_count, args, tally,
                              kinds)
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


def piece_amd64(_, tally):
    guest = rr.linux("workload", "amd64")

    def once():
        with rr.Folder() as folder:
            window = folder.window("trace")
            trace = record("acc-amd64", guest, window)
            return replay("acc-amd64-replay", guest, window, trace)

    tally.run("linux-image-amd64", once)


PIECES = {name[6:]: function for name, function in list(globals().items())
          if name.startswith("piece_")}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--replays", type=int, default=5)
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
    print(f"{tally.failed} failed")
    return 1 if tally.failed else 0


if __name__ == "__main__":
    sys.exit(main())
