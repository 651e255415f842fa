# SPDX-License-Identifier: MIT
"""What system tests boot: Chronovisor, or, as a check of the tests and images
themselves, Debian's Xen (CHRONO_SYSTEM=xen in the environment)."""

import hashlib
import os

import qemu

LINUX = "build/linux"
DOM0_ARGS = ("console=hvc0 acpi=off pci=off swiotlb=noforce "
             "initcall_blacklist=cmos_init")

# busybox's shell asks the terminal for its width behind its prompt.
PROMPT = r"^\S+ # "


class Skip(Exception):
    """Why a test cannot be run here."""


class Chronovisor:
    """The hypervisor of this tree. It ends QEMU when its first domain ends,
    with status 0 after a power off."""

    name = "chronovisor"
    image = "build/chronovisor"
    iso = "build/chronovisor.iso"
    guest = ("cloud", "console=hvc0")

    def prepare(self, machine):
        machine.add_debug_exit()

    def options(self, dom0, extra=""):
        return f"{'' if dom0 else 'dom0less'} {extra}".strip()

    def expect_end(self, machine):
        status = machine.wait()
        if status != 1:
            raise qemu.Failure(f"QEMU ended with status {status}, expected 1 "
                               "(the hypervisor's 0)")


class Xen:
    """Debian's Xen. Its first domain is always dom0, which the cloud kernel
    cannot be, and without ACPI it halts instead of switching off."""

    name = "xen"
    image = "build/linux/xen"
    iso = "build/xen.iso"
    guest = ("amd64", DOM0_ARGS)

    def prepare(self, machine):
        pass

    def options(self, dom0, extra=""):
        memory = 256 if dom0 else 512
        return (f"console=com1 com1=115200 sched=credit dom0_mem={memory}M "
                f"{extra}").strip()

    def expect_end(self, machine):
        machine.serial.expect(r"Hardware Dom0 halted")
        machine.kill()


def system():
    """The hypervisor under test."""
    chosen = os.environ.get("CHRONO_SYSTEM", "chronovisor")
    for kind in (Chronovisor, Xen):
        if kind.name == chosen:
            need(kind.image)
            return kind()
    raise qemu.Failure(f"CHRONO_SYSTEM={chosen}: not chronovisor or xen")


def need(*paths):
    for path in paths:
        if not os.path.exists(path):
            raise Skip(f"{path} is not built")


def boot_guest(name, run, *, icount=False, memory_mib=1024):
    """A started machine whose first domain is the Linux guest, without a
    dom0 where the hypervisor can do that."""
    target = system()
    flavour, args = target.guest
    kernel, initrd = f"{LINUX}/vmlinuz-{flavour}", f"{LINUX}/domu.cpio"
    need(kernel, initrd)
    machine = qemu.Qemu(f"{name}.{target.name}", memory_mib=memory_mib,
                        icount=icount)
    target.prepare(machine)
    machine.load(target.image, target.options(dom0=False),
                 [(kernel, f"{args} chrono.run={run}"), (initrd, "")])
    machine.start()
    return target, machine


def boot_dom0(name, args="", *, memory_mib=1024):
    """A started machine with dom0."""
    target = system()
    kernel, initrd = f"{LINUX}/vmlinuz-amd64", f"{LINUX}/dom0.cpio"
    need(kernel, initrd)
    machine = qemu.Qemu(f"{name}.{target.name}", memory_mib=memory_mib)
    target.prepare(machine)
    machine.load(target.image, target.options(dom0=True),
                 [(kernel, f"{DOM0_ARGS} {args}"), (initrd, "")])
    machine.start()
    return target, machine


def workload_digest():
    """What the guest's workload must print, computed here: busybox ten
    times, then zeroes up to 20 MB."""
    path = "build/debian/busybox/bin/busybox"
    need(path)
    with open(path, "rb") as source:
        data = source.read() * 10
    data = data[:20000000].ljust(20000000, b"\0")
    return hashlib.sha256(data).hexdigest()
