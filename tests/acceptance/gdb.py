#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""GDB on a replayed Linux, the long walk: so many instructions forward late in
the run with all registers noted, and back by reverse-stepi; then what
tests/system/gdb_walk.py does besides. One line for each thing.

    gdb.py [--steps N] [--timeout S]
"""

import argparse
import os
import re
import sys

from tally import Tally
import qemu
import test_gdb_replay

HERE = os.path.dirname(os.path.abspath(__file__))
PARTS = 4


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--steps", type=int, default=10000)
    parser.add_argument("--timeout", type=int, default=7200)
    args = parser.parse_args()
    os.chdir(os.path.join(HERE, "..", ".."))
    os.makedirs(qemu.LOGS, exist_ok=True)
    tally = Tally()

    def walk():
        text = test_gdb_replay.walk(args.steps, args.timeout)
        with open(os.path.join(qemu.LOGS, "acc-gdb.log"), "w",
                  encoding="utf-8") as log:
            log.write(text)
        parts = re.findall(r"^walk: ok, (.*)", text, re.M)
        if len(parts) != PARTS or "walk: done" not in text:
            raise qemu.Failure("GDB's script did not end:\n" + text[-2000:])
        return "; ".join(parts)

    tally.run("GDB", walk)
    return tally.end()


if __name__ == "__main__":
    sys.exit(main())
