#!/usr/bin/env python3
"""Record a bare guest on Chronovisor, replay it, and say whether they agree.

    replay.py --kernel build/chronovisor [options] guest.elf [args...]

Exit status: 0 the replay finished where the recording did, 1 it diverged or
the guest's own verdict is bad, 2 usage, 3 one of the runs did not end.
"""

import argparse
import os
import re
import sys
import tempfile

import run

FINISHED = re.compile(r"(recording|replay) finished at entry (\d+)")
SERIAL_NAMES = ("record", "replay")


def boot(args, mode, window, log_path):
    """One run in @mode with the trace in @window; the entry of its end."""
    memory = f"memory-backend-file,id=window,share=on,mem-path={window}," \
             f"size={args.window}M"
    setup = argparse.Namespace(
        hv="chronovisor", kernel=args.kernel, qemu=args.qemu,
        memory=args.memory, guest_memory=0, cpu=args.cpu, guest=args.guest,
        guest_args=args.guest_args, hv_option=[f"{mode}=1"] + args.hv_option,
        qemu_option=["-object", memory, "-device",
                     "ivshmem-plain,memdev=window"])
    if args.icount:
        setup.qemu_option += ["-icount", "shift=0,sleep=off"]
    _, expired = run.run(run.qemu_command(setup), log_path, args.timeout,
                         False)
    with open(log_path, encoding="utf-8", errors="replace") as log:
        found = FINISHED.findall(log.read())
    return None if expired or not found else int(found[-1][1])


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--kernel", required=True)
    parser.add_argument("--icount", action="store_true",
                        help="QEMU counts instructions: the exact clock")
    parser.add_argument("--timeout", type=float, default=120)
    parser.add_argument("--window", type=int, default=256, help="MiB")
    parser.add_argument("--memory", type=int, default=512, help="MiB")
    parser.add_argument("--cpu", default="max,-rdrand,-rdseed,-cx16")
    parser.add_argument("--qemu", default="qemu-system-x86_64")
    parser.add_argument("--hv-option", action="append", default=[])
    parser.add_argument("--logs", default=".", help="folder for serial logs")
    parser.add_argument("guest")
    parser.add_argument("guest_args", nargs="*")
    args = parser.parse_args()

    for path in (args.kernel, args.guest):
        if not os.path.exists(path):
            print(f"replay.py: {path} does not exist; build it first",
                  file=sys.stderr)
            return 2
    name = os.path.splitext(os.path.basename(args.guest))[0]
    logs = [os.path.join(args.logs, f"{name}.{mode}.log")
            for mode in SERIAL_NAMES]
    with tempfile.NamedTemporaryFile(prefix="chrono-trace-") as window:
        window.truncate(args.window << 20)
        ends = [boot(args, mode, window.name, log)
                for mode, log in zip(SERIAL_NAMES, logs)]
    bad = [v for v in run.parse(logs[0]) if v[1] in ("FAIL", "ERROR")]
    if None in ends:
        print(f"{name}: no end of the {SERIAL_NAMES[ends.index(None)]}; logs: "
              + " ".join(logs))
        return 3
    same = ends[0] == ends[1]
    print(f"{name}: recorded {ends[0]} entries, replayed {ends[1]}: "
          + ("agree" if same else "DIFFER"))
    for verdict in bad:
        print(f"{verdict[0]}: {verdict[1]} ({verdict[2]})")
    return 0 if same and not bad else 1


if __name__ == "__main__":
    sys.exit(main())
