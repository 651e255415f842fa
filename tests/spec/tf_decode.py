#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A decoder of traces, written from docs/trace-format.md and nothing else.

It prints the canonical text of section 12. It is slow and plain on purpose: it
is there to be compared with the library, so that document and library are held
to each other. Section numbers in comments are those of the document.
"""

import struct
import subprocess
import sys

MASK = (1 << 64) - 1

# Section 10.
REASONS = {
    1: "end of data",
    10: "read failed",
    11: "cut short",
    12: "nothing written here yet",
    13: "chunk of another trace",
    20: "not a trace",
    21: "format version not supported",
    22: "superblock checksum mismatch",
    23: "header field out of range",
    24: "chunk header checksum mismatch",
    25: "chunk does not follow the one before it",
    26: "chunk payload checksum mismatch",
    27: "padding is not as specified",
    28: "recording goes on after its END",
    40: "payload is not the zstd frame that its header says",
    41: "payload does not decompress",
    42: "malformed record",
    43: "malformed number",
    44: "record does not belong to this stream",
    45: "records disagree with the chunk header",
}

STREAMS = ["replay", "history", "snapshot", "checkpoint"]
REPLAY, HISTORY, SNAPSHOT, CHECKPOINT = range(4)

# Section 7: the table as text, so that it can be compared with the document.
RECORDS = """
0x01 | ENTRY_SYNC | R | entry entry, u64 rip, u64 hash
0x02 | REGS | R | entry entry, bytes regs
0x03 | TIME | R | pos, uint base_ns
0x04 | EVENT | R | pos, u32 port, uint base_ns
0x05 | TIMER | R | pos, u8 source, uint deadline_ns, uint base_ns
0x06 | CONSOLE_IN | R | pos, bytes data
0x07 | WAKE | R | entry entry, u8 reason, uint base_ns
0x08 | HC_RESULT | R | entry entry, u32 nr, u32 subop, sint result, bytes output
0x09 | HC_EFFECT | R | entry entry, u32 nr, u32 subop, sint result, u64 digest
0x0a | HC_CHOICE | R | entry entry, u32 nr, u32 subop, sint result, words picks
0x0b | TRAP_VALUE | R | entry entry, u8 kind, uint selector, uint value, uint value2
0x0c | FOREIGN_WRITE | R | pos, uint frame, u32 frame_offset, bytes data
0x0d | LANDING | R | entry entry, u64 rip, u64 regs_digest, u64 state_digest, frames frames
0x0e | SLICE_DIGEST | R | entry entry, uint first_frame, uint nr_frames, hash digest
0x0f | FINAL | R | pos, u64 regs_digest, hash frames_digest, uint peak_pages, words calls
0x10 | END | R | entry entry, u8 reason, uint code, text text
0x11 | MARK | R H C | entry entry, text text
0x20 | CONSOLE_OUT | H | entry entry, text text
0x30 | SNAP_BEGIN | S C | pos, uint base_ns, uint nr_frames
0x38 | EXACT | C | pos, uint record
0x40 | HV_STATE | S C | uint total, uint at, bytes data
0x41 | FRAME_ZERO | S C | uint first, uint count
0x42 | FRAME_DATA | S C | uint frame, page data
0x43 | FRAME_DUP | S C | uint frame, uint same_as
0x44 | SNAP_END | S C | uint nr_frames, hash digest
"""
END = 0x10


class Bad(Exception):
    """The bytes break a rule; the argument is the reason's number."""

    @property
    def reason(self):
        return self.args[0]


def parse_records():
    table = {}
    for line in RECORDS.strip().splitlines():
        number, name, streams, fields = (c.strip() for c in line.split("|"))
        pairs = []
        for field in fields.split(", "):
            if field == "pos":
                pairs += [("entry", "entry"), ("u8", "offset_kind"),
                          ("uint", "offset")]
            else:
                pairs.append(tuple(field.split()))
        table[int(number, 16)] = (name, {"RHSC".index(s) for s in
                                         streams.split()}, pairs)
    return table


TABLE = parse_records()


# ---- section 2 ---------------------------------------------------------------

def make_crc_table():
    table = []
    for value in range(256):
        for _ in range(8):
            value = value >> 1 ^ (0x82F63B78 if value & 1 else 0)
        table.append(value)
    return table


CRC_TABLE = make_crc_table()


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc = crc >> 8 ^ CRC_TABLE[(crc ^ byte) & 0xFF]
    return crc ^ 0xFFFFFFFF


