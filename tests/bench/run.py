#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Measure and compare: Chronovisor, QEMU's record/replay, Debian's Xen.

    run.py [--list] [WORD...]     only benchmarks whose name has a WORD

Prints tables of medians with (minimum-maximum) of RUNS rounds (environment,
default 5), and writes everything to build/bench/results.json. Nothing here
passes or fails: an aim that is missed is said in its row, and what could not
be measured is a row with a reason. Exit status: 0, or 2 for wrong usage.
"""

import datetime
import importlib
import json
import os
import platform
import shutil
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
NAMES = ("workload", "trace", "start", "micro", "qemu", "xen", "reverse",
         "profile")


def choose(words):
    return [name for name in NAMES
            if not words or any(word in name for word in words)]


def keep_images():
    """Copies of what is measured, so that a build in between changes
    nothing: the same image from the first round to the last."""
    import machines
    os.makedirs(machines.OUT, exist_ok=True)
    for source, name in (("build/chronovisor", "chronovisor"),
                         ("build/chv/chv", "chv"),
                         ("build/guest/hello.elf", "hello.elf"),
                         ("build/guest/bench.elf", "bench.elf")):
        shutil.copy2(source, f"{machines.OUT}/{name}")


def first_line(*command):
    done = subprocess.run(command, capture_output=True, text=True,
                          timeout=30, check=False)
    return (done.stdout.splitlines() or ["?"])[0]


def machine_line(lab):
    loads, others = lab.loads or [0.0], lab.others_cores() or [0.0]
    with open("/proc/cpuinfo", encoding="utf-8") as info:
        model = next((line.split(":", 1)[1].strip() for line in info
                      if line.startswith("model name")), platform.machine())
    return (f"machine: {os.cpu_count()} cores, {model}; load "
            f"{min(loads):.1f} to {max(loads):.1f}, of which others used "
            f"{min(others):.1f} to {max(others):.1f} cores during the runs")


def main(argv):
    os.chdir(os.path.join(HERE, "..", ".."))
    sys.path[:0] = [HERE, os.path.join("tests", "system")]
    chosen = choose([word for word in argv[1:] if word != "--list"])
    if "--list" in argv:
        print("\n".join(NAMES))
        return 0
    runs = os.environ.get("RUNS") or "5"
    if not chosen or not runs.isdigit() or int(runs) < 1:
        print(f"run.py: benchmarks are {', '.join(NAMES)}; RUNS is a number "
              "from 1", file=sys.stderr)
        return 2
    from lab import Lab
    lab = Lab(int(runs))
    keep_images()
    start_s = time.monotonic()
    result = {"when": datetime.datetime.now().isoformat(timespec="seconds"),
              "runs": int(runs), "version": first_line("git", "describe",
                                                       "--always", "--dirty"),
              "qemu": first_line("qemu-system-x86_64", "--version"),
              "tables": {}}
    for name in chosen:
        print(f"measuring {name} ...", file=sys.stderr, flush=True)
        tables = importlib.import_module(f"bench_{name}").run(lab)
        result["tables"][name] = [table.as_json() for table in tables]
        result["samples"] = {
            case: [sample and sample.as_json() for sample in samples]
            for case, samples in lab.samples.items()}
        for table in tables:
            print(table.text(), flush=True)
        result["machine"] = machine_line(lab)
        with open("build/bench/results.json", "w", encoding="utf-8") as file:
            json.dump(result, file, indent=1)
    print(f"\n{machine_line(lab)}\n{result['qemu']}; {result['version']}; "
          f"{runs} rounds in {(time.monotonic() - start_s) / 60:.0f} minutes; "
          "all samples: build/bench/results.json")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
