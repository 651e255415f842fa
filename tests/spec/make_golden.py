#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Make the traces of trace-format/golden and trace-format/golden-bad.

Run it when the format gets a new version, and read what changed before it is
committed: the traces of a released version are never made again. A bad trace is
a small good one with one thing wrong and every other checksum right.
"""

import argparse
import collections
import os
import struct
import subprocess
import sys

import compare
import tf_decode

UUID = bytes(range(16))
OTHER_UUID = bytes(range(16, 32))
WAKE = b"\x07\x03\x00\x00\x00"
MARK = b"\x11\x08\x00\x06a mark"
CALL = b"\xe4\x40\x1d\x01\x00\x00\x05"


def make_super(**change):
    data = bytearray(4096)
    fields = {"major": 1, "minor": 0, "uuid": UUID, "nr_frames": 64,
              "nr_vcpus": 1, "nr_cpuid": 0, "magic": b"CVTRACE\0", **change}
    struct.pack_into("<II8s", data, 0, 0x184D2A50, 4088, fields.pop("magic"))
    for kind, at, name in tf_decode.SUPER:
        if name in fields:
            struct.pack_into("<" + kind, data, at, fields.pop(name))
    assert not fields
    put_crc(data, 4092)
    return bytes(data)


def put_crc(data, at):
    struct.pack_into("<I", data, at, tf_decode.crc32c(data[:at]))


class Trace:
    """A trace that grows chunk by chunk, each with what is wrong with it."""

    def __init__(self, superblock=None):
        self.data = superblock or make_super()
        self.prev_crc = tf_decode.Super(self.data).crc
        self.number = 0
        self.records = collections.Counter()

    def add(self, raw, count, stream=0, stored=None, padding=None, **change):
        encoding = 0 if stored is None else 1
        payload = raw if stored is None else stored
        field = {
            "frame_magic": 0x184D2A51,
            "frame_len": 120 if encoding else 120 + len(payload),
            "magic": b"CVCHUNK\0", "uuid": UUID, "chunk_no": self.number,
            "first_entry": 5, "last_entry": 5,
            "first_record": self.records[stream], "nr_records": count,
            "raw_len": len(raw), "stored_len": len(payload),
            "payload_crc": tf_decode.crc32c(payload), "stream": stream,
            "encoding": encoding, "flags": 0, "prev_crc": self.prev_crc,
        }
        assert not set(change) - set(field)
        field.update(change)
        head = bytearray(struct.pack("<II8s16sQQQQIIIIBBHI36sI",
                                     *field.values(), b"", 0))
        put_crc(head, 124)
        if padding is None:
            length = tf_decode.padding_len(len(payload))
            padding = b""
            if length:
                padding = struct.pack("<II", 0x184D2A52, length - 8)
                padding = padding.ljust(length, b"\0")
        self.data += bytes(head) + payload + padding
        self.prev_crc = struct.unpack_from("<I", head, 124)[0]
        self.number += 1
        self.records[stream] += count
        return self

    def good(self):
        return self.add(WAKE + MARK, 2)

    def end(self):
        return self.add(b"\x10\x04\x00\x01\x00\x00", 1, flags=1)


def zstd(raw, *options):
    return subprocess.run(["zstd", "-qc", f"--stream-size={len(raw)}",
                           *options], input=raw, stdout=subprocess.PIPE,
                          check=True).stdout


def flip(data, at):
    data = bytearray(data)
    data[at] ^= 0x10
    return bytes(data)


def bad_superblocks():
    good = Trace().good().data
    yield "empty", b""
    yield "super-cut", good[:4095]
    yield "super-magic", make_super(magic=b"CVTRACF\0")
    yield "super-major", make_super(major=2)
    yield "super-bit", flip(good, 48)
    yield "super-cpuid", make_super(nr_cpuid=65)
    yield "super-vcpus", make_super(nr_vcpus=0)
    yield "super-frames", make_super(nr_frames=1 << 63)
    text = bytearray(make_super())
    text[295] = 0x41
    put_crc(text, 4092)
    yield "super-text", bytes(text)


def bad_headers():
    for name, change in [
            ("magic", {"magic": b"CVCHUNL\0"}),
            ("other-trace", {"uuid": OTHER_UUID}),
            ("raw-zero", {"raw_len": 0}),
            ("raw-limit", {"raw_len": (1 << 20) + 1}),
            ("raw-huge", {"raw_len": 0xFFFFFFFF, "stored_len": 0xFFFFFFFF}),
            ("records-zero", {"nr_records": 0}),
            ("records-many", {"nr_records": 0x80000000}),
            ("frame-len", {"frame_len": 120}),
            ("encoding", {"encoding": 2}),
            ("stream", {"stream": 4}),
            ("flags", {"flags": 2}),
            ("entries", {"first_entry": 6}),
            ("number", {"chunk_no": 2}),
            ("chain", {"prev_crc": 1}),
            ("first-record", {"first_record": 1}),
            ("order", {"first_entry": 4, "last_entry": 4}),
            ("payload-crc", {"payload_crc": 0})]:
        trace = Trace().good()
        change = {"first_record": 2, **change}
        trace.add(WAKE, 1, **change)
        yield "chunk-" + name, trace.good().data
    good = Trace().good().end().data
    yield "chunk-bit", flip(good, 4096 + 100)
    yield "chunk-payload-bit", flip(good, 4096 + 130)
    yield "chunk-padding-bit", flip(good, 4096 + 128 + 60)
    yield "chunk-cut", good[:-1]
    yield "chunk-header-cut", good + good[4096:4160]
    yield "zero-tail", Trace().good().data + bytes(4096)
    yield "after-end", Trace().good().end().good().data
    yield "after-end-snapshot", (Trace().end().add(
        b"\x41\x02\x00\x08", 1, stream=2).data)
    yield "end-in-history", Trace().add(CALL, 1, stream=1, flags=1).data


def bad_frames():
    raw = MARK + WAKE * 100
    good = zstd(raw)
    for name, stored in [
            ("no-checksum", zstd(raw, "--no-check")),
            ("no-size", zstd(raw, "--no-content-size")),
            ("size", zstd(raw + WAKE)),
            ("two", good + zstd(b"")),
            ("tail", good + b"\0"),
            ("cut", good[:-1]),
            ("skippable", struct.pack("<II", 0x184D2A50, 8) + bytes(8)),
            ("window", b"\x28\xb5\x2f\xfd\x84\xb0"
             + struct.pack("<I", len(raw)) + b"\x01\0\0" + bytes(4)),
            ("checksum", flip(good, len(good) - 1)),
            ("content", flip(good, len(good) - 8))]:
        trace = Trace().good()
        yield "zstd-" + name, trace.add(raw, 101, stored=stored).good().data


def bad_records():
    for name, raw, count, change in [
            ("zero-id", WAKE + b"\0", 2, {}),
            ("length-varint", WAKE + b"\x07" + b"\xff" * 11, 2, {}),
            ("length-long", WAKE + b"\x07\x83\x00\x00\x00\x00", 2, {}),
            ("length-beyond", WAKE + b"\x07\x04\x00\x00\x00", 2, {}),
            ("length-huge", WAKE + b"\x07" + b"\xff" * 9 + b"\x01", 2, {}),
            ("body-short", b"\x07\x02\x00\x00", 1, {}),
            ("body-empty", b"\x07\x00", 1, {}),
            ("u32", b"\x04\x09\x00\x00\x00\xff\xff\xff\xff\x1f\x00", 1, {}),
            ("bytes-beyond", b"\x11\x03\x00\x02a", 1, {}),
            ("words", b"\x0a\x0c\x00\x00\x00\x00\x07" + bytes(7), 1, {}),
            ("first-distance", b"\x07\x03\x01\x00\x00", 1, {"last_entry": 6}),
            ("last-entry", WAKE + b"\x07\x03\x01\x00\x00", 2, {}),
            ("not-last-entry", WAKE, 1, {"last_entry": 6}),
            ("distance-wraps", WAKE + b"\x07\x0c" + b"\xff" * 9
             + b"\x01\x00\x00", 2, {}),
            ("stream", b"\x20\x02\x00\x00", 1, {}),
            ("call-in-replay", CALL, 1, {}),
            ("fewer", WAKE * 2, 3, {}),
            ("more", WAKE * 2, 1, {}),
            ("end-unsaid", b"\x10\x04\x00\x00\x00\x00", 1, {}),
            ("end-missing", WAKE, 1, {"flags": 1}),
            ("end-early", b"\x10\x04\x00\x00\x00\x00" + WAKE, 2, {"flags": 1}),
            ("call-no-slot", b"\x80", 1, {"stream": 1}),
            ("call-slot", CALL + b"\xc0\x01", 2, {"stream": 1}),
            ("call-slot-65", CALL + b"\xc0\x41", 2, {"stream": 1}),
            ("call-arg-7", CALL + b"\x87", 2, {"stream": 1}),
            ("call-mask", CALL + b"\x88\x40", 2, {"stream": 1}),
            ("call-mask-zero", CALL + b"\x88\x00", 2, {"stream": 1}),
            ("call-mask-and-one", CALL + b"\x89\x01\x05", 2, {"stream": 1}),
            ("call-token-3", CALL + b"\x81\x03", 2, {"stream": 1}),
            ("call-no-recent", CALL + b"\x81\x04", 2, {"stream": 1}),
            ("call-raw-cut", CALL + b"\x81\x7c\x00", 2, {"stream": 1}),
            ("call-subop", b"\xc0\x40\x00\xff\xff\xff\xff\x10\x00", 1,
             {"stream": 1})]:
        trace = Trace()
        if "stream" not in change:
            trace.good()
        trace.add(raw, count, **change)
        yield "record-" + name, trace.end().data


def write(path, data):
    with open(path, "wb") as file:
        file.write(data)


def write_bad(dump, folder):
    os.makedirs(folder, exist_ok=True)
    expected = ""
    for makers in (bad_superblocks, bad_headers, bad_frames, bad_records):
        for name, data in makers():
            path = os.path.join(folder, name + ".cvt")
            write(path, data)
            text, status = compare.compare(dump, path, path)
            expected += f"{name} {status} {compare.last_line(text)}\n"
    write(os.path.join(folder, "expected.txt"), expected.encode())


def write_golden(dump, make, folder):
    os.makedirs(folder, exist_ok=True)
    seen = set()
    for name, options in [("1.0-raw", ["3", "16", "12", "raw", "end"]),
                          ("1.0-zstd", ["8", "14", "12", "zstd", "end"]),
                          ("1.0-cut", ["5", "3", "6", "zstd", "cut"]),
                          ("1.0-long", ["2", "3", "500", "zstd", "end"]),
                          ("1.0-blank", ["6", "0", "1", "raw", "cut"])]:
        path = os.path.join(folder, name + ".cvt")
        subprocess.run([make, *options, path], check=True)
        text, _ = compare.compare(dump, path, path)
        write(path[:-4] + ".txt", text.encode())
        seen |= {line.split()[1] for line in text.splitlines()
                 if line[0].isdigit()}
    missing = {row[0] for row in tf_decode.TABLE.values()} | {"CALL"}
    print("records in no golden trace:", missing - seen or "none")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dump", required=True)
    parser.add_argument("--make", required=True)
    parser.add_argument("--golden", required=True)
    args = parser.parse_args()
    write_golden(args.dump, args.make, os.path.join(args.golden, "golden"))
    write_bad(args.dump, os.path.join(args.golden, "golden-bad"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