def signed(value):
    return value >> 1 if value % 2 == 0 else -(value + 1 >> 1)


class Bytes:
    """Bytes that are taken one field after the other."""

    def __init__(self, data):
        self.data = data
        self.at = 0

    def left(self):
        return len(self.data) - self.at

    def take(self, count):
        if count > self.left():
            raise Bad(42)
        self.at += count
        return self.data[self.at - count:self.at]

    def byte(self):
        return self.take(1)[0]

    def u64(self):
        return struct.unpack("<Q", self.take(8))[0]

    def varint(self):
        value = 0
        for i in range(10):
            if not self.left():
                raise Bad(43)
            byte = self.byte()
            value |= (byte & 0x7F) << 7 * i
            if byte < 0x80:
                if byte == 0 and i > 0 or value > MASK:
                    raise Bad(43)
                return value
        raise Bad(43)

    def u32(self):
        value = self.varint()
        if value >> 32:
            raise Bad(43)
        return value


# ---- section 9 -----------------------------------------------------------------

C1 = 0x87C37B91114253D5
C2 = 0x4CF5AD432745937F


def rotl(value, count):
    return (value << count | value >> 64 - count) & MASK


def low(k):
    return rotl(k * C1 & MASK, 31) * C2 & MASK


def high(k):
    return rotl(k * C2 & MASK, 33) * C1 & MASK


def final_mix(k):
    k ^= k >> 33
    k = k * 0xFF51AFD7ED558CCD & MASK
    k ^= k >> 33
    k = k * 0xC4CEB9FE1A85EC53 & MASK
    return k ^ k >> 33


def digest(data, start=(0, 0)):
    lo, hi = start
    whole = len(data) // 16 * 16
    for a, b in struct.iter_unpack("<QQ", data[:whole]):
        lo = ((rotl(lo ^ low(a), 27) + hi) * 5 + 0x52DCE729) & MASK
        hi = ((rotl(hi ^ high(b), 31) + lo) * 5 + 0x38495AB5) & MASK
    a, b = struct.unpack("<QQ", data[whole:].ljust(16, b"\0"))
    lo ^= low(a) ^ len(data)
    hi ^= high(b) ^ len(data)
    lo = (lo + hi) & MASK
    hi = (hi + lo) & MASK
    lo, hi = final_mix(lo), final_mix(hi)
    lo = (lo + hi) & MASK
    hi = (hi + lo) & MASK
    return struct.pack("<QQ", lo, hi)


# ---- section 3 -----------------------------------------------------------------

def text(data):
    out = ""
    for byte in data:
        plain = 0x20 <= byte <= 0x7E and byte not in b'"\\'
        out += chr(byte) if plain else f"\\x{byte:02x}"
    return f'"{out}"'


def words(values):
    return "[" + ",".join(str(v) for v in values) + "]"


SUPER = [
    ("H", 16, "major"), ("H", 18, "minor"), ("I", 20, "abi_version"),
    ("16s", 24, "uuid"), ("Q", 40, "flags"), ("Q", 48, "seed"),
    ("Q", 56, "nr_frames"), ("Q", 64, "max_mfn"), ("I", 72, "nr_vcpus"),
    ("I", 76, "domid"), ("Q", 80, "start_wallclock_ns"), ("Q", 88, "tsc_khz"),
    ("Q", 96, "time_step_ns"), ("Q", 104, "rebase_bound_ns"),
    ("Q", 112, "hold_bound_ns"), ("Q", 120, "hash_interval"),
    ("Q", 128, "slice_frames"), ("Q", 136, "capacity"),
    ("I", 144, "fpu_verdict"), ("I", 148, "nr_cpuid"), ("16s", 152, "config"),
]
SUPER_TEXTS = [(232, 64, "domain_name"), (296, 16, "clock"),
               (312, 64, "machine"), (376, 64, "hv_version")]


