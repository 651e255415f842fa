# SPDX-License-Identifier: MIT
"""Backtraces through a Linux kernel that was built without frame pointers.

Such a kernel carries its own tables of where each function keeps its caller
("ORC", see Documentation/x86/orc-unwinder.rst of Linux). They lie in its
memory; this unwinder reads them there. Modules have tables of their own; for
those GDB uses the debug information of the module's file.
"""

import struct

import gdb
from gdb.unwinder import Unwinder

# Which register a rule starts from.
UNDEFINED, PREVIOUS_SP, BP, SP = 0, 1, 4, 5
BP_INDIRECT, SP_INDIRECT = 8, 9
DIRECT = {2: "rdx", 3: "rdi", BP: "rbp", SP: "rsp", 6: "r10", 7: "r13"}

# What the place at the rule's address holds.
CALL, REGS, REGS_PARTIAL = 0, 1, 2
ENTRY_BYTES = 6

# struct pt_regs, in the order of memory.
PT_REGS = ("r15", "r14", "r13", "r12", "rbp", "rbx", "r11", "r10", "r9", "r8",
           "rax", "rcx", "rdx", "rsi", "rdi", None, "rip", "cs", "eflags",
           "rsp", "ss")


def address_of(name):
    symbol = gdb.lookup_minimal_symbol(name) if hasattr(
        gdb, "lookup_minimal_symbol") else None
    if symbol is not None:
        return int(symbol.value().address)
    return int(gdb.parse_and_eval("(long)&" + name)) & (2 ** 64 - 1)


class Tables:
    """The kernel's tables, read piece by piece."""

    def __init__(self):
        self.ips = address_of("__start_orc_unwind_ip")
        self.entries = address_of("__start_orc_unwind")
        self.nr = (address_of("__stop_orc_unwind_ip") - self.ips) // 4
        self.text = (address_of("_stext"), address_of("_etext"))
        self.known = {}
        self.pages = {}

    def read(self, address, length):
        """Bytes through a cache: these tables never change."""
        data = b""
        while length > 0:
            page, offset = address & ~4095, address & 4095
            if page not in self.pages:
                self.pages[page] = bytes(
                    gdb.selected_inferior().read_memory(page, 4096))
            piece = self.pages[page][offset:offset + length]
            data += piece
            address += len(piece)
            length -= len(piece)
        return data

    def ip(self, index):
        at = self.ips + 4 * index
        return at + struct.unpack("<i", self.read(at, 4))[0]

    def find(self, pc):
        """(sp offset, bp offset, sp rule, bp rule, type), or None."""
        if not self.text[0] <= pc < self.text[1]:
            return None
        if pc not in self.known:
            low, high = 0, self.nr
            while high - low > 1:
                middle = (low + high) // 2
                if self.ip(middle) <= pc:
                    low = middle
                else:
                    high = middle
            raw = self.read(self.entries + ENTRY_BYTES * low, ENTRY_BYTES)
            sp, bp, regs, kind = struct.unpack("<hhBB", raw)
            self.known[pc] = (sp, bp, regs & 15, regs >> 4, kind & 3)
        return self.known[pc]


class FrameId:
    def __init__(self, sp, pc):
        self.sp = address(sp)
        self.pc = address(pc)


def address(number):
    """A number as GDB wants an address."""
    pointer = gdb.lookup_type("void").pointer()
    return gdb.Value(number).cast(gdb.lookup_type("unsigned long")).cast(
        pointer)


class OrcUnwinder(Unwinder):
    """Unwinds the kernel's own frames."""

    def __init__(self):
        super().__init__("linux-orc")
        self.tables = None
        self.failed_for = None

    def ready(self):
        if self.tables is None and gdb.objfiles() != self.failed_for:
            try:
                self.tables = Tables()
            except gdb.error:
                # No kernel with such tables among what GDB has read so far.
                self.failed_for = gdb.objfiles()
        return self.tables is not None

    def __call__(self, pending):
        pc = int(pending.read_register("rip")) & (2 ** 64 - 1)
        if pc < 2 ** 63 or not self.ready():
            return None
        try:
            return self.unwind(pending, pc)
        except gdb.MemoryError:
            return None

    def unwind(self, pending, pc):
        # Behind a function's last call begins another function.
        entry = self.tables.find(pc - 1 if self.is_return(pc) else pc)
        if entry is None or entry[2] == UNDEFINED:
            return None
        sp_offset, bp_offset, sp_rule, bp_rule, kind = entry
        if sp_rule in DIRECT:
            sp = self.register(pending, DIRECT[sp_rule]) + sp_offset
        elif sp_rule == SP_INDIRECT:
            sp = self.word(self.register(pending, "rsp")) + sp_offset
        elif sp_rule == BP_INDIRECT:
            sp = self.word(self.register(pending, "rbp") + sp_offset)
        else:
            return None
        info = pending.create_unwind_info(FrameId(sp, pc))
        if kind == CALL:
            self.after_call(pending, info, sp, bp_rule, bp_offset)
        else:
            self.interrupted(pending, info, sp, kind)
        return info

    def after_call(self, pending, info, sp, bp_rule, bp_offset):
        self.save(info, "rip", self.word(sp - 8))
        self.save(info, "rsp", sp)
        # The tables tell of rbp alone where a function has saved it. Of what
        # else it may have saved nothing is claimed.
        bp = self.register(pending, "rbp")
        if bp_rule == PREVIOUS_SP:
            bp = self.word(sp + bp_offset)
        elif bp_rule == BP:
            bp = self.word(bp + bp_offset)
        self.save(info, "rbp", bp)

    def interrupted(self, pending, info, sp, kind):
        # Of a partial frame only what the processor pushed is there.
        first = PT_REGS.index("rip") if kind == REGS_PARTIAL else 0
        base = sp - 8 * first
        for index, name in enumerate(PT_REGS):
            if index >= first and name is not None:
                self.save(info, name, self.word(base + 8 * index))
        if kind == REGS_PARTIAL:
            for name in ("rbx", "rbp", "r12", "r13", "r14", "r15"):
                self.save(info, name, self.register(pending, name))

    def is_return(self, pc):
        """Whether a call stands in front of @pc."""
        code = self.tables.read(pc - 7, 7)
        return code[2] == 0xe8 or any(
            code[7 - n] == 0xff and code[8 - n] & 0x38 == 0x10
            for n in (2, 3, 6, 7))

    @staticmethod
    def register(pending, name):
        return int(pending.read_register(name)) & (2 ** 64 - 1)

    @staticmethod
    def word(address):
        data = gdb.selected_inferior().read_memory(address, 8)
        return struct.unpack("<Q", bytes(data))[0]

    @staticmethod
    def save(info, name, value):
        kind = gdb.lookup_type("long")
        if name in ("cs", "ss", "eflags"):
            kind = gdb.lookup_type("int")
            value &= 0xffffffff
        if value >= 2 ** (8 * kind.sizeof - 1):
            value -= 2 ** (8 * kind.sizeof)
        info.add_saved_register(name, gdb.Value(value).cast(kind))


gdb.unwinder.register_unwinder(None, OrcUnwinder(), replace=True)
