#!/usr/bin/env python3
"""lint.format: .clang-format decides the layout of every .c and .h.

Versions of clang-format differ in what they write; 14 is the one of Debian
12 and the one that counts.
"""
import os
import re
import shutil
import subprocess

import lintlib

VERSION = "14"


def tool():
    for name in (f"clang-format-{VERSION}", "clang-format"):
        if shutil.which(name) is None:
            continue
        p = subprocess.run([name, "--version"], capture_output=True,
                           text=True, check=False)
        if re.search(rf"version {VERSION}\.", p.stdout):
            return name
    lintlib.skip(f"no clang-format {VERSION}")
    return None


def main():
    root = lintlib.root()
    name = tool()
    style = os.path.join(root, ".clang-format")
    if not os.path.exists(style):  # a fixture: under the project's own rules
        style = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                             "..", "..", ".clang-format")
    paths = lintlib.files(root, ".c", ".h")
    found = []
    if paths:
        p = subprocess.run(
            [name, "--dry-run", f"--style=file:{style}", *paths],
            cwd=root, capture_output=True, text=True, check=False)
        seen = set()
        for m in re.finditer(r"^([^:\n]+):(\d+):\d+: (?:warning|error): .*$",
                             p.stderr, re.M):
            if m.group(1) not in seen:  # the first of each file is enough
                seen.add(m.group(1))
                found.append((m.group(1), int(m.group(2)),
                              "is not as clang-format lays it out"))
        if p.returncode != 0 and not found:
            found.append((".clang-format", 1, p.stderr.strip()))
    lintlib.finish(found)


main()
