#!/usr/bin/env python3
"""lint.man: every manual page of doc/man passes mandoc without a warning."""
import re
import shutil
import subprocess

import lintlib


def main():
    root = lintlib.root()
    pages = [p for p in lintlib.files(root, under=("doc/man",))
             if re.search(r"\.[1-9]$", p)]
    if shutil.which("mandoc") is None:
        lintlib.skip("no mandoc")
    found = []
    for path in pages:
        p = subprocess.run(["mandoc", "-Tlint", "-Wwarning", path], cwd=root,
                           capture_output=True, text=True, check=False)
        for m in re.finditer(r"^mandoc: [^:\n]+:(\d+):\d+: (.*)$",
                             p.stdout + p.stderr, re.M):
            # Pages of ours that are not installed yet.
            if "referenced manual not found" not in m.group(2):
                found.append((path, int(m.group(1)), m.group(2)))
    lintlib.finish(found)


main()
