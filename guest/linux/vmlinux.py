#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Unpack the ELF kernel inside a bzImage.

    vmlinux.py BZIMAGE ELF

Offsets are those of the x86 boot protocol (Documentation/x86/boot.rst,
"real-mode kernel header"); the payload ends with its unpacked size in four
bytes, except for gzip, whose own trailer is that size.
"""

import struct
import subprocess
import sys

UNPACKERS = (
    (b"\xfd7zXZ\0", ["xz", "-dc", "--single-stream"], 4),
    (b"\x02\x21\x4c\x18", ["lz4", "-dc"], 4),
    (b"\x28\xb5\x2f\xfd", ["zstd", "-dc"], 4),
    (b"\x1f\x8b", ["gzip", "-dc"], 0),
)


class ImageError(Exception):
    """Says in one line what is wrong with the image."""


def field(image, form, offset):
    size = struct.calcsize(form)
    if offset + size > len(image):
        raise ImageError(f"cut off before byte {offset + size}")
    return struct.unpack_from(form, image, offset)[0]


def payload_of(image):
    """The compressed kernel, its trailer included."""
    if field(image, "<4s", 0x202) != b"HdrS":
        raise ImageError("no boot header at byte 514: not a bzImage")
    if field(image, "<H", 0x206) < 0x208:
        raise ImageError("boot protocol older than 2.08: no payload field")
    sectors = field(image, "<B", 0x1f1) or 4
    start = (sectors + 1) * 512 + field(image, "<I", 0x248)
    length = field(image, "<I", 0x24c)
    if length < 8 or start + length > len(image):
        raise ImageError(f"payload of {length} bytes at byte {start} leaves "
                         f"the file of {len(image)} bytes")
    return image[start:start + length]


def unpack(image):
    payload = payload_of(image)
    size = struct.unpack("<I", payload[-4:])[0]
    for magic, command, trailer in UNPACKERS:
        if payload.startswith(magic):
            break
    else:
        raise ImageError(f"unknown compression {payload[:6].hex()}")
    try:
        result = subprocess.run(
            command, input=payload[:len(payload) - trailer],
            capture_output=True, check=False)
    except FileNotFoundError:
        raise ImageError(f"{command[0]} is missing: run 'make deps'")
    if result.returncode or len(result.stdout) != size:
        raise ImageError(f"{command[0]} gave {len(result.stdout)} bytes, "
                         f"the header says {size}")
    if not result.stdout.startswith(b"\x7fELF"):
        raise ImageError("the payload is not an ELF file")
    return result.stdout


def main(argv):
    if len(argv) != 3:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        with open(argv[1], "rb") as source:
            elf = unpack(source.read())
        with open(argv[2], "wb") as target:
            target.write(elf)
    except (ImageError, OSError) as error:
        print(f"vmlinux: {argv[1]}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
