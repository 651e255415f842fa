# SPDX-License-Identifier: MIT
"""Going backwards: what the server needs for reverse-stepi and for
reverse-continue to a breakpoint late in the run."""

from report import Stat, Table, aim

TITLE = "reverse: time at the server"
STEP_AIM_S = 0.050
MISSING = ("chv does not report the server's time of a resume command yet; "
           "GDB's own would count the client and the line too")


def run(lab):
    del lab
    table = Table(TITLE + " (seconds)", "operation", "seconds", "aim", "")
    step = Stat([], "skipped")
    table.add("reverse-stepi", step, *aim(step, STEP_AIM_S, "{:.3f}"))
    table.add("reverse-continue to a breakpoint", step, "-", "")
    table.note("skipped: " + MISSING)
    return [table]
