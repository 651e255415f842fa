# SPDX-License-Identifier: MIT
"""Stock Debian Linux as the first domain, without a dom0."""

import qemu
import systems

BUDGET_S = 400


def test_shell():
    """Boots to a shell that answers, and powers off from it."""
    target, machine = systems.boot_guest("domu-shell", "shell")
    with machine:
        machine.serial.expect(r"^chrono: init up, \S+, run=shell\n", 180)
        machine.serial.expect(systems.PROMPT)
        machine.serial.send_line("echo answer $((6 * 7)); uname -r")
        machine.serial.expect(r"^answer 42\n6\.\S+\n", 30)
        machine.serial.send_line("poweroff -f")
        target.expect_end(machine)


def test_workload():
    """200 processes, 20 MB to a tmpfs, the right digest of them."""
    target, machine = systems.boot_guest("domu-workload", "workload")
    with machine:
        machine.serial.expect(r"^chrono: workload start\n", 180)
        machine.serial.expect(r"^chrono: 200 forks done\n")
        found = machine.serial.expect(r"^chrono: workload done (\w+)\n")
        if found[1] != systems.workload_digest():
            raise qemu.Failure(f"the guest's digest is {found[1]}, the "
                               f"host's {systems.workload_digest()}")
        machine.serial.expect(r"^chrono: poweroff\n")
        target.expect_end(machine)


def test_oops():
    """The demonstration's module oopses, by itself and elsewhere."""
    _, machine = systems.boot_guest("domu-demo", "demo")
    with machine:
        machine.serial.expect(r"^chrono: demo start\n", 180)
        machine.serial.expect(r"BUG: unable to handle page fault", 180)
        machine.serial.expect(r"RIP: \w+:_raw_spin_lock_irqsave", 30)
        machine.serial.expect(r"report\+\S+ \[racy\]", 30)
