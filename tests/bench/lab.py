# SPDX-License-Identifier: MIT
"""Measures cases in turn, round by round, so that what else the machine does
falls on all of them alike, and remembers the samples for every table."""

import os
import sys
import time

import measure


class Case:
    """Something to measure: a name and a function that gives a Sample.

    A case may come after another one, whose trace or log it needs; it is then
    left out of a round in which that one failed.
    """

    def __init__(self, name, run, after=None):
        self.name = name
        self.run = run
        self.after = after


class Lab:
    """All samples so far."""

    # A case that fails this often in the beginning is given up.
    MAX_FAILURES = 2

    def __init__(self, runs):
        self.runs = runs
        self.samples = {}
        self.reasons = {}
        self.loads = []

    def collect(self, cases):
        """Measure each case until it has as many rounds as asked for."""
        done = {case.name: len(self.samples.get(case.name, []))
                for case in cases}
        for number in range(self.runs):
            for case in cases:
                if done[case.name] <= number:
                    self._measure(case)

    def _measure(self, case):
        samples = self.samples.setdefault(case.name, [])
        if case.after and not self.samples[case.after.name][-1]:
            self.reasons[case.name] = f"no {case.after.name}"
            samples.append(None)
            return
        if len(samples) >= self.MAX_FAILURES and not any(samples):
            samples.append(None)
            return
        self.loads.append(os.getloadavg()[0])
        start_s = time.monotonic()
        try:
            samples.append(case.run())
            said = f"{samples[-1].cpu_s:.1f} s CPU"
        except (measure.Failed, RuntimeError, OSError) as reason:
            samples.append(None)
            said = self.reasons[case.name] = str(reason)
        print(f"  {case.name}: {time.monotonic() - start_s:.1f} s, {said}",
              file=sys.stderr, flush=True)

    def values(self, case, take):
        """A value of each round, None where there is none."""
        return [take(sample) if sample else None
                for sample in self.samples.get(case, [])]

    def others_cores(self):
        """What others used of this machine during each run, in cores."""
        return [sample.others_cores for samples in self.samples.values()
                for sample in samples if sample]

    def reason(self, case):
        return self.reasons.get(case, "not measured")
