# SPDX-License-Identifier: MIT
"""Run inside GDB, connected to a replay of the workload: how long going
backwards takes.

Prints "step SHARE SECONDS" for single steps back at several moments, from the
packet to its reply on GDB's end of the connection, and "continue SYMBOL
SECONDS" for GDB's whole reverse-continue from the end of the run.
"""

import os
import time

import gdb

STEPS = int(os.environ.get("CHRONO_STEPS", "25"))
SHARES = ("10%", "50%", "95%")
# The last call of the first is a moment before the end, of the second a while.
SYMBOLS = ("xen_timer_interrupt", "kernel_clone")


def quiet(command):
    return gdb.execute(command, to_string=True)


def packet(text):
    """Seconds until the reply to a packet."""
    start_s = time.monotonic()
    reply = gdb.selected_inferior().connection.send_packet(text)
    seconds = time.monotonic() - start_s
    if not reply.startswith(b"T"):
        raise gdb.GdbError("%s: reply %r" % (text, reply))
    return seconds


def steps():
    for share in SHARES:
        start_s = time.monotonic()
        quiet("hv seek " + share)
        print("seek %s %.4f" % (share, time.monotonic() - start_s))
        for _ in range(STEPS):
            print("step %s %.4f" % (share, packet("bs")), flush=True)


def continues():
    for symbol in SYMBOLS:
        quiet("hv seek end")
        quiet("break " + symbol)
        start_s = time.monotonic()
        quiet("reverse-continue")
        print("continue %s %.4f" % (symbol, time.monotonic() - start_s),
              flush=True)
        quiet("delete")


gdb.execute("set pagination off")
steps()
continues()
print("reverse: done")
