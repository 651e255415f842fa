# SPDX-License-Identifier: MIT
"""The bare guests: every hypercall and trap, and the hostile one.

The same images run on Debian's Xen, where the same verdicts are expected but
for what tests/guests/xen-differences.md lists.
"""

import re

import qemu
import systems

BUDGET_S = 300


def boot(name, image, args="", options="", memory_mib=256):
    target = systems.system()
    path = f"build/guest/{image}.elf"
    systems.need(path)
    machine = qemu.Qemu(f"guest-{name}.{target.name}", memory_mib=memory_mib)
    target.prepare(machine)
    machine.load(target.image, target.options(dom0=False, extra=options),
                 [(path, args)])
    machine.start()
    return target, machine


def expected_verdicts():
    verdicts = {}
    with open("tests/guests/suite.expected") as lines:
        for line in lines:
            words = line.split("#")[0].split()
            if words:
                verdicts[words[0]] = words[1].split(",")
    return verdicts


def test_suite():
    """One boot, one verdict for each test, as expected."""
    target, machine = boot("suite", "suite", options="audit mem=64M")
    seen = {}
    with machine:
        while True:
            found = machine.serial.expect(
                r"verdict: (\S+) (PASS|FAIL|SKIP|ERROR)(.*)\n", 240)
            seen[found[1]] = found[2] + found[3]
            if found[1] == "suite":
                break
        target.expect_end(machine)
    wrong = [f"{name}: {seen.get(name, 'no verdict')}"
             for name, allowed in expected_verdicts().items()
             if seen.get(name, "").split(" ")[0] not in allowed]
    if wrong:
        raise qemu.Failure("; ".join(wrong))


def fuzz(name, options):
    target, machine = boot(name, "fuzz", "seed=7 count=60000", options)
    with machine:
        machine.serial.expect(r"verdict: fuzz PASS\n", 240)
        target.expect_end(machine)
    with open(machine.log_path, errors="replace") as log:
        if re.search("PANIC|audit: [1-9]", log.read()):
            raise qemu.Failure(f"see {machine.log_path}")


def test_hostile_guest():
    """Random hypercalls, half of them nearly valid; the recount is clean."""
    fuzz("fuzz", "audit mem=64M")
