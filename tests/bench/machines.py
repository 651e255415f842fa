# SPDX-License-Identifier: MIT
"""QEMU command lines of the machines that are compared: Chronovisor, Debian's
Xen and the bare machine, all with one CPU of one model and the same memory."""

import qemu as system
import systems

OUT = "build/bench"
LINUX = systems.LINUX
HYPERVISOR = f"{OUT}/chronovisor"
XEN = systems.Xen.image

MEMORY_MIB = 1024
GUEST_MIB = 256
WINDOW_MIB = 1024

ICOUNT = ("-icount", "shift=0,sleep=off")

XEN_PLAIN = f"console=com1 com1=115200 sched=credit dom0_mem={GUEST_MIB}M"
XEN_FAST = XEN_PLAIN + " spec-ctrl=no xpti=no"
FAST = "mitigations=off"


def qemu(*, memory_mib=MEMORY_MIB, icount=False, display=("-display", "none")):
    command = [
        "qemu-system-x86_64", "-accel", "tcg,thread=single", "-smp", "1",
        "-cpu", system.CPU, "-m", str(memory_mib), *display, "-nodefaults",
        "-monitor", "none", "-no-reboot", "-serial", "stdio"]
    return command + list(ICOUNT if icount else ())


def escape(text):
    return text.replace(",", ",,")


def modules(*words):
    """Boot modules as QEMU takes them."""
    return ["-initrd", ",".join(escape(word) for word in words)]


def chronovisor(options, *what, **machine):
    return qemu(**machine) + [
        "-device", "isa-debug-exit,iobase=0xf4,iosize=4",
        "-kernel", HYPERVISOR, "-append", options, *modules(*what)]


def window(path):
    """The trace's memory window; the file is made anew when not there."""
    with open(path, "ab") as file:
        file.truncate(WINDOW_MIB << 20)
    return ["-object", "memory-backend-file,id=window,share=on,"
            f"mem-path={path},size={WINDOW_MIB}M",
            "-device", "ivshmem-plain,memdev=window"]


def xen(options, *what, **machine):
    return qemu(**machine) + ["-kernel", XEN, "-append", options,
                              *modules(*what)]


def native(kernel, cmdline, initrd, **machine):
    """Linux without a hypervisor, with the memory of a guest."""
    machine.setdefault("memory_mib", GUEST_MIB)
    return qemu(**machine) + [
        "-kernel", kernel, "-initrd", initrd,
        "-append", f"console=ttyS0 nokaslr {cmdline}"]


def linux(flavour, cmdline, initrd="domu.cpio"):
    """Boot modules of Linux as a first domain."""
    args = "console=hvc0" if flavour == "cloud" else systems.DOM0_ARGS
    return (f"{LINUX}/vmlinuz-{flavour} {args} {cmdline}",
            f"{LINUX}/{initrd}")
