#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The scripts that make images: what they refuse, and that they repeat."""

import gzip
import os
import struct
import subprocess
import sys
import tempfile
import unittest

SCRIPTS = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                       "..", "..", "guest", "linux")


def run(script, *args, cwd):
    return subprocess.run(
        [sys.executable, os.path.join(SCRIPTS, script), *args], cwd=cwd,
        capture_output=True, text=True, timeout=60, check=False)


def bzimage(elf, payload=None):
    """A bzImage with no more than what unpacking it reads."""
    payload = gzip.compress(elf, mtime=0) if payload is None else payload
    image = bytearray(1024)
    image[0x1f1] = 1
    struct.pack_into("<4sH", image, 0x202, b"HdrS", 0x20f)
    struct.pack_into("<II", image, 0x248, 0, len(payload))
    return bytes(image) + payload


class InFolder(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)

    def write(self, name, data):
        with open(os.path.join(self.folder.name, name), "wb") as out:
            out.write(data)

    def read(self, name):
        with open(os.path.join(self.folder.name, name), "rb") as source:
            return source.read()

    def run_here(self, script, *args):
        return run(script, *args, cwd=self.folder.name)

    def refused(self, result, what):
        self.assertEqual(result.returncode, 1)
        self.assertEqual(len(result.stderr.splitlines()), 1, result.stderr)
        self.assertIn(what, result.stderr)


class Vmlinux(InFolder):
    ELF = b"\x7fELF" + bytes(range(256)) * 64

    def unpack(self, image):
        self.write("bz", image)
        return self.run_here("vmlinux.py", "bz", "elf")

    def test_unpacks(self):
        self.assertEqual(self.unpack(bzimage(self.ELF)).returncode, 0)
        self.assertEqual(self.read("elf"), self.ELF)

    def test_refuses_other_files(self):
        self.refused(self.unpack(b""), "cut off")
        self.refused(self.unpack(b"\x7fELF" + bytes(4096)), "not a bzImage")

    def test_refuses_every_cut(self):
        whole = bzimage(self.ELF)
        for end in range(0, len(whole), 97):
            self.refused(self.unpack(whole[:end]), "")

    def test_refuses_bad_payloads(self):
        for payload, what in ((b"what is this?", "unknown compression"),
                              (gzip.compress(b"text"), "not an ELF"),
                              (gzip.compress(self.ELF)[:-4] + bytes(4),
                               "bytes")):
            self.refused(self.unpack(bzimage(b"", payload)), what)


class Cpio(InFolder):
    def archive(self, *lines):
        self.write("list", "\n".join(lines).encode())
        return self.run_here("mkcpio.py", "out", "list")

    def test_order_and_times_do_not_matter(self):
        self.write("data", b"hello")
        lines = ["file etc/b data 644", "link etc/a b", "char dev/c 5 1"]
        self.assertEqual(self.archive(*lines).returncode, 0)
        first = self.read("out")
        os.utime(os.path.join(self.folder.name, "data"), (1, 1))
        self.assertEqual(self.archive(*lines[::-1]).returncode, 0)
        self.assertEqual(self.read("out"), first)
        self.assertTrue(first.startswith(b"070701"))
        self.assertIn(b"TRAILER!!!", first)

    def test_refuses_bad_lists(self):
        self.refused(self.archive("dir a", "dir a"), "list:2: 'a' is listed")
        self.refused(self.archive("file a nowhere"), "nowhere")
        self.refused(self.archive("pipe a"), "what is 'pipe a'?")
        self.refused(self.archive("file"), "list:1")


class Libs(InFolder):
    def test_names_what_is_missing(self):
        self.refused(self.run_here("libs.py", ".", "out", "libnone.so.1"),
                     "is in no package")


class Debs(InFolder):
    def test_unpack_without_lock(self):
        self.refused(self.run_here("debs.py", "unpack", "debs", "x", "to"),
                     "has no packages for x")

    def test_refuses_damaged_package(self):
        os.mkdir(os.path.join(self.folder.name, "debs"))
        self.write("debs/a.deb", b"not what it was")
        self.write("debs/lock", b"x a 1 " + b"0" * 64 + b" a.deb\n")
        self.refused(self.run_here("debs.py", "unpack", "debs", "x", "to"),
                     "damaged")


if __name__ == "__main__":
    unittest.main()
