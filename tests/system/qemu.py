# SPDX-License-Identifier: MIT
"""One QEMU as a system test needs it: started, watched, surely ended.

    with Qemu("name", memory_mib=512) as machine:
        machine.load("build/chronovisor", "dom0less", [("vmlinuz", "args"),
                                                      ("initrd", "")])
        machine.start()
        machine.serial.expect(r"chrono: init up", timeout_s=60)
        status = machine.wait(timeout_s=30)

COM1 is machine.serial; everything it says goes to build/logs/NAME.log too,
and QEMU's own messages to build/logs/NAME.qemu.log. The machine dies with the
block, with an exception and with this process, however that ends.
"""

import ctypes
import os
import re
import signal
import subprocess
import tempfile
import threading
import time

# A CPU that Xen and Linux know, without what a hypervisor cannot trap or
# QEMU's TCG does wrongly: no RDRAND, RDSEED or RDPID (Nehalem has none),
# no CMPXCHG16B, no RDTSCP.
CPU = "Nehalem,-cx16,-rdtscp"

LOGS = os.path.join("build", "logs")
KEPT_TEXT = 1 << 20
PR_SET_PDEATHSIG = 1


class Failure(Exception):
    """A test's expectation that did not come true."""


class Timeout(Failure):
    """Nothing that was waited for, in the time given."""


class Ended(Failure):
    """The other side went away before it said what was waited for."""


def die_with_parent():
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class Serial:
    """A line to talk over: pipes or a socket, read all the time by a thread
    of its own, so that QEMU never waits for a test."""

    def __init__(self, reader, writer, log_path):
        self.reader = reader
        self.writer = writer
        self.log = open(log_path, "wb")
        self.text = ""
        self.closed = False
        self.changed = threading.Condition()
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    def _read(self):
        try:
            while chunk := os.read(self.reader, 65536):
                self.log.write(chunk)
                self.log.flush()
                text = chunk.decode("utf-8", "replace").replace("\r", "")
                with self.changed:
                    self.text = (self.text + text)[-KEPT_TEXT:]
                    self.changed.notify_all()
        except OSError:
            pass
        with self.changed:
            self.closed = True
            self.log.close()
            self.changed.notify_all()

    def expect(self, pattern, timeout_s=120):
        """Wait for a regular expression; its match. What came up to the end
        of the match is consumed. The end of a line is \\n in a pattern: $
        is also where a line has come to so far."""
        wanted = re.compile(pattern, re.M)
        deadline = time.monotonic() + timeout_s
        with self.changed:
            while True:
                found = wanted.search(self.text)
                if found:
                    self.text = self.text[found.end():]
                    return found
                left = deadline - time.monotonic()
                if self.closed:
                    raise Ended(f"the line closed before /{pattern}/; last: "
                                + self.last())
                if left <= 0:
                    raise Timeout(f"no /{pattern}/ within {timeout_s} s; "
                                  "last: " + self.last())
                self.changed.wait(left)

    def last(self):
        lines = [l.strip() for l in self.text.splitlines() if l.strip()]
        return repr(lines[-1]) if lines else "nothing"

    def send(self, text):
        data = text.encode()
        while data:
            data = data[os.write(self.writer, data):]

    def send_line(self, line):
        self.send(line + "\r")


class Qemu:
    """One machine. Options are added until start(); it runs until wait() or
    kill(), or the end of the with block."""

    def __init__(self, name, *, memory_mib=1024, cpu=CPU, icount=False,
                 options=()):
        os.makedirs(LOGS, exist_ok=True)
        self.name = name
        self.log_path = os.path.join(LOGS, name + ".log")
        self.error_path = os.path.join(LOGS, name + ".qemu.log")
        self.folder = tempfile.TemporaryDirectory(prefix="chrono-")
        self.process = None
        self.serial = None
        self.command = [
            "qemu-system-x86_64", "-accel", "tcg,thread=single", "-smp", "1",
            "-cpu", cpu, "-m", str(memory_mib), "-display", "none",
            "-nodefaults", "-monitor", "none", "-no-reboot",
            "-serial", "stdio"]
        if icount:
            self.command += ["-icount", "shift=0,sleep=off"]
        self.command += options

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()
        self.folder.cleanup()

    def load(self, kernel, cmdline, modules=()):
        """Boot a kernel with multiboot modules: (path, command line)."""
        def escape(text):
            return text.replace(",", ",,")
        self.command += ["-kernel", kernel, "-append", cmdline]
        if modules:
            words = [escape(f"{path} {args}".strip())
                     for path, args in modules]
            self.command += ["-initrd", ",".join(words)]

    def load_iso(self, path):
        """Boot from a CD as a PC does."""
        self.command += ["-boot", "d", "-cdrom", path]

    def add_debug_exit(self):
        """Let the guest end QEMU: wait() then gives 2 * status + 1."""
        self.command += ["-device", "isa-debug-exit,iobase=0xf4,iosize=4"]

    def add_window(self, path, size_mib):
        """A file as memory of a PCI device, shared with the host."""
        with open(path, "ab") as window:
            window.truncate(size_mib << 20)
        self.command += [
            "-object", f"memory-backend-file,id=window,share=on,"
            f"mem-path={path},size={size_mib}M",
            "-device", "ivshmem-plain,memdev=window"]

    def add_com2(self):
        """A second serial port; the path of the UNIX socket behind it."""
        path = os.path.join(self.folder.name, "com2")
        self.command += ["-chardev",
                         f"socket,id=com2,path={path},server=on,wait=off",
                         "-serial", "chardev:com2"]
        return path

    def start(self):
        with open(self.error_path, "wb") as errors:
            self.process = subprocess.Popen(
                self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                stderr=errors, preexec_fn=die_with_parent)
        self.serial = Serial(self.process.stdout.fileno(),
                             self.process.stdin.fileno(), self.log_path)

    def wait(self, timeout_s=60):
        """QEMU's exit status, once the machine has ended by itself."""
        try:
            status = self.process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            raise Timeout(f"the machine did not end within {timeout_s} s; "
                          "last: " + self.serial.last())
        self.serial.thread.join(10)
        return status

    def kill(self):
        """SIGKILL, as a power cut; harmless when it has already ended."""
        if self.process is None:
            return
        self.process.kill()
        self.process.wait()
        self.serial.thread.join(10)
        self.process.stdin.close()
        self.process.stdout.close()
