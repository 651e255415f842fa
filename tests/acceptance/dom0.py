# SPDX-License-Identifier: MIT
"""A machine with dom0 that works through one of the lists of dom0/acceptance,
and what it says while it does."""

import re

import tally
import qemu
import systems

INITRD = "build/linux/dom0-acceptance.cpio"
BAD_LINE = re.compile(r"PANIC|\(hv\) error|"
                      r"[1-9]\d* frames differ from the recount")


class Dom0:
    """`words` are the arguments of dom0/acceptance."""

    def __init__(self, name, words, *, memory_mib=1024, dom0_mib=512,
                 icount=False, window=None, options=""):
        kernel = f"{systems.LINUX}/vmlinuz-amd64"
        systems.need(systems.Chronovisor.image, kernel, INITRD)
        self.machine = m = qemu.Qemu(f"acc-{name}", memory_mib=memory_mib,
                                     icount=icount)
        m.add_debug_exit()
        if window is not None:
            path, mib = window
            m.add_window(path, mib)
        m.load(systems.Chronovisor.image,
               f"audit dom0_mem={dom0_mib}M {options}".strip(),
               [(kernel, f'{systems.DOM0_ARGS} chrono.exec="acceptance '
                 f'{words}"'), (INITRD, "")])

    def __enter__(self):
        self.machine.start()
        return self

    def __exit__(self, *_):
        self.machine.kill()

    def line(self, pattern, timeout_s):
        """The next line of the script's that matches; one that says that it
        is over before is a failure."""
        found = self.machine.serial.expect(
            rf"^acc: (?:{pattern}|over)\n", timeout_s)
        if found[0] == "acc: over\n":
            raise qemu.Failure(f"/{pattern}/ did not come: "
                               + self.machine.log_path)
        return found

    def ended(self):
        return self.machine.process.poll() is not None

    def end(self, timeout_s=60):
        """The machine ends well, and the hypervisor had nothing to say."""
        status = self.machine.wait(timeout_s)
        if status != 1:
            raise qemu.Failure(f"QEMU ended with status {status}, expected 1: "
                               + self.machine.log_path)
        self.check_log()

    def log(self):
        with open(self.machine.log_path, errors="replace") as log:
            return log.read().replace("\r", "")

    def check_log(self):
        for line in self.log().splitlines():
            if BAD_LINE.search(line):
                raise qemu.Failure(f"{line}: {self.machine.log_path}")
