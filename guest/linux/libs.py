#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""List the shared libraries that programs need, for mkcpio.py.

    libs.py SYSROOT LIST FILE|SONAME...

Every library comes from SYSROOT, so that the archive holds what the Debian
packages hold and nothing of the machine it is built on. Names of libraries
that a program opens at run time are given beside the programs.
"""

import os
import re
import subprocess
import sys

FOLDERS = ("lib/x86_64-linux-gnu", "usr/lib/x86_64-linux-gnu")
LOADER = "ld-linux-x86-64.so.2"


class LibraryError(Exception):
    """Says in one line which library is missing and what to do."""


def find(sysroot, name):
    for folder in FOLDERS:
        path = os.path.join(sysroot, folder, name)
        if os.path.exists(path):
            return path
    return None


def needed(path):
    """The sonames in an ELF file's dynamic section."""
    result = subprocess.run(["objdump", "-p", path], capture_output=True,
                            text=True, check=False)
    if result.returncode:
        raise LibraryError(f"{path} is not an ELF file")
    return re.findall(r"^ +NEEDED +(\S+)$", result.stdout, re.M)


def closure(sysroot, roots):
    """A dict of soname: path of all that the roots need, themselves too."""
    found = {}
    todo = [(LOADER, "every program")]
    for root in roots:
        if "/" in root:
            todo += [(name, root) for name in needed(root)]
        else:
            todo.append((root, "the build"))
    while todo:
        name, user = todo.pop()
        if name in found:
            continue
        path = find(sysroot, name)
        if path is None:
            raise LibraryError(f"{name}, needed by {user}, is in no package "
                               "of guest/linux/packages.txt: add it there")
        found[name] = os.path.relpath(os.path.realpath(path))
        todo += [(other, name) for other in needed(path)]
    return found


def main(argv):
    if len(argv) < 4:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        found = closure(argv[1], argv[3:])
        with open(argv[2], "w", encoding="utf-8") as out:
            for name in sorted(found):
                print("file", f"{FOLDERS[0]}/{name}", found[name], file=out)
            print("link", f"lib64/{LOADER}", f"/{FOLDERS[0]}/{LOADER}",
                  file=out)
    except (LibraryError, OSError) as error:
        print(f"libs: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
