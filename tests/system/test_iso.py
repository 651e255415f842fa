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


def test_make_run():
    """The README's command ends at the prompt of chv."""
    if systems.system().name == "xen":
        raise systems.Skip("make run boots Chronovisor")
    machine = qemu.Qemu("iso-make-run")
    machine.command = ["make", "--no-print-directory", "boot-iso"]
    with machine:
        machine.start()
        machine.serial.expect(r"^\S*chv> ", 300)
        machine.serial.send("list\r")
        machine.serial.expect(r"^\s*0\s+\S+", 60)
        machine.serial.send("quit\r")
        machine.serial.expect(r"poweroff -f ends the machine", 60)
        machine.serial.send("poweroff -f\r")
        status = machine.wait()
        if status != 0:
            raise qemu.Failure(f"make ended with status {status}")


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
