# SPDX-License-Identifier: MIT
"""Runs inside GDB, connected to a replay of Linux: walks both ways and says
"walk: ok ..." for each thing that came out right. CHRONO_STEPS in the
environment is the number of instructions to walk."""

import os
import time

import gdb

STEPS = int(os.environ.get("CHRONO_STEPS", "300"))


def quiet(command):
    return gdb.execute(command, to_string=True)


def registers():
    text = quiet("info registers")
    return dict(line.split()[:2] for line in text.splitlines()
                if len(line.split()) > 1)


def where():
    return (int(gdb.parse_and_eval("$hv_entry")),
            int(gdb.parse_and_eval("$hv_offset")))


def check(what, got, expected):
    if got != expected:
        raise gdb.GdbError("walk: %s: %s, expected %s" % (what, got, expected))


def walk():
    quiet("hv seek 90%")
    start = time.monotonic()
    noted = []
    for _ in range(STEPS):
        noted.append(registers())
        quiet("stepi")
    half = time.monotonic()
    for number in reversed(range(STEPS)):
        quiet("reverse-stepi")
        now = registers()
        different = {name: (now.get(name), value)
                     for name, value in noted[number].items()
                     if now.get(name) != value}
        check("registers at step %d" % number, different, {})
    print("walk: ok, %d instructions forward in %.0f s and back in %.0f s"
          % (STEPS, half - start, time.monotonic() - half))


def breakpoints():
    quiet("hv seek 90%")
    start = where()
    quiet("break xen_timer_interrupt")
    hits = []
    for _ in range(3):
        quiet("continue")
        hits.append(where())
    check("hits in order", hits, sorted(set(hits)))
    for expected in reversed(hits[:-1]):
        quiet("reverse-continue")
        check("breakpoint backwards", where(), expected)
    quiet("delete")
    quiet("hv seek n%d+%d" % start)
    check("back at the start", where(), start)
    print("walk: ok, a breakpoint both ways")


def watchpoints():
    quiet("hv seek 90%")
    jiffies = "*(long *) &jiffies_64"
    first = int(gdb.parse_and_eval(jiffies))
    quiet("watch " + jiffies)
    values = []
    for _ in range(2):
        quiet("continue")
        values.append(int(gdb.parse_and_eval(jiffies)))
    check("values forward", values, [first + 1, first + 2])
    values = []
    for _ in range(2):
        quiet("reverse-continue")
        values.append(int(gdb.parse_and_eval(jiffies)))
    check("values backward", values, [first + 1, first])
    quiet("delete")
    print("walk: ok, a watchpoint both ways")


def armed():
    """The trace holds digests: a replay that breakpoints change diverges."""
    quiet("hv seek end")
    end = where()
    # Code next to a breakpoint runs an instruction at a time: a short way.
    quiet("hv seek 99.97%")
    base = int(gdb.parse_and_eval("(long) &_stext")) & (2 ** 64 - 1)
    data = int(gdb.parse_and_eval("(long) &jiffies_64")) & (2 ** 64 - 1)
    for number in range(200):
        quiet("break *%#x if $hv_entry == 0" % (base + 0x1000 * number))
    for number in range(50):
        quiet("watch *(long *) %#x if $hv_entry == 0"
              % ((data & ~0xfff) + 0x40 * number))
    quiet("continue")
    check("the end with breakpoints armed", where(), end)
    if "diverged" in quiet("monitor info target"):
        raise gdb.GdbError("walk: diverged with breakpoints armed")
    quiet("delete")
    print("walk: ok, 200 breakpoints and 50 watchpoints change nothing")


def the_end():
    """The last moment of all lies in the middle of an entry."""
    quiet("hv seek end")
    places = [where()]
    for _ in range(3):
        quiet("reverse-stepi")
        places.append(where())
    check("steps back from the end", len(set(places)), 4)
    for expected in reversed(places[1:-1]):
        quiet("stepi")
        check("a step forward again", where(), expected)
    print("walk: ok, stepping back from the end")


gdb.execute("set pagination off")
for part in (walk, breakpoints, watchpoints, armed, the_end):
    part()
print("walk: done")
