#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Run the system tests: every test_* function of tests/system/test_*.py.

    run.py [--list] [WORD...]     only tests whose name has one of the WORDs

Each test is a process of its own in a process group of its own, killed with
all it started when its file's BUDGET_S seconds are over. One line a test;
the last line is "N passed, N failed, N skipped". Exit status 1 if any failed.
"""

import glob
import importlib.util
import os
import signal
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
DEFAULT_BUDGET_S = 300
SKIPPED = 77


def load(path):
    name = os.path.splitext(os.path.basename(path))[0]
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def discover(words):
    """(name, path, function, budget) of the tests asked for."""
    tests = []
    for path in sorted(glob.glob(os.path.join(HERE, "test_*.py"))):
        module = load(path)
        budget_s = getattr(module, "BUDGET_S", DEFAULT_BUDGET_S)
        for function in vars(module):
            if not function.startswith("test_"):
                continue
            name = f"{module.__name__[5:]}.{function[5:]}"
            if not words or any(word in name for word in words):
                tests.append((name, path, function, budget_s))
    return tests


def run_here(path, function):
    """The body of a test's process; its last line says why it did not pass."""
    import qemu
    import systems
    try:
        getattr(load(path), function)()
    except systems.Skip as reason:
        print(reason)
        return SKIPPED
    except qemu.Failure as reason:
        print(reason)
        return 1
    return 0


def run_apart(path, function, budget_s):
    """(exit status, last line) of a test in a process of its own."""
    process = subprocess.Popen(
        [sys.executable, __file__, "--one", path, function],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, start_new_session=True)
    try:
        output, _ = process.communicate(timeout=budget_s)
        status = process.returncode
    except subprocess.TimeoutExpired:
        status, output = 1, f"not over within {budget_s} s"
    finally:
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        process.wait()
    lines = output.strip().splitlines()
    return status, lines[-1] if lines else ""


def main(argv):
    os.chdir(os.path.join(HERE, "..", ".."))
    sys.path.insert(0, HERE)
    if argv[1:2] == ["--one"]:
        return run_here(argv[2], argv[3])
    tests = discover([word for word in argv[1:] if word != "--list"])
    if "--list" in argv:
        print("\n".join(name for name, *_ in tests))
        return 0
    counts = {"passed": 0, "failed": 0, "skipped": 0}
    for name, path, function, budget_s in tests:
        start = time.monotonic()
        status, last = run_apart(path, function, budget_s)
        result = {0: "passed", SKIPPED: "skipped"}.get(status, "failed")
        counts[result] += 1
        seconds = time.monotonic() - start
        print(f"{result:8}{name} ({seconds:.0f} s)"
              + (f": {last}" if result != "passed" else ""), flush=True)
    print(", ".join(f"{count} {result}" for result, count in counts.items()))
    return 1 if counts["failed"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
