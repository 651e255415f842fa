# SPDX-License-Identifier: MIT
"""The real GDB on a replayed Linux: both directions, and nothing disturbed."""

import os
import shutil
import subprocess
import tempfile

import qemu
import systems

BUDGET_S = 900
CHV = "build/chv/chv"
WALK = os.path.join(os.path.dirname(os.path.abspath(__file__)), "gdb_walk.py")


def run(what, command, timeout_s, **more):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, text=True,
                          errors="replace", stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=timeout_s,
                          check=False, **more)
    if done.returncode != 0:
        raise qemu.Failure(f"{what}: status {done.returncode}:\n"
                           + done.stdout[-2000:])
    return done.stdout


def record(trace):
    """A boot to the end of init, and off."""
    run("recording", [
        CHV, "run", "--icount", "--kernel", "build/linux/vmlinuz-cloud",
        "--initrd", "build/linux/domu.cpio", "--memory", "512M", "--cmdline",
        "chrono.run=nothing", "--hv-options", "mem=96M", "--trace",
        trace, "--trace-size", "128M"], 240)


def walk(steps, timeout_s):
    """What gdb_walk.py printed."""
    systems.need(CHV, "build/chronovisor", "build/linux/vmlinux-cloud",
                 "build/linux/domu.cpio", "build/linux/dom0.cpio")
    if shutil.which("gdb") is None:
        raise systems.Skip("gdb is not installed")
    with tempfile.TemporaryDirectory() as folder:
        trace = os.path.join(folder, "trace")
        symbols = os.path.join(folder, "kernel.elf")
        record(trace)
        run("symbols", [CHV, "symbols", "--image", "build/linux/vmlinux-cloud",
                        "--output", symbols], 60)
        return run("GDB", [CHV, "gdb", trace, "--symbols", symbols, "--",
                           "-nx", "-batch", "-x", WALK], timeout_s,
                   env=dict(os.environ, CHRONO_STEPS=str(steps)))


def test_walk():
    """300 instructions forward and back, breaks and watches both ways."""
    text = walk(300, 600)
    if "walk: done" not in text:
        raise qemu.Failure("GDB's script did not end:\n" + text[-2000:])
