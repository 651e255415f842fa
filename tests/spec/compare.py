#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Hold the library's tf-dump and the document's tf_decode to each other.

They have to print the same on golden traces, on traces known to be bad, on
random traces and on damaged ones. A golden trace also has to print what it
printed when it was committed, and `zstd -d` has to accept it. A bad one has to
end with the line and status that expected.txt has for it.
"""

import argparse
import os
import random
import re
import subprocess
import sys
import tempfile

import tf_decode

HERE = os.path.dirname(os.path.abspath(__file__))
DOCUMENT = os.path.join(HERE, "..", "..", "docs", "trace-format.md")


class Failure(Exception):
    pass


def run_dump(dump, path):
    done = subprocess.run([dump, path], capture_output=True, check=False,
                          timeout=60)
    if done.stderr:
        raise Failure(f"{path}: tf-dump says {done.stderr.decode()}")
    return done.stdout.decode(), done.returncode


def run_decode(path):
    lines = []
    with open(path, "rb") as file:
        status = tf_decode.decode(file.read(), lines.append)
    return "".join(line + "\n" for line in lines), status


def first_difference(a, b):
    for number, (x, y) in enumerate(zip(a.splitlines(), b.splitlines()), 1):
        if x != y:
            return f"line {number}:\n  {x[:300]}\n  {y[:300]}"
    return f"{len(a.splitlines())} lines against {len(b.splitlines())}"


def compare(dump, path, name):
    text, status = run_dump(dump, path)
    other, other_status = run_decode(path)
    if text != other or status != other_status:
        raise Failure(f"{name}: tf-dump ({status}) and tf_decode "
                      f"({other_status}) differ, "
                      + first_difference(text, other))
    return text, status


def read(path):
    with open(path, encoding="ascii") as file:
        return file.read()


def traces(folder):
    return sorted(os.path.join(folder, name) for name in os.listdir(folder)
                  if name.endswith(".cvt"))


def check_golden(dump, folder):
    paths = traces(os.path.join(folder, "golden"))
    for path in paths:
        text, _ = compare(dump, path, path)
        expected = read(path[:-4] + ".txt")
        if text != expected:
            raise Failure(f"{path}: not as committed, "
                          + first_difference(text, expected))
        subprocess.run(["zstd", "-dcqq", path], check=True,
                       stdout=subprocess.DEVNULL)
    return len(paths)


def last_line(text):
    """The line that says where and why a trace ends."""
    return [line for line in text.splitlines()
            if line.startswith(("trace ends", "no trace"))][-1]


def check_bad(dump, folder):
    folder = os.path.join(folder, "golden-bad")
    expected = read(os.path.join(folder, "expected.txt")).splitlines()
    names = sorted(line.split()[0] + ".cvt" for line in expected)
    if names != [os.path.basename(path) for path in traces(folder)]:
        raise Failure(f"{folder}: expected.txt does not list these traces")
    for line in expected:
        name, status, end = line.split(" ", 2)
        path = os.path.join(folder, name + ".cvt")
        text, got_status = compare(dump, path, path)
        if (last_line(text), got_status) != (end, int(status)):
            raise Failure(f"{path}: {last_line(text)!r} ({got_status}), not "
                          f"{end!r} ({status})")
    return len(names)


def random_trace(make, rng, path):
    subprocess.run([make, str(rng.getrandbits(32)), str(rng.randint(0, 8)),
                    str(rng.choice([1, 5, 40, 400])), rng.choice(["raw", "zstd"]),
                    rng.choice(["end", "cut"]), path], check=True, timeout=60)


def damage(data, rng):
    """One of the ways in which bytes go wrong."""
    data = bytearray(data)
    at = rng.randrange(len(data))
    if len(data) > 4300 and rng.random() < 0.8:
        at = rng.randrange(4096, len(data))
    way = rng.randrange(4)
    if way == 0:
        data[at] ^= 1 << rng.randrange(8)
    elif way == 1:
        del data[at:]
    elif way == 2:
        data[at:] = bytes(len(data) - at)
    else:
        data += bytes(rng.choice([1, 63, 64, 128, 5000]))
    return bytes(data)


def forge(data, rng):
    """Damage a raw payload and make the checksums right again."""
    data = bytearray(data)
    superblock = tf_decode.Super(bytes(data))
    scan = tf_decode.Scan(bytes(data), superblock)
    chunks = []
    try:
        while True:
            chunks.append(scan.next()[:2])
    except tf_decode.Bad:
        pass
    if not chunks:
        return bytes(data)
    header, at = rng.choice(chunks)
    for _ in range(rng.randint(1, 3)):
        where = at + 128 + rng.randrange(header.stored_len)
        data[where] = rng.choice([0, 1, 0x7F, 0x80, 0xFF, rng.randrange(256),
                                  data[where] ^ 1 << rng.randrange(8)])
    prev = superblock.crc
    for header, at in chunks:
        end = at + 128 + header.stored_len
        put_u32(data, at + 76, tf_decode.crc32c(data[at + 128:end]))
        put_u32(data, at + 84, prev)
        prev = tf_decode.crc32c(data[at:at + 124])
        put_u32(data, at + 124, prev)
    return bytes(data)


def put_u32(data, at, value):
    data[at:at + 4] = value.to_bytes(4, "little")


def check_random(dump, make, seed, count):
    rng = random.Random(seed)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "random.cvt")
        for i in range(count):
            random_trace(make, rng, path)
            compare(dump, path, f"random trace {i} of seed {seed}")
            with open(path, "rb") as file:
                whole = file.read()
            for change in (damage, forge, forge):
                with open(path, "wb") as file:
                    file.write(change(whole, rng))
                compare(dump, path, f"{change.__name__}d trace {i} "
                        f"of seed {seed}")
    return count * 4


def table_rows(text):
    """Rows of records, from any text that has them: spaces do not matter."""
    rows = re.findall(r"(0x[0-7][0-9a-f]) \| ([A-Z_]+) \| ([RHSC ]+?) \| "
                      r"([^|\n]+?) *(?:\||$)", text, re.M)
    return sorted(rows)


def check_tables():
    """The decoder's tables are the document's."""
    with open(DOCUMENT, encoding="utf-8") as file:
        document = file.read()
    if table_rows(document) != table_rows(tf_decode.RECORDS):
        raise Failure("records of docs/trace-format.md and tf_decode.py differ")
    section = document[document.index("## 10. Reasons"):
                       document.index("## 11. Versions")]
    reasons = {int(n): text for n, text in
               re.findall(r"^\| (\d+) \| (.+) \|$", section, re.M)}
    for number, text in tf_decode.REASONS.items():
        if reasons.get(number) != text:
            raise Failure(f"reason {number} differs from the document's")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dump", required=True, help="the tf-dump program")
    parser.add_argument("--make", required=True, help="tf-make-trace")
    parser.add_argument("--golden", required=True,
                        help="folder that holds golden/ and golden-bad/")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=40)
    args = parser.parse_args()
    try:
        check_tables()
        golden = check_golden(args.dump, args.golden)
        bad = check_bad(args.dump, args.golden)
        tried = check_random(args.dump, args.make, args.seed, args.count)
    except Failure as failure:
        print(f"compare: {failure}", file=sys.stderr)
        return 1
    print(f"compare: the decoders agree on {golden} golden, {bad} bad and "
          f"{tried} random traces")
    return 0


if __name__ == "__main__":
    sys.exit(main())