class Super:
    def __init__(self, data):
        if len(data) < 4096:
            raise Bad(11)
        self.data = data = data[:4096]
        self.field = {name: struct.unpack_from("<" + kind, data, at)[0]
                      for kind, at, name in SUPER}
        self.crc, = struct.unpack_from("<I", data, 4092)
        frame_magic, frame_len, magic = struct.unpack_from("<II8s", data)
        if frame_magic != 0x184D2A50 or magic != b"CVTRACE\0":
            raise Bad(20)
        if self.crc != crc32c(data[:4092]):
            raise Bad(22)
        if self.field["major"] != 1:
            raise Bad(21)
        if (frame_len != 4088 or self.field["nr_cpuid"] > 64
                or not 1 <= self.field["nr_vcpus"] <= 64
                or not 1 <= self.field["nr_frames"] <= 1 << 40
                or any(data[at + size - 1] for at, size, _ in SUPER_TEXTS)):
            raise Bad(23)

    def lines(self):
        out = "super"
        for name, value in self.field.items():
            shown = value.hex() if isinstance(value, bytes) else value
            out += f" {name}={shown}"
        out += " cuts=" + words(struct.unpack_from("<16I", self.data, 168))
        for at, size, name in SUPER_TEXTS:
            value = self.data[at:at + size].split(b"\0")[0]
            out += f" {name}={text(value)}"
        yield out
        for i in range(self.field["nr_cpuid"]):
            row = struct.unpack_from("<6I", self.data, 512 + 24 * i)
            yield "cpuid " + " ".join(f"{v:08x}" for v in row)


# ---- section 4 -----------------------------------------------------------------

class Header:
    def __init__(self, data):
        self.data = data
        (self.frame_magic, self.frame_len, self.magic, self.uuid,
         self.chunk_no, self.first_entry, self.last_entry, self.first_record,
         self.nr_records, self.raw_len, self.stored_len, self.payload_crc,
         self.stream, self.encoding, self.flags, self.prev_crc
         ) = struct.unpack_from("<II8s16sQQQQIIIIBBHI", data)
        self.crc, = struct.unpack_from("<I", data, 124)

    def sizes_valid(self):
        if not 1 <= self.raw_len <= 1 << 20:
            return False
        if not 1 <= self.nr_records <= self.raw_len:
            return False
        if self.encoding == 0:
            return (self.stored_len == self.raw_len
                    and self.frame_len == 120 + self.stored_len)
        return (self.encoding == 1 and 0 < self.stored_len < self.raw_len
                and self.frame_len == 120)

    def fields_valid(self):
        return (self.sizes_valid() and self.stream <= 3
                and self.first_entry <= self.last_entry and self.flags <= 1
                and (self.flags == 0 or self.stream == REPLAY))

    def line(self, at):
        return (f"chunk {self.chunk_no} stream={STREAMS[self.stream]} "
                f"encoding={self.encoding} at={at} first={self.first_entry} "
                f"last={self.last_entry} records={self.nr_records} "
                f"raw={self.raw_len} stored={self.stored_len}")


def padding_len(stored_len):
    gap = -stored_len % 64
    return gap + 64 if 0 < gap < 8 else gap


def check_frame(frame, raw_len):
    """Section 4.3, and RFC 8878 for the layout of a frame."""
    b = Bytes(frame)
    try:
        if b.take(4) != struct.pack("<I", 0xFD2FB528):
            raise Bad(40)
        descriptor = b.byte()
        single = descriptor & 0x20
        if descriptor & 0x0B or not descriptor & 0x04:
            raise Bad(40)
        if not single:
            window = b.byte()
            base = 1 << 10 + (window >> 3)
            if base + base // 8 * (window & 7) > 1 << 20:
                raise Bad(40)
        size_len = {0: 1 if single else 0, 1: 2, 2: 4, 3: 8}[descriptor >> 6]
        size = int.from_bytes(b.take(size_len), "little")
        if size_len == 0 or size + (256 if size_len == 2 else 0) != raw_len:
            raise Bad(40)
        last = 0
        while not last:
            block = int.from_bytes(b.take(3), "little")
            last, kind, length = block & 1, block >> 1 & 3, block >> 3
            if kind == 3 or length > 128 << 10:
                raise Bad(40)
            b.take(1 if kind == 1 else length)
        b.take(4)
    except Bad:
        raise Bad(40) from None
    if b.left():
        raise Bad(40)


