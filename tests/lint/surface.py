#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Check where record and replay touch the hypervisor.

A source of nondeterminism is closed at one place, and this is the list of the
places. Inside ADAPTOR everything of the engine may be called; outside only
what SURFACE names, from the files that it names. A new place is a new row
here and one in docs/determinism.md, or it is a mistake.
"""

import os
import re
import sys

CALL = re.compile(r"\b(rr_[a-z0-9_]+|tf_[a-z0-9_]+)\s*\(")
COMMENT = re.compile(r"/\*.*?\*/", re.S)

ADAPTOR = ("hv/rr/", "hv/debug/", "hv/include/rr_hv/")

SURFACE = {
    # Taps.
    "rr_tap_call_enter": ["hv/hypercall/dispatch.c"],
    "rr_tap_call_exit": ["hv/hypercall/dispatch.c"],
    "rr_tap_output": ["hv/hypercall/dispatch.c"],
    "rr_tap_read_time": ["hv/pv/tsc.c"],
    "rr_tap_entry": ["hv/core/loop.c"],
    "rr_tap_exit": ["hv/core/loop.c"],
    "rr_tap_port": ["hv/evtchn/raise.c"],
    "rr_tap_timer": ["hv/core/guest_timer.c"],
    "rr_tap_console": ["hv/console/ring.c"],
    "rr_tap_effect": ["hv/console/console.c"],
    "rr_tap_shutdown": ["hv/core/shutdown.c"],
    "rr_domain_time": ["hv/shared/time.c"],
    "rr_out_of_memory": ["hv/mm/domain_frames.c", "hv/mm/mmu_twin.c",
                         "hv/grant/table.c", "hv/grant/handles.c"],
    "rr_audit": ["hv/mm/audit.c"],
    # Around each run of a vCPU: where guest code is stopped.
    "rr_before_guest": ["hv/core/loop.c"],
    "rr_delivers": ["hv/core/loop.c"],
    "rr_after_guest": ["hv/core/loop.c"],
    "rr_lands_here": ["hv/core/loop.c"],
    "rr_place_arm": ["hv/core/loop.c"],
    "rr_takes_exit": ["hv/core/loop.c"],
    "rr_resolved": ["hv/core/loop.c"],
    "rr_shot_done": ["hv/core/loop.c"],
    # Questions.
    "rr_attached": ["hv/console/ring.c", "hv/pv/tsc.c", "hv/shared/time.c"],
    "rr_foreign_allowed": ["hv/evtchn/ports.c", "hv/grant/query.c",
                           "hv/hypercall/domctl_misc.c",
                           "hv/hypercall/domctl_vcpu.c", "hv/mm/entry.c",
                           "hv/mm/foreign.c", "hv/mm/mmu_update.c"],
    "rr_jitter_ns": ["hv/core/guest_timer.c"],
    "rr_timers_live": ["hv/core/guest_timer.c"],
    # A session's begin and end.
    "rr_record_domain": ["hv/boot/main.c"],
    "rr_replay_trace": ["hv/boot/main.c"],
    "rr_release": ["hv/core/domain.c"],
}


def sources():
    for folder, _, names in os.walk("hv"):
        for name in sorted(names):
            if name.endswith((".c", ".h")):
                yield os.path.join(folder, name)


def calls(path):
    """(line number, name) of each call in @path, comments left out."""
    with open(path, encoding="utf-8") as file:
        text = COMMENT.sub(lambda c: "\n" * c[0].count("\n"), file.read())
    for found in CALL.finditer(text):
        yield text.count("\n", 0, found.start()) + 1, found[1]


def declares(path):
    """Headers that declare the surface name it, and do not call it."""
    return path in ("hv/include/hv/rr.h", "hv/include/hv/rr_control.h")


def main():
    problems, used = [], set()
    for path in sources():
        if path.startswith(ADAPTOR) or declares(path):
            continue
        for line, name in calls(path):
            used.add((name, path))
            if name not in SURFACE:
                problems.append(f"{path}:{line}: {name}() belongs to the "
                                "adaptor in hv/rr")
            elif path not in SURFACE[name]:
                problems.append(f"{path}:{line}: {name}() has its place in "
                                + ", ".join(SURFACE[name]))
    problems += [f"tests/lint/surface.py: {path} does not call {name}() any "
                 "more" for name, paths in SURFACE.items() for path in paths
                 if not declares(path) and (name, path) not in used]
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
