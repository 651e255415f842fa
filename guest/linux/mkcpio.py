#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Write a cpio archive (newc) of a file list, the same bytes every time.

    mkcpio.py ARCHIVE LIST...

A list has one entry per line:

    dir PATH
    file PATH SOURCE [MODE]         MODE is octal, 755 by default
    link PATH TARGET
    char PATH MAJOR MINOR [MODE]    600 by default

Parents of a path are made as needed. Everything belongs to root and has the
time 0; entries are sorted, so the order of the lists does not matter. A path
given twice is an error.
"""

import os
import stat
import sys


class ListError(Exception):
    """Says in one line which entry is wrong and why."""


def parse(line):
    """One line of a list as (path, mode, data, device)."""
    kind, path, *rest = line.split()
    path = path.strip("/")
    if kind == "dir" and not rest:
        return path, stat.S_IFDIR | 0o755, b"", (0, 0)
    if kind == "link" and len(rest) == 1:
        return path, stat.S_IFLNK | 0o777, rest[0].encode(), (0, 0)
    if kind == "char" and len(rest) in (2, 3):
        mode = int(rest[2], 8) if len(rest) == 3 else 0o600
        return path, stat.S_IFCHR | mode, b"", (int(rest[0]), int(rest[1]))
    if kind == "file" and len(rest) in (1, 2):
        mode = int(rest[1], 8) if len(rest) == 2 else 0o755
        with open(rest[0], "rb") as source:
            return path, stat.S_IFREG | mode, source.read(), (0, 0)
    raise ListError(f"what is '{line}'?")


def read_lists(names):
    entries = {}
    for name in names:
        with open(name, encoding="utf-8") as lines:
            for number, line in enumerate(lines, 1):
                line = line.split("#")[0].strip()
                if not line:
                    continue
                try:
                    path, *entry = parse(line)
                    if path in entries:
                        raise ListError(f"'{path}' is listed twice")
                except ValueError:
                    raise ListError(f"{name}:{number}: what is '{line}'?")
                except (ListError, OSError) as error:
                    raise ListError(f"{name}:{number}: {error}")
                entries[path] = entry
    for path in list(entries):
        while "/" in path:
            path = os.path.dirname(path)
            entries.setdefault(path, [stat.S_IFDIR | 0o755, b"", (0, 0)])
    return entries


def record(inode, path, mode, data, device):
    """One newc member: header, name and data, each padded to 4 bytes."""
    name = path.encode() + b"\0"
    links = 2 if stat.S_ISDIR(mode) else 1
    fields = (inode, mode, 0, 0, links, 0, len(data), 0, 0, *device,
              len(name), 0)
    header = b"070701" + b"".join(b"%08X" % field for field in fields)
    out = header + name
    out += b"\0" * (-len(out) % 4) + data
    return out + b"\0" * (-len(out) % 4)


def write(archive, entries):
    with open(archive, "wb") as out:
        for inode, path in enumerate(sorted(entries), 1):
            out.write(record(inode, path, *entries[path]))
        out.write(record(0, "TRAILER!!!", 0, b"", (0, 0)))
        out.write(b"\0" * (-out.tell() % 512))


def main(argv):
    if len(argv) < 3:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        write(argv[1], read_lists(argv[2:]))
    except (ListError, OSError) as error:
        print(f"mkcpio: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
