#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Fetch Debian packages without installing them, and unpack them.

    debs.py fetch LIST DEBS         download what LIST names into DEBS
    debs.py unpack DEBS TREE DIR    unpack the packages of TREE into DIR

DEBS/lock records what was fetched: a digest of LIST's rows, then one "tree
package version sha256 file members" per line. While LIST asks for nothing
else and the files are there, no network is used. All packages of the kernel
have one version: when Debian publishes a new one between two downloads,
everything is resolved again.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile

APT_TIMEOUT_S = 1800
KERNEL = re.compile(r"^linux-(image|headers|kbuild)-")


class FetchError(Exception):
    """Says in one line what could not be fetched and what to do."""


class Apt:
    """apt as any user may run it: it reads the system's package lists, or
    keeps lists of its own under DEBS when the system has none."""

    def __init__(self, debs):
        self.debs = debs
        self.options = ["-q", "-o", "APT::Sandbox::User="]

    def run(self, program, *args, cwd=None):
        env = dict(os.environ, LC_ALL="C")
        try:
            return subprocess.run(
                [program, *self.options, *args], cwd=cwd or self.debs, env=env,
                stdin=subprocess.DEVNULL, capture_output=True, text=True,
                timeout=APT_TIMEOUT_S)
        except FileNotFoundError:
            raise FetchError(f"{program} is missing: this needs Debian 12")
        except subprocess.TimeoutExpired:
            raise FetchError(f"{program} {args[0]} did not end in "
                             f"{APT_TIMEOUT_S} s: check the network")

    def refresh(self):
        """Fetch package lists into DEBS/apt, leaving the system's alone."""
        home = os.path.join(self.debs, "apt")
        for name in ("lists/partial", "cache/archives/partial", "state"):
            os.makedirs(os.path.join(home, name), exist_ok=True)
        self.options = ["-q", "-o", "APT::Sandbox::User=",
                        "-o", f"Dir::State={home}/state",
                        "-o", "Dir::State::status=/var/lib/dpkg/status",
                        "-o", f"Dir::State::lists={home}/lists",
                        "-o", f"Dir::Cache={home}/cache"]
        result = self.run("apt-get", "update", "--error-on=any")
        if result.returncode:
            raise FetchError("apt-get update failed (" + last_line(result) +
                             "): check the network and /etc/apt")

    def depends(self, package):
        """The real names that the candidate of a package depends on."""
        result = self.run("apt-cache", "depends", "--important",
                          "--no-recommends", package)
        return re.findall(r"^ +\|?Depends: ([a-z0-9.+-]+)$", result.stdout,
                          re.M)

    def uris(self, packages):
        """A dict of package: (file, sha256) of the candidates, or None."""
        # apt names only files that its working folder does not hold.
        with tempfile.TemporaryDirectory() as empty:
            result = self.run("apt-get", "download", "--print-uris",
                              *packages, cwd=empty)
        if result.returncode:
            return None
        found = {}
        for name, digest in re.findall(
                r"^'[^']+' (\S+) \d+ SHA256:([0-9a-f]{64})$", result.stdout,
                re.M):
            found[name.split("_")[0]] = (name, digest)
        return found if set(packages) <= set(found) else None


def last_line(result):
    lines = [l for l in result.stderr.splitlines() if l.strip()]
    lines = [l for l in lines if l.startswith("E:")] or lines
    return lines[-1].strip() if lines else f"status {result.returncode}"


def version_of(name):
    return name.split("_")[1].replace("%3a", ":")


def read_list(path):
    """The list's rows: (tree, package, follow, members)."""
    rows = []
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            words = line.split("#")[0].split()
            if not words:
                continue
            follow = words[2:3] == ["->"]
            rows.append((words[0], words[1], follow, words[2 + follow:]))
    return rows


def real_name(apt, package):
    """What a metapackage row stands for, or None."""
    if package in ("linux-headers-common", "linux-kbuild"):
        meta = apt.depends("linux-headers-amd64")
        wanted = (r"linux-headers-\d.*-common$"
                  if package == "linux-headers-common"
                  else r"linux-kbuild-\d")
        names = [n for m in meta for n in apt.depends(m)]
    else:
        flavour = re.sub(r"^linux-[a-z]+-", "", package)
        kind = package[:-len(flavour)]
        wanted = re.escape(kind) + r"\d.*-" + re.escape(flavour) + "$"
        names = apt.depends(package)
    names = [n for n in names if re.match(wanted, n)]
    return names[0] if names else None


