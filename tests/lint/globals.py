#!/usr/bin/env python3
"""lint.globals: no mutable state at file scope or in a static local.

Read from the objects of a build, so that nothing is missed: whatever stands
in .data, .bss, .tdata or .tbss can be written to.  globals-exceptions.txt
names the few that may ("file symbol # reason").  The argument is a build
folder; its libraries hold the objects.
"""
import os
import re
import shutil
import subprocess

import lintlib

LINE = re.compile(r"^[0-9a-f]+ .{7} (\.t?(?:data|bss)[\w.]*)\t[0-9a-f]+"
                  r"(?: \.hidden)? (\S+)$", re.M)


def exceptions():
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                        "globals-exceptions.txt")
    listed = set()
    with open(path, encoding="utf-8") as f:
        for line in f:
            entry, _, reason = line.partition("#")
            if entry.strip() and reason.strip():
                listed.add(tuple(entry.split()))
    return listed


def symbols(archive):
    """(object, symbol) of what can be written to."""
    p = subprocess.run(["objdump", "-t", archive], capture_output=True,
                       text=True, check=False)
    member = "?"
    for line in p.stdout.splitlines():
        m = re.match(r"(\S+\.o):\s+file format", line)
        if m:
            member = re.sub(r"\.o$", "", m.group(1))
            continue
        m = LINE.match(line)
        if m and not m.group(1).startswith(".data.rel.ro") and \
                not m.group(2).startswith("."):
            # A static local carries a number: name.0
            yield member, re.sub(r"\.\d+$", "", m.group(2))


def main():
    build = lintlib.root()
    if shutil.which("objdump") is None:
        lintlib.skip("no objdump")
    listed, used, found = exceptions(), set(), []
    for name in sorted(os.listdir(build)):
        if not re.match(r"libgw_\w+\.a$", name):
            continue
        for member, symbol in symbols(os.path.join(build, name)):
            if (member, symbol) in listed:
                used.add((member, symbol))
            else:
                found.append((member, 1, f"{symbol} can be written to"))
    lintlib.finish(found)


main()
