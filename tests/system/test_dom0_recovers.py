# SPDX-License-Identifier: MIT
"""What fails in dom0 leaves the machine as it was."""

import systems

BUDGET_S = 400


def test_bad_start():
    """A trace whose start is damaged far behind its beginning, when the domain
    of its replay is half built: that goes without a trace, and the same file,
    mended, replays."""
    target, machine = systems.boot_dom0("dom0-bad-start", "chrono.run=shell")
    with machine:
        def ask(line, answer, timeout_s=60):
            machine.serial.send_line(line)
            found = machine.serial.expect(answer, timeout_s)
            machine.serial.expect(systems.PROMPT, 30)
            return found

        machine.serial.expect(systems.PROMPT, 240)
        ask("chv create r --kernel /boot/vmlinuz-cloud --initrd "
            "/boot/domu.cpio --memory 160M --cmdline chrono.run=workload "
            "--record /root/t; chv record wait r; chv destroy -f r",
            r"finished, n\d+", 200)
        ask("dd if=/root/t of=/root/8 bs=8 count=1 skip=1000000 2>/dev/null; "
            "printf 'damaged!' | dd of=/root/t bs=8 seek=1000000 "
            "conv=notrunc 2>/dev/null; chv replay /root/t; echo status $?",
            r"status 5", 60)
        ask("chv list | grep -c dying", r"^0\n")
        ask("chv audit; echo status $?", r"status 0")
        ask("dd if=/root/8 of=/root/t bs=8 seek=1000000 conv=notrunc "
            "2>/dev/null; chv replay /root/t",
            r"replayed to its end: \d+ entries, no divergence", 200)
        machine.serial.send_line("poweroff -f")
        target.expect_end(machine)
