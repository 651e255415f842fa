#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The hostile guest beside a canary, under dom0.

    hostile.py [options] PIECE...

    untraced     SEEDS guests one after another, COUNT random steps each
    recorded     the same, each recorded without a clock and then replayed
    exact        the same under QEMU's -icount

The hypervisor recounts the references and types of all frames EVERY steps and
after each guest; the canary checks its pages all the time. One line for each
seed. Exit status 1 if anything failed.
"""

import argparse
import os
import re
import sys

from tally import Tally
import dom0
import qemu

HERE = os.path.dirname(os.path.abspath(__file__))
RECORD = "--record /root/fuzz.trace"
# Options of "chv create", and QEMU's -icount.
PIECES = {"untraced": ("", False), "recorded": (RECORD, False),
          "exact": (RECORD, True)}
CLEAN = "0 frames differ from the recount"


def seed_end(boot, seed, timeout_s):
    """What was said of one seed; how many recounts there were."""
    recounts = 0
    while True:
        found = boot.line(rf"(?:recount: .*|fuzz seed {seed}: .*)", timeout_s)
        text = found[0].strip()
        if not text.startswith("acc: recount"):
            break
        if CLEAN not in text:
            raise qemu.Failure(text)
        recounts += 1
    if not text.endswith(f"shutdown, verdict: fuzz PASS"):
        raise qemu.Failure(text)
    return recounts


def recording(boot):
    calls = boot.line(r"calls: (.*)", 600)[1]
    if re.match(r"100\.00 +\d+ ", calls) is None:
        raise qemu.Failure(f"calls: {calls}")
    replay = boot.line(r"replay: (.*)", 3600)[1]
    found = re.search(r"replayed to its end: (\d+) entries", replay)
    if found is None:
        raise qemu.Failure(f"replay: {replay}")
    return f", {calls.split()[1]} hypercalls, {found[1]} entries replayed"


def piece(name, args, tally):
    options, icount = PIECES[name]
    seeds = range(args.first, args.first + args.seeds)

    def one(boot, seed):
        recounts = seed_end(boot, seed, args.timeout)
        more = recording(boot) if options else ""
        return f"{args.count} steps, {recounts} recounts{more}"

    def canary(boot):
        text = boot.line(r"canary: (.*)", 60)[1]
        if re.match(r"(running|blocked), [1-9]\d* beats$", text) is None:
            raise qemu.Failure(text)
        boot.end()
        return text

    words = f"fuzz {args.count} {args.every} '{options}' "
    with dom0.Dom0(f"fuzz-{name}", words + " ".join(map(str, seeds)),
                   icount=icount, memory_mib=args.memory,
                   dom0_mib=args.memory // 2) as boot:
        for seed in seeds:
            tally.run(f"{name} seed {seed}", lambda: one(boot, seed))
            if boot.ended():
                break
        tally.run(f"{name} canary", lambda: canary(boot))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--first", type=int, default=1, help="first seed")
    parser.add_argument("--count", type=int, default=1000000)
    parser.add_argument("--every", type=int, default=100000,
                        help="steps between two recounts")
    parser.add_argument("--memory", type=int, default=1024, help="MiB")
    parser.add_argument("--timeout", type=int, default=1200,
                        help="seconds for one guest's next line")
    parser.add_argument("piece", nargs="+", choices=list(PIECES))
    args = parser.parse_args()
    os.chdir(os.path.join(HERE, "..", ".."))
    tally = Tally()
    for name in args.piece:
        piece(name, args, tally)
    return tally.end()


if __name__ == "__main__":
    sys.exit(main())
