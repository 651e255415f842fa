# SPDX-License-Identifier: MIT
"""A window without a usable trace: one line that says so, a distinct exit."""

import os
import random
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "replay"))
import alter
import recordings as rr
import tf_decode as tf

BUDGET_S = 300
GUEST = "hello"


def refused(name, folder, data, words):
    """A replay of these bytes ends at once, in the given words."""
    guest = rr.bare(GUEST)
    window = folder.window(name, data)
    run = rr.replay(f"bad.{name}", guest, window)
    rr.must(run.status == rr.BAD_TRACE,
            f"{name}: ended with another status: {run}")
    lines = [line for line in run.log.splitlines() if words in line]
    rr.must(len(lines) == 1, f"{name}: {len(lines)} lines with \"{words}\": "
            + run.why())


def recorded(folder):
    guest = rr.bare(GUEST)
    window = folder.window("good")
    run = rr.record("bad.record", guest, window)
    rr.must(run.state == "finished", f"the recording: {run}")
    with open(window, "rb") as source:
        return source.read()


def test_no_trace():
    """Garbage and zeroes instead of a trace."""
    with rr.Folder() as folder:
        refused("zeroes", folder, b"", "not a trace")
        refused("garbage", folder, random.Random(1).randbytes(1 << 20),
                "not a trace")


def test_superblock():
    """A bit flipped, and a version that this hypervisor does not know."""
    with rr.Folder() as folder:
        data = bytearray(recorded(folder))
        data[100] ^= 4
        refused("flipped", folder, data, "superblock checksum mismatch")
        data[100] ^= 4
        struct.pack_into("<H", data, 16, 2)
        struct.pack_into("<I", data, 4092, tf.crc32c(bytes(data[:4092])))
        refused("version", folder, data, "format version not supported")
        struct.pack_into("<H", data, 16, 1)
        struct.pack_into("<I", data, 20, 99999)
        struct.pack_into("<I", data, 4092, tf.crc32c(bytes(data[:4092])))
        refused("rules", folder, data, "replay rules")


def test_chunks():
    """A start that is cut or damaged cannot be replayed, and says so; damage
    behind it makes a cut trace."""
    with rr.Folder() as folder:
        data = recorded(folder)
        trace = alter.Trace(data)
        first = trace.chunks[0]
        refused("cut", folder, data[:first.at + 200], "snapshot of the trace")
        broken = bytearray(data)
        broken[first.at + 128 + first.header.stored_len // 2] ^= 1
        refused("payload", folder, broken, "checksum mismatch")
        last = next(c for c in reversed(trace.chunks)
                    if c.header.stream == tf.REPLAY)
        broken = bytearray(data)
        broken[last.at + 20] ^= 1
        window = folder.window("header", broken)
        run = rr.replay("bad.header", rr.bare(GUEST), window)
        rr.must(run.status == rr.CUT, f"header: {run}")
