# SPDX-License-Identifier: MIT
"""What a trace holds: bytes by stream, calls, the guest's time.

Sums come from the project's own reader (chv); the raw bytes of a stream are
taken out here, so that they can be compressed as another recorder's log is.
"""

import json
import struct
import subprocess

import machines

CHV = f"{machines.OUT}/chv"
STREAMS = ("replay", "history", "snapshot", "checkpoint")
FIRST_CHUNK = 4096
HEADER = 128
MAGIC = b"CVCHUNK\0"


def chv(*args):
    """What chv prints; status 6 is a cut trace, as a running one is."""
    done = subprocess.run([CHV, *args], capture_output=True, text=True,
                          timeout=120, check=False)
    if done.returncode not in (0, 6):
        raise RuntimeError(f"chv {' '.join(args)}: "
                           + (done.stderr.strip() or str(done.returncode)))
    return done.stdout


def first_line(*args):
    with subprocess.Popen([CHV, *args], stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, text=True) as process:
        line = process.stdout.readline()
        process.kill()
    return line


def guest_span_ns(path):
    """(start, end) of the domain's virtual time in the trace."""
    start = first_line("trace", "dump", "--stream", "snapshot", path)
    start = int(start.split("base_ns=")[1].split()[0])
    last = start
    for line in chv("events", "-a", "--json", path).splitlines():
        last = json.loads(line).get("base_ns") or last
    return start, last


def chunks(path):
    """(stream, encoding, payload, bytes in the file) of a trace's chunks."""
    with open(path, "rb") as file:
        at = FIRST_CHUNK
        while True:
            file.seek(at)
            header = file.read(HEADER)
            if len(header) < HEADER or header[8:16] != MAGIC:
                return
            stored, = struct.unpack_from("<I", header, 72)
            payload = file.read(stored)
            end = at + HEADER + stored
            gap = -end % 64
            end += gap if gap == 0 or gap >= 8 else gap + 64
            yield header[80], header[81], payload, end - at
            at = end


def zstd(data, *options):
    return subprocess.run(["zstd", "-q", "-c", *options], input=data,
                          stdout=subprocess.PIPE, timeout=120,
                          check=True).stdout


def stream_bytes(path, stream):
    """The records of a stream, decompressed."""
    number = STREAMS.index(stream)
    return b"".join(zstd(payload, "-d") if encoding else payload
                    for kind, encoding, payload, _ in chunks(path)
                    if kind == number)


def totals(path):
    """Sums of a trace, finished or still growing."""
    streams = json.loads(chv("trace", "info", "--json", path))["streams"]
    start, end = guest_span_ns(path)
    sums = {"guest_s": (end - start) / 1e9,
            "entries": streams["replay"]["last_entry"]}
    for name in STREAMS:
        sums[f"{name}_raw"] = streams[name]["raw_bytes"]
        sums[f"{name}_stored"] = streams[name]["stored_bytes"]
        sums[f"{name}_file"] = 0
    for number, _, _, size in chunks(path):
        sums[f"{STREAMS[number]}_file"] += size
    sums["calls"] = streams["history"]["records"]
    return sums


def compressed_again(path):
    """Bytes of the replay stream in one frame of zstd -3."""
    return len(zstd(stream_bytes(path, "replay"), "-3"))


def calls(path):
    """{hypercall: count}, most frequent first."""
    summary = json.loads(chv("hypercalls", "-c", "--json", path))
    return {row["hypercall"]: row["calls"] for row in summary["hypercalls"]}
