#!/usr/bin/env python3
"""Boot one bare guest under QEMU and report its verdicts.

    run.py --hv xen|chronovisor --kernel FILE [options] guest.elf [args...]

The guest is the hypervisor's first module: the first domain on Xen, an
ordinary guest (boot option dom0less) on Chronovisor. The serial log is kept.
Exit status: 0 all verdicts PASS or SKIP, 1 a FAIL or ERROR, 2 usage, 3 no
verdict (crash, hang, QEMU failed). With --expect, a file of lines
"<name> <STATUS>[,<STATUS>]" says which verdicts there must be; status 0 is
then exact agreement with it.
"""

import argparse
import os
import re
import signal
import subprocess
import sys
import threading

VERDICT = re.compile(r"^(?:\(XEN\) )?verdict: (\S+) (PASS|FAIL|SKIP|ERROR)"
                     r"(?: \((.*)\))?\s*$")
# Xen cannot switch the machine off for a first domain without ACPI: it says
# this and stays there.
XEN_END = re.compile(rb"Hardware Dom0 (halted|crashed|shutdown)")
HV_OPTIONS = {
    "xen": "console=com1 com1=115200 dom0_mem={mem}M,max:{mem}M sched=credit dom0=pv "
           "loglvl=all",
    "chronovisor": "console=com1 dom0less",
}


def qemu_command(args):
    options = HV_OPTIONS[args.hv].format(mem=args.guest_memory)
    command = [
        args.qemu, "-accel", "tcg,thread=single", "-m", str(args.memory),
        "-smp", "1", "-cpu", args.cpu, "-nographic", "-nodefaults",
        "-no-reboot", "-serial", "stdio", "-monitor", "none",
        "-kernel", args.kernel,
        "-append", " ".join([options] + args.hv_option),
        "-initrd", " ".join([args.guest] + args.guest_args),
    ]
    if args.hv == "chronovisor":
        command += ["-device", "isa-debug-exit,iobase=0xf4,iosize=0x04"]
    return command + args.qemu_option


def run(command, log_path, timeout, echo):
    """Run QEMU with its serial line into the log; (exit status, timed out).

    Only the child started here is ever ended, by its own process id.
    """
    expired = threading.Event()
    with open(log_path, "wb") as log:
        qemu = subprocess.Popen(command, stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT)

        def expire():
            expired.set()
            qemu.send_signal(signal.SIGKILL)

        timer = threading.Timer(timeout, expire)
        timer.start()
        tail = b""
        try:
            while chunk := os.read(qemu.stdout.fileno(), 65536):
                log.write(chunk)
                log.flush()
                if echo:
                    sys.stdout.write(chunk.decode(errors="replace"))
                    sys.stdout.flush()
                tail = (tail + chunk)[-200:]
                if XEN_END.search(tail):
                    qemu.kill()
        finally:
            timer.cancel()
            qemu.stdout.close()
            if qemu.poll() is None:
                qemu.kill()
    return qemu.wait(), expired.is_set()


def parse(log_path):
    """The verdicts of a log, [(name, status, reason)]."""
    verdicts = []
    with open(log_path, encoding="utf-8", errors="replace") as log:
        for line in log:
            found = VERDICT.match(line.replace("\r", "").rstrip("\n"))
            if found:
                verdicts.append(found.groups())
    return verdicts


def errors(log_path):
    """What the hypervisor calls an error is one of its own: whatever a guest
    does is at most worth a warning."""
    with open(log_path, encoding="utf-8", errors="replace") as log:
        return [line.strip() for line in log if "(hv) error: " in line]


def compare(verdicts, path):
    """Lines that say where the verdicts part from the expectation file."""
    got = {name: result for name, result, _ in verdicts}
    lines = []
    with open(path, encoding="utf-8") as expected:
        for line in expected:
            words = line.split("#")[0].split()
            if len(words) != 2:
                continue
            name, allowed = words[0], words[1].split(",")
            result = got.pop(name, "no verdict")
            if result not in allowed:
                lines.append(f"{name}: {result}, expected {words[1]}")
    lines += [f"{name}: {result}, not in {path}"
              for name, result in got.items()]
    return lines


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--hv", choices=sorted(HV_OPTIONS), required=True)
    parser.add_argument("--kernel", required=True,
                        help="the hypervisor's image, unpacked")
    parser.add_argument("--timeout", type=float, default=120)
    parser.add_argument("--log", help="serial log (default: <guest>.<hv>.log)")
    parser.add_argument("--expect", help="expectation file")
    parser.add_argument("--memory", type=int, default=256, help="MiB")
    parser.add_argument("--guest-memory", type=int, default=64, help="MiB")
    parser.add_argument("--cpu", default="Nehalem")
    parser.add_argument("--qemu", default="qemu-system-x86_64")
    parser.add_argument("--qemu-option", action="append", default=[])
    parser.add_argument("--hv-option", action="append", default=[])
    parser.add_argument("--echo", action="store_true",
                        help="copy the serial line to stdout as it comes")
    parser.add_argument("guest")
    parser.add_argument("guest_args", nargs="*")
    args = parser.parse_args()

    for path in (args.kernel, args.guest):
        if not os.path.exists(path):
            print(f"run.py: {path} does not exist; build it first",
                  file=sys.stderr)
            return 2
    log_path = args.log or \
        f"{os.path.splitext(args.guest)[0]}.{args.hv}.log"
    status, expired = run(qemu_command(args), log_path, args.timeout,
                          args.echo)
    verdicts = parse(log_path)
    for name, result, reason in verdicts:
        if not args.echo:
            print(f"{name}: {result}" + (f" ({reason})" if reason else ""))
    if expired or not verdicts:
        why = f"no end within {args.timeout:g} s" if expired else \
            f"no verdict, QEMU status {status}"
        print(f"run.py: {why}; serial log: {log_path}", file=sys.stderr)
        return 3
    found = errors(log_path)
    if found:
        print(f"run.py: {found[0]}; serial log: {log_path}", file=sys.stderr)
        return 1
    if args.expect:
        parts = compare(verdicts, args.expect)
        for part in parts:
            print(f"run.py: {part}", file=sys.stderr)
        return 1 if parts else 0
    bad = any(result in ("FAIL", "ERROR") for _, result, _ in verdicts)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
