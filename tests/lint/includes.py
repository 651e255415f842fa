#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Check how files include each other.

    includes.py PART=COMMAND...

PART is a folder such as hv, COMMAND the compiler with the flags and include
roots of that part. Three rules: nothing is included through "../", headers
do not include each other in a circle, and each header compiles alone. What a
part may include at all is decided by its roots: a wrong include does not build.
"""

import concurrent.futures
import os
import re
import shlex
import subprocess
import sys

INCLUDE = re.compile(r'^\s*#\s*include\s+(?:"([^"]+)"|<([^>]+)>)', re.M)

# Reaches that stay, each with its reason.
ALLOWED = {
    # The table belongs beside its dispatcher, its declarations here.
    ("hv/include/hv/hypercall.h", "../../hypercall/hypercalls.def"),
    # One test is made of a folder of files, which no other may include.
    ("guest/tests/fuzz.c", "../fuzz/fuzz.h"),
}

# Headers that replace another of the same name when a test is built. They are
# compiled with that test, and with its own roots.
REPLACEMENTS = ("tests/fake/include/", "tests/fake/mm/",
                "tests/unit/fake-arch/")


def sources(part):
    for folder, _, names in os.walk(part):
        for name in sorted(names):
            if name.endswith((".c", ".h", ".S", ".def")):
                yield os.path.join(folder, name)


def includes(path):
    """(name, is quoted) of what @path includes."""
    with open(path, encoding="utf-8") as file:
        return [(quoted or angled, bool(quoted))
                for quoted, angled in INCLUDE.findall(file.read())]


def roots(command):
    return [word[2:] for word in command if word.startswith("-I")]


def resolve(path, name, quoted, search):
    """The file of this tree that @path includes as @name, or None."""
    own = [os.path.dirname(path)] if quoted else []
    for folder in own + search:
        found = os.path.normpath(os.path.join(folder, name))
        if os.path.isfile(found) and not found.startswith("build/"):
            return found
    return None


def find_circle(graph):
    """One circle of headers as a list of files, or None."""
    done, path = set(), []

    def visit(node):
        if node in path:
            return path[path.index(node):] + [node]
        if node in done:
            return None
        path.append(node)
        for other in graph.get(node, []):
            circle = visit(other)
            if circle:
                return circle
        path.pop()
        done.add(node)
        return None

    for node in graph:
        circle = visit(node)
        if circle:
            return circle
    return None


def compile_alone(header, command):
    """A complaint, or None."""
    result = subprocess.run(command + ["-fsyntax-only", "-x", "c", header],
                            capture_output=True, text=True, check=False)
    if result.returncode == 0:
        return None
    first = next((line for line in result.stderr.splitlines()
                  if "error" in line), result.stderr.strip()[:200])
    return f"{header}: does not compile alone: {first}"


def main():
    parts = {}
    for argument in sys.argv[1:]:
        part, _, command = argument.partition("=")
        # Without dependency files: they would land beside the headers.
        parts[part] = [word for word in shlex.split(command)
                       if word not in ("-MMD", "-MP")]
    if not parts:
        print(__doc__, file=sys.stderr)
        return 2
    problems, graph, alone = [], {}, []
    for part, command in parts.items():
        for path in sources(part):
            names = includes(path)
            problems += [f"{path}: includes \"{name}\": name it from an "
                         "include root" for name, _ in names
                         if name.startswith("../")
                         and (path, name) not in ALLOWED]
            if path.endswith(".h") and not path.startswith(REPLACEMENTS):
                found = [resolve(path, name, quoted, roots(command))
                         for name, quoted in names]
                graph[path] = [other for other in found if other]
                alone.append((path, command))
    circle = find_circle(graph)
    if circle:
        problems.append("a circle of headers: " + " -> ".join(circle))
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        done = pool.map(lambda one: compile_alone(*one), alone)
        problems += [complaint for complaint in done if complaint]
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
