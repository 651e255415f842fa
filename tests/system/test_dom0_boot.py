# SPDX-License-Identifier: MIT
"""Debian Linux as dom0: it is a control domain and does what it is told."""

import qemu
import systems

BUDGET_S = 400
FILES = "--kernel /boot/vmlinuz-cloud --initrd /boot/domu.cpio"

# While two domains of 256M, recorded into files of their names, exist.
REFUSED = (
    (f"create big {FILES} --memory 4G",
     r"not enough memory: needs 4\d\d\d MiB, \d+ MiB free"),
    (f"create small {FILES} --memory 32M", r"the least is \d+M"),
    (f"create runs {FILES}", r"there is a domain 'runs' already"),
    (f"create 12 {FILES}", r"'12' cannot be a name"),
    ("create none", r"--kernel is missing"),
    ("create dir --kernel /boot", r"/boot: is a directory"),
    ("create bad --kernel /bin/chv --memory 64M", r"/bin/chv: cut or damaged, or not a"),
    (f"create again {FILES} --record /root/runs", r"it exists: choose"),
    (f"create window1 {FILES} --record window", r"no trace window"),
    ("pause paused", r"is paused already"),
    ("unpause runs", r"is not paused"),
    ("pause dom0", r"dom0 cannot be paused"),
    ("destroy dom0", r"dom0 cannot be destroyed"),
    ("destroy nosuch", r"there is no domain 'nosuch'"),
    ("record attach runs --output /root/paused", r"another recording"),
    ("record attach runs --output /init", r"/init: not a trace"),
    ("record attach runs --output /root/runs", r"still runs"),
    ("record attach runs --output /root/nosuch", r"No such file"),
    ("run", r"works on a Linux host"),
)
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
    is paused: its trace holds all of it, and replays. What cannot be done is
    refused in one line, and harms nobody."""
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
            ask(f"create {name} {FILES} --memory 256M --cmdline "
                f"chrono.run=shell --record /root/{name}", r"domain \d+\n")
        ask("list", r"(?s)runs.*paused.*^free: \d+ of \d+ MiB\n")
        machine.serial.send_line("console runs")
        machine.serial.expect(systems.PROMPT, 120)
        machine.serial.send("\x1d")
        machine.serial.expect(r"chv> ", 30)
        ask("pause paused", r"")
        for line, refusal in REFUSED:
            ask(line, rf"chv: .*{refusal}")
        for answer in ("no, and not y\r", "\x04"):
            machine.serial.send_line("destroy runs")
            machine.serial.expect(r"\[y/N\] ", 30)
            machine.serial.send(answer)
            machine.serial.expect(r"chv> ", 30)
        machine.serial.send_line("destroy paused")
        machine.serial.expect(r"\[y/N\] ", 30)
        ask("yes", r"")
        ask("destroy runs --force", r"")
        ask("trace info /root/runs", r"complete: stop, .*, stopped on request")
        ask("trace verify /root/paused", r"\n")
        ask(f"create filler {FILES} --memory 600M --paused", r"domain \d+\n")
        ask("replay /root/runs", r"not enough memory: needs \d+ MiB")
        ask("destroy filler --force", r"")
        ask("replay /root/runs", r"replay finished|finished at", 200)
        machine.serial.send_line("quit")
        machine.serial.expect(systems.PROMPT, 30)
        machine.serial.send_line("poweroff -f")
        target.expect_end(machine)