def resolve(apt, rows):
    """Rows of the lock, or None when apt does not know them all."""
    wanted = []
    for tree, package, follow, members in rows:
        name = real_name(apt, package) if follow else package
        if name is None:
            return None
        wanted.append((tree, name, members))
    uris = apt.uris([name for _, name, _ in wanted])
    if uris is None:
        return None
    lock = []
    for tree, name, members in wanted:
        file, digest = uris[name]
        lock.append([tree, name, version_of(file), digest, file, *members])
    kernels = {row[2] for row in lock if KERNEL.match(row[1])}
    return lock if len(kernels) <= 1 else None


def digest_of(path):
    digest = hashlib.sha256()
    with open(path, "rb") as data:
        while block := data.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def missing(debs, lock):
    """The lock's rows whose file is not there, or not whole."""
    rows = []
    for row in lock:
        path = os.path.join(debs, row[4])
        if os.path.exists(path) and digest_of(path) == row[3]:
            continue
        if os.path.exists(path):
            os.unlink(path)
        rows.append(row)
    return rows


def download(apt, lock):
    """Bring every file of the lock; the reason why not, or None."""
    rows = missing(apt.debs, lock)
    if not rows:
        return None
    print(f"  FETCH    {len(rows)} Debian packages, the first is "
          f"{rows[0][1]} {rows[0][2]}", flush=True)
    result = apt.run("apt-get", "download",
                     *[f"{row[1]}={row[2]}" for row in rows])
    if result.returncode:
        return last_line(result)
    rows = missing(apt.debs, rows)
    return rows and f"{rows[0][4]} is not what the package list announced"


def lock_path(debs):
    return os.path.join(debs, "lock")


def read_lock(debs):
    try:
        with open(lock_path(debs), encoding="utf-8") as lines:
            return [line.split() for line in lines]
    except FileNotFoundError:
        return []


def write_lock(debs, lock):
    path = lock_path(debs)
    with open(path + ".new", "w", encoding="utf-8") as out:
        for row in lock:
            print(*row, file=out)
    os.replace(path + ".new", path)


def still_answers(lock, asked, debs):
    return lock[:1] == [["list", asked]] and not missing(debs, lock[1:])


def fetch(list_path, debs):
    rows = read_list(list_path)
    asked = hashlib.sha256(repr(rows).encode()).hexdigest()
    os.makedirs(debs, exist_ok=True)
    debs = os.path.abspath(debs)
    if still_answers(read_lock(debs), asked, debs):
        os.utime(lock_path(debs))
        return
    apt = Apt(debs)
    lock = resolve(apt, rows)
    reason = download(apt, lock) if lock else "the package lists are empty"
    if reason:
        apt.refresh()
        lock = resolve(apt, rows)
        if lock is None:
            raise FetchError("apt does not know every package of "
                             f"{list_path}: is this Debian 12?")
        reason = download(apt, lock)
    if reason:
        raise FetchError(f"apt-get download failed ({reason}): check the "
                         f"network, or bring a filled {debs}")
    write_lock(debs, [["list", asked], *lock])
    keep = {row[4] for row in lock}
    for name in os.listdir(debs):
        if name.endswith(".deb") and name not in keep:
            os.unlink(os.path.join(debs, name))


def unpack_one(deb, digest, members, where):
    """dpkg-deb's tar stream into a folder, owned by whoever runs this."""
    if not os.path.exists(deb) or digest_of(deb) != digest:
        raise FetchError(f"{deb} is missing or damaged: delete {lock_path('')}"
                         " beside it and build again")
    with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", deb],
                          stdout=subprocess.PIPE) as source:
        command = ["tar", "-x", "-C", where, "--no-same-owner"]
        if members:
            command += ["--wildcards", *members]
        result = subprocess.run(command, stdin=source.stdout, check=False)
        source.stdout.close()
    if result.returncode or source.returncode:
        raise FetchError(f"{deb} does not unpack: delete it and build again")


def unpack(debs, tree, where):
    rows = [row for row in read_lock(debs) if row[0] == tree]
    if not rows:
        raise FetchError(f"{lock_path(debs)} has no packages for {tree}: "
                         "delete it and build again")
    fresh = where + ".new"
    shutil.rmtree(fresh, ignore_errors=True)
    os.makedirs(fresh)
    for row in rows:
        unpack_one(os.path.join(debs, row[4]), row[3], row[5:], fresh)
    shutil.rmtree(where, ignore_errors=True)
    os.rename(fresh, where)


def main(argv):
    try:
        if len(argv) == 4 and argv[1] == "fetch":
            fetch(argv[2], argv[3])
        elif len(argv) == 5 and argv[1] == "unpack":
            unpack(argv[2], argv[3], argv[4])
        else:
            print(__doc__, file=sys.stderr)
            return 2
    except (FetchError, OSError) as error:
        print(f"debs: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