def decompress(frame, raw_len):
    done = subprocess.run(["zstd", "-dcq"], input=frame, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    if done.returncode or len(done.stdout) != raw_len:
        raise Bad(41)
    return done.stdout


def raw_payload(header, stored):
    if header.encoding == 0:
        return stored
    check_frame(stored, header.raw_len)
    return decompress(stored, header.raw_len)


# ---- section 5.2 -----------------------------------------------------------------

class Scan:
    def __init__(self, data, superblock):
        self.data = data
        self.uuid = superblock.field["uuid"]
        self.prev_crc = superblock.crc
        self.at = 4096
        self.chunk_no = 0
        self.ended = False
        self.records = [0] * 4
        self.last_entry = [0] * 4

    def next(self):
        """The next chunk as (header, its offset, stored payload)."""
        head = self.data[self.at:self.at + 128]
        if self.at == len(self.data):
            raise Bad(1)
        if not any(head):
            raise Bad(12)
        if len(head) < 128:
            raise Bad(11)
        header = Header(head)
        if header.crc != crc32c(head[:124]):
            raise Bad(24)
        if header.frame_magic != 0x184D2A51 or header.magic != b"CVCHUNK\0":
            raise Bad(23)
        if header.uuid != self.uuid:
            raise Bad(13)
        if not header.fields_valid():
            raise Bad(23)
        self.check_chain(header)
        at = self.at
        stored = self.take_payload(header)
        self.prev_crc = header.crc
        self.chunk_no += 1
        self.records[header.stream] += header.nr_records
        self.last_entry[header.stream] = header.last_entry
        self.ended |= header.flags & 1 == 1
        return header, at, stored

    def check_chain(self, header):
        stream = header.stream
        if (header.chunk_no != self.chunk_no
                or header.prev_crc != self.prev_crc
                or header.first_record != self.records[stream]):
            raise Bad(25)
        if self.ended and stream in (REPLAY, SNAPSHOT):
            raise Bad(28)
        if stream != CHECKPOINT and header.first_entry < self.last_entry[stream]:
            raise Bad(25)

    def take_payload(self, header):
        start = self.at + 128
        end = start + header.stored_len
        padding = padding_len(header.stored_len)
        if end + padding > len(self.data):
            raise Bad(11)
        stored = self.data[start:end]
        if crc32c(stored) != header.payload_crc:
            raise Bad(26)
        if padding:
            expected = struct.pack("<II", 0x184D2A52, padding - 8)
            if self.data[end:end + padding] != expected.ljust(padding, b"\0"):
                raise Bad(27)
        self.at = end + padding
        return stored


# ---- section 8 -----------------------------------------------------------------

class Slot:
    def __init__(self, nr, subop, flags):
        self.key = (nr, subop, flags)
        self.distance = 0 if flags & 1 else 1
        self.result = 0
        self.last = [0] * 6
        self.delta = [0] * 6
        self.stride = [0] * 6

    def learn(self, i, value):
        d = (value - self.last[i]) & MASK
        self.stride[i] = d if d == self.delta[i] else 0
        self.delta[i] = d
        self.last[i] = value


class Calls:
    def __init__(self):
        self.slots = []
        self.victim = 0
        self.next = {}
        self.before = 0
        self.last = 0
        self.recent = []  # newest first

    def take_slot(self, b, lead):
        """The call's slot and its number; a new slot is not yet in the list."""
        number = self.next.get((self.before, self.last), 0)
        if lead & 0x40:
            number = b.byte()
            if number == 64:
                nr, subop = b.u32(), b.u32()
                number = (len(self.slots) if len(self.slots) < 64
                          else self.victim)
                return number, Slot(nr, subop, b.byte()), True
        if number >= len(self.slots):
            raise Bad(42)
        return number, self.slots[number], False

    def take_arg(self, b, last):
        t = b.varint()
        n = t // 4
        if t % 4 == 1:
            return (last + signed(n)) & MASK, True
        if t % 4 == 2:
            return (last + 4096 * signed(n)) & MASK, True
        if t % 4 == 3:
            raise Bad(42)
        if n == 31:
            return b.u64(), True
        if n >= min(31, len(self.recent)):
            raise Bad(42)
        return self.recent[n], False

    @staticmethod
    def take_mask(b, lead):
        one = lead & 7
        if not lead & 8:
            if one == 7:
                raise Bad(42)
            return 1 << one - 1 if one else 0
        mask = b.byte()
        if one or mask == 0 or mask & 0xC0:
            raise Bad(42)
        return mask

    def take(self, b, check_distance):
        lead = b.byte()
        number, slot, is_new = self.take_slot(b, lead)
        distance = b.varint() if lead & 0x20 else slot.distance
        result = signed(b.varint()) if lead & 0x10 else slot.result
        mask = self.take_mask(b, lead)
        args = []
        inserted = []
        for i in range(6):
            value = (slot.last[i] + slot.stride[i]) & MASK
            if mask & 1 << i:
                value, explicit = self.take_arg(b, slot.last[i])
                if explicit:
                    inserted.append(value)
            args.append(value)
        entry = check_distance(distance)
        self.learn(number, slot, is_new)
        slot.distance = distance
        slot.result = result
        for i, value in enumerate(args):
            slot.learn(i, value)
        self.recent = (inserted[::-1] + self.recent)[:31]
        nr, subop, flags = slot.key
        return entry, (f"CALL entry={entry} nr={nr} subop={subop} "
                       f"flags={flags} args={words(args)} result={result}")

    def learn(self, number, slot, is_new):
        if is_new:
            if len(self.slots) < 64:
                self.slots.append(slot)
            else:
                self.victim = (self.victim + 1) % 64
                self.slots[number] = slot
        self.next[self.before, self.last] = number
        self.before = self.last
        self.last = number


# ---- section 6 -----------------------------------------------------------------

def take_span(body, unit):
    length = body.varint()
    if length % unit:
        raise Bad(42)
    return body.take(length)


def take_frames(body):
    pairs = struct.iter_unpack("<Q16s", take_span(body, 24))
    return "[" + ",".join(f"{f}:{h.hex()}" for f, h in pairs) + "]"


def take_words(body):
    return words(v for v, in struct.iter_unpack("<Q", take_span(body, 8)))


KINDS = {
    "uint": lambda b: b.varint(),
    "u32": lambda b: b.u32(),
    "sint": lambda b: signed(b.varint()),
    "u8": lambda b: b.byte(),
    "u64": lambda b: b.u64(),
    "hash": lambda b: b.take(16).hex(),
    "bytes": lambda b: take_span(b, 1).hex(),
    "text": lambda b: text(take_span(b, 1)),
    "words": take_words,
    "frames": take_frames,
    "page": lambda b: "#" + digest(b.take(4096)).hex(),
}


class Reader:
    def __init__(self, header, raw):
        self.header = header
        self.b = Bytes(raw)
        self.index = 0
        self.entry = header.first_entry
        self.positioned = False
        self.ended = False
        self.calls = Calls()

    def check_distance(self, distance):
        if not self.positioned and distance:
            raise Bad(42)
        if self.entry + distance > self.header.last_entry:
            raise Bad(45)
        return self.entry + distance

    def move(self, entry):
        self.entry = entry
        self.positioned = True

    def framed(self, number):
        self.b.byte()
        body = Bytes(take_span(self.b, 1))
        entry = None
        if number < 0x40:
            entry = self.check_distance(body.varint())
        if number not in TABLE:
            line = f"? id={number} body={body.data.hex()}"
        else:
            name, streams, fields = TABLE[number]
            if self.header.stream not in streams:
                raise Bad(44)
            line = name
            for kind, field in fields:
                value = entry if kind == "entry" else KINDS[kind](body)
                line += f" {field}={value}"
        if entry is not None:
            self.move(entry)
        return line

    def next(self):
        """The line of the next record, or None after the last one."""
        if not self.b.left():
            flag = self.header.flags & 1 == 1
            if (self.index != self.header.nr_records or self.ended != flag
                    or self.entry != self.header.last_entry):
                raise Bad(45)
            return None
        if self.index == self.header.nr_records:
            raise Bad(45)
        number = self.b.data[self.b.at]
        if self.ended or number == 0:
            raise Bad(42)
        if number >= 0x80:
            if self.header.stream != HISTORY:
                raise Bad(44)
            entry, line = self.calls.take(self.b, self.check_distance)
            self.move(entry)
        else:
            line = self.framed(number)
        self.ended = number == END
        self.index += 1
        return f"{self.index - 1} {line}"


# ---- section 12 ----------------------------------------------------------------

def decode(data, out):
    try:
        superblock = Super(data)
    except Bad as bad:
        out(f"no trace: {REASONS[bad.reason]}")
        return 5
    for line in superblock.lines():
        out(line)
    scan = Scan(data, superblock)
    while True:
        chunk, record, at = scan.chunk_no, 0, scan.at
        reader = None
        try:
            header, at, stored = scan.next()
            out(header.line(at))
            reader = Reader(header, b"")
            reader = Reader(header, raw_payload(header, stored))
            line = reader.next()
            while line is not None:
                out(line)
                line = reader.next()
        except Bad as bad:
            record = reader.index if reader else 0
            complete = reader is None and scan.ended
            out(f"trace ends at record {record} of chunk {chunk}: "
                f"{REASONS[bad.reason]} at byte {at}")
            out("complete" if complete else "cut")
            return 0 if complete else 6


def main():
    if len(sys.argv) != 2:
        print("usage: tf_decode.py TRACE", file=sys.stderr)
        return 2
    with open(sys.argv[1], "rb") as file:
        return decode(file.read(), print)


if __name__ == "__main__":
    sys.exit(main())
