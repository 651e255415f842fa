# SPDX-License-Identifier: MIT
"""Bytes of a trace, by stream, per second of the guest's time."""

import cases
from report import Stat, Table, aim

TITLE = "trace: bytes by stream"
HISTORY_AIM = 4.0


def per_second(key):
    return lambda s: s.extra[key] / s.extra["guest_s"]


def rates(lab, wanted):
    table = Table(
        "trace: bytes per second of guest time, in the file (raw records)",
        "recording", "guest s", "replay", "history", "calls/s",
        notes=["in the file: with the headers and padding of chunks",
               "busy is the workload, idle the same system left alone; the "
               "start snapshot is not counted"])
    for case in wanted:
        why = lab.reason(case.name)

        def pair(stream):
            stored, raw = (Stat(lab.values(case.name, per_second(
                f"{stream}_{kind}")), why) for kind in ("file", "raw"))
            return stored.text("{:.0f}") + (
                f" ({raw.median:.0f})" if raw else "")

        table.add(("busy, " if case.name.startswith("recorded") else "")
                  + case.name,
                  Stat(lab.values(case.name,
                                  lambda s: s.extra["guest_s"]), why),
                  pair("replay"), pair("history"),
                  Stat(lab.values(case.name, per_second("calls")),
                       why).text("{:.0f}"))
    return table


def sizes(lab):
    table = Table("trace: one recording of the workload, bytes",
                  "mode", "stream", "in the file", "payload", "raw", "per call", "aim", "")
    for mode, case in cases.RECORDED.items():
        why = lab.reason(case.name)
        for stream in ("replay", "history", "snapshot"):
            sums = [Stat(lab.values(
                case.name, lambda s: s.extra[f"{stream}_{kind}"]), why)
                for kind in ("file", "stored", "raw")]
            cells = ["", "", ""]
            if stream == "history":
                each = Stat(lab.values(case.name, lambda s: s.extra[
                    "history_file"] / s.extra["calls"]), why)
                cells = [each, *aim(each, HISTORY_AIM)]
            table.add(mode, stream, *(s.text("{:.0f}") for s in sums),
                      *cells)
    table.note("history includes what the guest wrote to its console")
    return table


def run(lab):
    busy = list(cases.RECORDED.values())
    idle = list(cases.IDLE.values())
    lab.collect(busy + idle)
    return [rates(lab, busy + idle), sizes(lab)]
