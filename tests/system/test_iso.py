# SPDX-License-Identifier: MIT
"""The ISO boots through GRUB as it would on a PC."""

import qemu
import systems

BUDGET_S = 400


def test_dom0():
    """GRUB's first entry ends in dom0."""
    target = systems.system()
    systems.need(target.iso)
    machine = qemu.Qemu(f"iso.{target.name}")
    with machine:
        target.prepare(machine)
        machine.load_iso(target.iso)
        machine.start()
        machine.serial.expect(r"Booting `Chronovisor'", 60)
        machine.serial.expect(r"chrono: dom0 up, ", 300)
