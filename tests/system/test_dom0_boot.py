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


def test_domains():
    """A domain made at the prompt is recorded, and destroyed while it runs or
    is paused: its trace holds all of it, and replays."""
    target, machine = systems.boot_dom0("dom0-domains", "TERM=dumb",
                                       memory_mib=1536)
    with machine:
        def ask(line, answer, timeout_s=60):
            machine.serial.send_line(line)
            found = machine.serial.expect(answer, timeout_s)
            machine.serial.expect(r"chv> ", 30)
            return found

        machine.serial.expect(r"chv> ", 240)
        for name in ("runs", "paused"):
            ask(f"create {name} --kernel /boot/vmlinuz-cloud --initrd "
                f"/boot/domu.cpio --memory 256M --cmdline chrono.run=shell "
                f"--record /root/{name}", r"domain \d+\n")
        ask("list", r"(?s)runs.*paused.*\n")
        machine.serial.send_line("console runs")
        machine.serial.expect(systems.PROMPT, 120)
        machine.serial.send("\x1d")
        machine.serial.expect(r"chv> ", 30)
        ask("pause paused", r"")
        for name in ("runs", "paused"):
            ask(f"destroy {name} --force", r"")
        ask("trace info /root/runs", r"complete: stop, .*, stopped on request")
        ask("trace verify /root/paused", r"\n")
        ask("replay /root/runs", r"replay finished|finished at", 200)
        machine.serial.send_line("quit")
        machine.serial.expect(systems.PROMPT, 30)
        machine.serial.send_line("poweroff -f")
        target.expect_end(machine)
