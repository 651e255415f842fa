# SPDX-License-Identifier: MIT
"""The end of "chv demo": from a crash back to its cause.

Everything that is found out here is found by the commands that are shown; one
can type them just as well.
"""

import os

import gdb


def say(text):
    print("\n" + text, flush=True)


def run(command):
    """Type a command."""
    print("(gdb) " + command, flush=True)
    gdb.execute(command)


def frame_called(name):
    """The number of the first frame of that function."""
    frame, level = gdb.newest_frame(), 0
    while frame is not None:
        if frame.name() == name:
            return level
        frame, level = frame.older(), level + 1
    raise gdb.GdbError("demo: no frame of %s()" % name)


def damaged_ring():
    count = int(gdb.parse_and_eval("sizeof(rings[0].sample)")) // 8
    rings = [i for i in range(8)
             if gdb.parse_and_eval("rings[%d].reader != &reader" % i)]
    if not rings:
        raise gdb.GdbError("demo: all rings have their reader")
    return rings[0], count


def demo():
    gdb.execute("set pagination off")
    gdb.execute("set style enabled off")
    gdb.execute("set print address on")
    say("The replay stands at its first instruction. Go to its end, where the "
        "guest is dead.")
    run("hv seek end")
    say("The module's debug information, where the guest has loaded the module:")
    run("hv module " + os.environ["CHV_DEMO_MODULE"])
    run("bt")
    say("report() woke a reader that is none: of all rings' pointers to it, "
        "one is wrong.")
    run("frame %d" % frame_called("report"))
    ring, room = damaged_ring()
    run("print &reader")
    run("print rings[%d].reader" % ring)
    say("Who wrote that? Run backwards until the pointer changes.")
    run("watch -l rings[%d].reader" % ring)
    run("reverse-continue")
    say("This line wrote it, long before anything was noticed:")
    line = gdb.selected_frame().find_sal()
    run("info line *$pc")
    run("bt 3")
    run("print ring->used")
    say("There is room for %d samples, and 'used' was looked at just before. So "
        "who changed it meanwhile? Back again." % room)
    run("delete")
    run("watch -l ring->used")
    run("reverse-continue")
    say("That is the same line, which counts what it writes. Once more.")
    run("reverse-continue")
    run("bt")
    say("A timer interrupt, in the middle of measure(): after the test, before "
        "the write. The race is found: %s:%d writes where 'used' points, and "
        "nobody locks." % (os.path.basename(line.symtab.filename), line.line))
    run("delete")
    run("hv when")


demo()
