# SPDX-License-Identifier: MIT
"""One line for each run of a long list, and how many failed."""

import os
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
for folder in ("replay", "system"):
    sys.path.insert(0, os.path.join(HERE, "..", folder))

import qemu
import systems


class Tally:
    def __init__(self):
        self.failed = 0

    def say(self, result, text):
        self.failed += result == "failed"
        print(f"{result:8}{text}", flush=True)

    def run(self, text, body):
        """One run and its line; `body` returns what to add to it."""
        start = time.monotonic()

        def seconds():
            return f" ({time.monotonic() - start:.0f} s)"

        try:
            self.say("ok", f"{text}: {body()}" + seconds())
        except qemu.Failure as reason:
            self.say("failed", f"{text}: {reason}" + seconds())
        except systems.Skip as reason:
            self.say("skipped", f"{text}: {reason}")

    def end(self):
        """The exit status, after a line that says it."""
        print(f"{self.failed} failed", flush=True)
        return 1 if self.failed else 0
