# SPDX-License-Identifier: MIT
"""chv demo: a crash is recorded, replayed, and traced back to its line."""

import re
import shutil
import subprocess

import qemu
import systems

BUDGET_S = 900
SOURCE = "guest/linux/demo/racy.c"
GUILTY = "ring->sample[ring->used++] = value;"


def guilty_line():
    with open(SOURCE, encoding="utf-8") as source:
        for number, line in enumerate(source, 1):
            if GUILTY in line:
                return number
    raise qemu.Failure(f"{SOURCE} has no line '{GUILTY}'")


def test_demo():
    """From the oops by watchpoint to the write that corrupted."""
    systems.need("build/chv/chv", "build/chronovisor", "build/linux/dom0.cpio",
                 "build/linux/demo/racy-cloud.ko")
    if shutil.which("gdb") is None:
        raise systems.Skip("gdb is not installed")
    done = subprocess.run(["build/chv/chv", "demo"], stdin=subprocess.DEVNULL,
                          text=True, errors="replace", timeout=BUDGET_S - 20,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          check=False)
    text = done.stdout
    replays = re.findall(r"replayed to its end: (\d+) entries, no divergence",
                         text)
    if len(replays) != 2 or replays[0] != replays[1]:
        raise qemu.Failure("two equal replays expected:\n" + text[-2000:])
    if not re.search(r"Line %d of \".*racy\.c\"" % guilty_line(), text):
        raise qemu.Failure("the line was not found:\n" + text[-2000:])
    if not re.search(r"^#\d+ .*\bon_timer \(", text, re.MULTILINE):
        raise qemu.Failure("the interrupt was not found:\n" + text[-2000:])
    if done.returncode != 0:
        raise qemu.Failure(f"status {done.returncode}")
