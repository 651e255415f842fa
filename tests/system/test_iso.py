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


def test_dom0less():
    """The second entry, chosen over the serial line, starts the guest."""
    target = systems.system()
    if target.name == "xen":
        raise systems.Skip("Xen starts no guest without a dom0")
    systems.need(target.iso)
    machine = qemu.Qemu(f"iso-dom0less.{target.name}")
    with machine:
        target.prepare(machine)
        machine.load_iso(target.iso)
        machine.start()
        machine.serial.expect(r"Chronovisor, one Linux guest", 60)
        machine.serial.send("\x1b[B\r")
        machine.serial.expect(r"loaded by multiboot2", 60)
        machine.serial.expect(r"chrono: init up, ", 300)
