# SPDX-License-Identifier: MIT
"""Run inside GDB: how long QEMU's own replay takes to step backwards.

Goes to an instruction number (environment AT) in a replay that waits at
socket SOCKET, and prints "reverse-stepi SECONDS" for each step back.
"""

import os
import re
import time

import gdb

STEPS = 3


def run(command):
    return gdb.execute(command, to_string=True)


def instruction():
    return int(re.search(r"instruction count = (\d+)",
                         run("monitor info replay"))[1])


def main():
    run("set pagination off")
    run("set architecture i386:x86-64")
    run("set tcp connect-timeout 30")
    run("set remotetimeout 600")
    run("target remote " + os.environ["SOCKET"])
    run("monitor replay_break " + os.environ["AT"])
    start_s = time.monotonic()
    run("continue")
    print(f"at {instruction()} after {time.monotonic() - start_s:.3f}")
    for _ in range(STEPS):
        start_s = time.monotonic()
        run("reverse-stepi")
        seconds = time.monotonic() - start_s
        print(f"reverse-stepi {seconds:.3f} at {instruction()}", flush=True)
    run("kill")


main()
