# SPDX-License-Identifier: MIT
"""The workload with linux-image-amd64: on Xen, on Chronovisor, on neither."""

import cases
from report import Stat, Table, aim, ratio

TITLE = "xen: the workload with linux-image-amd64 as the first domain"
AIM = 1.0
CASES = (cases.NATIVE_AMD64, cases.NATIVE_FAST, cases.XEN, cases.XEN_FAST,
         cases.DOM0LESS, cases.DOM0LESS_FAST, cases.DOM0_FAST)
PHASES = (("to init", None, "init"), ("200 processes", "workload", "forks"),
          ("20 MB", "forks", "done"))


def phase(first, last):
    def take(sample):
        if first is None:
            return sample.marks[last][1]
        return sample.between(first, last)[1]
    return take


def run(lab):
    lab.collect(CASES)
    table = Table(TITLE + " (CPU seconds; wall for the whole)", "system",
                  "wall", "CPU", *(name for name, *_ in PHASES))
    for case in CASES:
        why = lab.reason(case.name)
        table.add(case.name, Stat(lab.values(case.name, lambda s: s.wall_s),
                                  why),
                  Stat(lab.values(case.name, lambda s: s.marks["done"][1]),
                       why),
                  *(Stat(lab.values(case.name, phase(first, last)), why)
                    for _, first, last in PHASES))
    table.note("CPU: up to the workload's last line")
    against = Table("xen: against Xen with its mitigations off, CPU seconds",
                    "system", "ratio", "aim", "")
    xen = lab.values(cases.XEN_FAST.name, lambda s: s.marks["done"][1])
    for case in CASES[4:]:
        both = ratio(lab.values(case.name, lambda s: s.marks["done"][1]), xen)
        against.add(case.name, both, *aim(both, AIM))
    return [table, against]
