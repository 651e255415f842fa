# SPDX-License-Identifier: MIT
"""Debian Linux as dom0: it is a control domain and does what it is told."""

import qemu
import systems

BUDGET_S = 400
DEVICES = ("privcmd", "evtchn", "gntdev", "gntalloc", "xenbus_backend")


def test_exec():
    """A command on the kernel's command line runs, then the machine ends."""
    target, machine = systems.boot_dom0(
        "dom0-exec", 'chrono.exec="ls /dev/xen; cat /proc/xen/capabilities;'
        ' exit 7"')
    with machine:
        machine.serial.expect(r"^chrono: dom0 up, ", 240)
        listed = machine.serial.expect(
            r"(?s)\A(.*)^control_d\n")[1].split()
        missing = [name for name in DEVICES if name not in listed]
        if missing:
            raise qemu.Failure("/dev/xen lacks " + ", ".join(missing))
        machine.serial.expect(r"^chrono: exec status 7\n", 30)
        target.expect_end(machine)


def test_shell():
    """A root shell on the console that survives its own exit."""
    target, machine = systems.boot_dom0("dom0-shell", "chrono.run=shell")
    with machine:
        machine.serial.expect(r"^chrono: dom0 up, ", 240)
        machine.serial.expect(systems.PROMPT)
        machine.serial.send_line("exit")
        machine.serial.expect(systems.PROMPT, 30)
        machine.serial.send_line("tty; ls /boot")
        machine.serial.expect(r"^/dev/hvc0\n", 30)
        machine.serial.expect(r"domu\.cpio\s+vmlinuz-cloud", 30)
        machine.serial.send_line("poweroff -f")
        target.expect_end(machine)


def test_chv():
    """Without further arguments dom0 ends at the debugger's prompt."""
    target, machine = systems.boot_dom0("dom0-chv", "TERM=vt100")
    with machine:
        machine.serial.expect(r"^chrono: dom0 up, ", 240)
        machine.serial.expect(r"chv> ", 60)
        machine.serial.send_line("version")
        machine.serial.expect(r"chv \(Chronovisor\) \d", 30)
        machine.serial.expect(r"chv> ", 30)
        machine.serial.send_line("quit")
        machine.serial.expect(systems.PROMPT, 30)
        machine.serial.send_line("poweroff -f")
        target.expect_end(machine)
