# SPDX-License-Identifier: MIT
"""The workload unrecorded, recorded and replayed."""

import cases
from report import Stat, Table, aim, ratio

TITLE = "workload: Linux boots, 200 processes, 20 MB, poweroff"
RECORD_AIM = 1.10
REPLAY_AIM = 1.20


def run_cpu_s(sample):
    """From the guest's first instruction to its power off."""
    marks = sample.marks
    end = marks.get("replayed") or marks.get("recorded") or marks["off"]
    return end[1] - marks["start"][1]


def seconds(lab):
    table = Table(
        TITLE + " (seconds)", "case", "wall", "CPU", "CPU of the run",
        notes=["the run: from the guest's first instruction to its power off;",
               "what comes before it is the firmware, the unpacking and, when "
               "recorded, the start snapshot"])
    done = []
    for mode in cases.MODES:
        for case in (cases.UNRECORDED[mode], cases.RECORDED[mode],
                     cases.REPLAYED[mode]):
            if case.name in done:
                continue
            done.append(case.name)
            why = lab.reason(case.name)
            table.add(case.name,
                      Stat(lab.values(case.name, lambda s: s.wall_s), why),
                      Stat(lab.values(case.name, lambda s: s.cpu_s), why),
                      Stat(lab.values(case.name, run_cpu_s), why))
    return table


def ratios(lab):
    table = Table("workload: ratios of CPU seconds, round by round",
                  "ratio", "mode", "whole", "run", "aim", "whole", "run")
    for mode in cases.MODES:
        names = (cases.UNRECORDED[mode].name, cases.RECORDED[mode].name,
                 cases.REPLAYED[mode].name)
        whole, run = ([lab.values(name, take) for name in names]
                      for take in (lambda s: s.cpu_s, run_cpu_s))
        for label, over, under, limit in (
                ("recorded / unrecorded", 1, 0, RECORD_AIM),
                ("replayed / recorded", 2, 1, REPLAY_AIM)):
            both = [ratio(v[over], v[under]) for v in (whole, run)]
            limit_text, met_whole = aim(both[0], limit)
            table.add(label, mode, *both, limit_text, met_whole,
                      aim(both[1], limit)[1])
    return table


def run(lab):
    wanted = [cases.PLAIN, cases.COUNTED]
    for mode in cases.MODES:
        wanted += [cases.RECORDED[mode], cases.REPLAYED[mode]]
    lab.collect(wanted)
    return [seconds(lab), ratios(lab)]
