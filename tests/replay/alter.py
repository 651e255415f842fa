#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Alter logged values in a trace and mend everything around them.

    alter.py list TRACE                     how many records of each kind
    alter.py write TRACE SEED NUMBER OUT    alteration NUMBER of SEED's list

An alteration changes one field of one record of the replay or the snapshot
stream, or takes a record away, or doubles it. Lengths, counts, positions of
other records, checksums and the chain are as docs/trace-format.md wants them
afterwards, so that only a replay can tell. Kinds of record take turns, however
rare they are.
"""

import os
import random
import struct
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "spec"))
import tf_decode as tf

NUMBERS = ("uint", "sint", "u32", "u8", "u64")
WIDTH = {"u8": 1, "u64": 8, "hash": 16, "page": 4096}
UNIT = {"words": 8, "frames": 24}


def put_varint(value):
    out = b""
    while value > 0x7F:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


class Record:
    """One framed record: its entry (None without a position) and the bytes of
    its body behind the distance."""

    def __init__(self, number, entry, body):
        self.number = number
        self.entry = entry
        self.body = body

    @property
    def name(self):
        return tf.TABLE[self.number][0] if self.number in tf.TABLE else "?"

    def fields(self):
        """(kind, name, start, end) of each field of the body."""
        b = tf.Bytes(self.body)
        for kind, name in tf.TABLE.get(self.number, ("", (), ()))[2]:
            if kind == "entry":
                continue
            start = b.at
            if kind in ("bytes", "text", "words", "frames"):
                length = b.varint()
                start = b.at
                b.take(length)
            elif kind in WIDTH:
                b.take(WIDTH[kind])
            else:
                b.varint()
            yield kind, name, start, b.at


class Chunk:
    def __init__(self, header, at, stored):
        self.header = header
        self.at = at
        self.stored = stored

    def records(self):
        raw = tf.raw_payload(self.header, self.stored)
        b = tf.Bytes(raw)
        entry = self.header.first_entry
        out = []
        while b.left():
            number = b.byte()
            body = tf.Bytes(b.take(b.varint()))
            position = None
            if number < 0x40:
                entry += body.varint()
                position = entry
            out.append(Record(number, position, body.data[body.at:]))
        return out


def encode(records, first_entry):
    out = b""
    entry = first_entry
    for record in records:
        body = record.body
        if record.entry is not None:
            body = put_varint(record.entry - entry) + body
            entry = record.entry
        out += bytes([record.number]) + put_varint(len(body)) + body
    return out


class Trace:
    """The whole chunks of a trace; payload checksums are taken on trust."""

    def __init__(self, data):
        self.data = data
        self.superblock = tf.Super(data)
        self.chunks = []
        at = 4096
        while True:
            head = data[at:at + 128]
            if len(head) < 128 or not any(head):
                break
            header = tf.Header(head)
            if (header.crc != tf.crc32c(head[:124])
                    or header.uuid != self.superblock.field["uuid"]
                    or header.chunk_no != len(self.chunks)):
                break
            end = at + 128 + header.stored_len
            self.chunks.append(Chunk(header, at, data[at + 128:end]))
            at = end + tf.padding_len(header.stored_len)
        self.end = at

    def complete(self):
        return any(c.header.flags & 1 for c in self.chunks)

    def last_record(self, name):
        """The last record of a kind in the replay stream, or None."""
        for chunk in reversed(self.chunks):
            if chunk.header.stream == tf.REPLAY:
                for record in reversed(chunk.records()):
                    if record.name == name:
                        return record
        return None

    def final_digest(self):
        """The recorded digest of all frames as the hypervisor prints it, or
        None if the trace has no end."""
        final = self.last_record("FINAL")
        if final is None:
            return None
        for kind, _, start, _ in final.fields():
            if kind == "hash":
                lo, hi = struct.unpack_from("<QQ", final.body, start)
                return f"{hi:016x}{lo:016x}"
        return None


    def final_calls(self):
        """Hypercalls by number as the hypervisor counted them at the end, or
        None if the trace has no end."""
        final = self.last_record("FINAL")
        if final is None:
            return None
        for kind, _, start, end in final.fields():
            if kind == "words":
                return list(struct.unpack(f"<{(end - start) // 8}Q",
                                          final.body[start:end]))
        return None


# ---- alterations ---------------------------------------------------------------

class Alteration:
    """A place and a change: `change` makes a list of records of one."""

    def __init__(self, chunk, index, text, change):
        self.chunk = chunk
        self.index = index
        self.text = text
        self.change = change

    def __str__(self):
        return f"record {self.index} of chunk {self.chunk}: {self.text}"

    def apply(self, trace, size):
        """The altered trace as a window of `size` bytes."""
        out = bytearray(trace.data[:trace.chunks[self.chunk].at])
        prev_crc = (trace.chunks[self.chunk - 1].header.crc if self.chunk
                    else trace.superblock.crc)
        grown = [0] * 4
        for number in range(self.chunk, len(trace.chunks)):
            chunk = trace.chunks[number]
            head = bytearray(chunk.header.data)
            stored = chunk.stored
            if number == self.chunk:
                stored, more = self.rewrite(chunk, head)
                grown[chunk.header.stream] = more
            else:
                first = chunk.header.first_record
                struct.pack_into("<Q", head, 56,
                                 first + grown[chunk.header.stream])
            struct.pack_into("<I", head, 84, prev_crc)
            prev_crc = tf.crc32c(bytes(head[:124]))
            struct.pack_into("<I", head, 124, prev_crc)
            out += head + stored
            gap = tf.padding_len(len(stored))
            if gap:
                out += struct.pack("<II", 0x184D2A52, gap - 8).ljust(gap,
                                                                     b"\0")
        if len(out) > size:
            raise ValueError("the altered trace does not fit the window")
        return bytes(out.ljust(size, b"\0"))

    def rewrite(self, chunk, head):
        """The new payload, stored raw, with the header's fields set; and how
        many records it has more than before."""
        records = chunk.records()
        old = len(records)
        records[self.index:self.index + 1] = self.change(records[self.index])
        entries = [r.entry for r in records if r.entry is not None]
        first = entries[0] if entries else chunk.header.first_entry
        last = entries[-1] if entries else chunk.header.last_entry
        raw = encode(records, first)
        struct.pack_into("<I", head, 4, 120 + len(raw))
        struct.pack_into("<QQ", head, 40, first, last)
        struct.pack_into("<IIII", head, 64, len(records), len(raw), len(raw),
                         tf.crc32c(raw))
        ended = int(records[-1].number == tf.END)
        struct.pack_into("<BBH", head, 80, chunk.header.stream, 0, ended)
        return raw, len(records) - old


def other_number(rng, value, kind):
    bits = {"u8": 8, "u32": 32}.get(kind, 64)
    mask = (1 << bits) - 1
    choices = [value + 1, value - 1, value ^ 1 << rng.randrange(min(bits, 12)),
               value ^ 1 << rng.randrange(bits), 0]
    rng.shuffle(choices)
    return next(c & mask for c in choices if c & mask != value)


def alter_field(rng, record, field):
    kind, name, start, end = field
    body = record.body
    if kind == "u8":
        new = bytes([other_number(rng, body[start], kind)])
    elif kind == "u64":
        value, = struct.unpack_from("<Q", body, start)
        new = struct.pack("<Q", other_number(rng, value, kind))
    elif kind in NUMBERS:
        value = tf.Bytes(body[start:end]).varint()
        new = put_varint(other_number(rng, value, kind))
    else:
        new = bytearray(body[start:end])
        new[rng.randrange(len(new))] ^= 1 << rng.randrange(8)
    changed = Record(record.number, record.entry,
                     body[:start] + bytes(new) + body[end:])
    return f"{record.name}.{name}", lambda _: [changed]


def move(record, by):
    moved = Record(record.number, record.entry + by, record.body)
    return f"{record.name}.entry {by:+d}", lambda _: [moved]


def room_to_move(records, index):
    """-1, +1 or both: where the record may go without passing another."""
    record = records[index]
    if record.entry is None:
        return []
    before = [r.entry for r in records[:index] if r.entry is not None]
    after = [r.entry for r in records[index + 1:] if r.entry is not None]
    out = []
    if before and before[-1] < record.entry:
        out.append(-1)
    if after and after[0] > record.entry:
        out.append(1)
    return out


def sites(trace):
    """{record name: [(chunk, index)]} of what a replay consumes."""
    out = {}
    for number, chunk in enumerate(trace.chunks):
        if chunk.header.stream in (tf.REPLAY, tf.SNAPSHOT):
            for index, record in enumerate(chunk.records()):
                out.setdefault(record.name, []).append((number, index))
    return out


def alterations(trace, seed, but=()):
    """Alterations without end, each kind of record and field in turn; no
    record of a kind in `but`."""
    rng = random.Random(seed)
    places = {name: found for name, found in sites(trace).items()
              if name not in but}
    cache = {}
    turn = {name: rng.randrange(8) for name in sorted(places)}
    while places:
        for name in sorted(places):
            chunk, index = rng.choice(places[name])
            if chunk not in cache:
                cache[chunk] = trace.chunks[chunk].records()
            records = cache[chunk]
            record = records[index]
            fields = [f for f in record.fields() if f[3] > f[2]]
            kinds = len(fields) + 3
            kind = turn[name] % kinds
            turn[name] += 1
            steps = room_to_move(records, index)
            if kind < len(fields):
                text, change = alter_field(rng, record, fields[kind])
            elif kind == len(fields) and steps:
                text, change = move(record, rng.choice(steps))
            elif kind == len(fields) + 1 and len(records) > 1:
                text, change = f"{name} removed", lambda _: []
            elif record.number != tf.END:
                text, change = f"{name} twice", lambda r: [r, r]
            else:
                continue
            yield Alteration(chunk, index, text, change)


def first_with(trace, record_name, field_name, data):
    """The alteration that puts @data into a field of fixed width, in the first
    record of that name."""
    chunk, index = sites(trace)[record_name][0]
    record = trace.chunks[chunk].records()[index]
    start, end = next((f[2], f[3]) for f in record.fields()
                      if f[1] == field_name)
    assert end - start == len(data)
    changed = Record(record.number, record.entry,
                     record.body[:start] + data + record.body[end:])
    return Alteration(chunk, index, f"{record_name}.{field_name} {data.hex()}",
                      lambda _: [changed])


def main(argv):
    if len(argv) not in (3, 6) or argv[1] not in ("list", "write"):
        print(__doc__.strip(), file=sys.stderr)
        return 2
    with open(argv[2], "rb") as source:
        trace = Trace(source.read())
    if argv[1] == "list":
        for name, found in sorted(sites(trace).items()):
            print(f"{len(found):8} {name}")
        return 0
    stream = alterations(trace, int(argv[3]))
    for _ in range(int(argv[4])):
        next(stream)
    chosen = next(stream)
    with open(argv[5], "wb") as out:
        out.write(chosen.apply(trace, len(trace.data)))
    print(chosen)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
