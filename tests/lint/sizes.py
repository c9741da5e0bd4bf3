#!/usr/bin/env python3
"""lint.sizes: no function over 80 lines, no file over 800.

What is larger stands in size-exceptions.txt with its exact length, so that
each change of it is seen: "file lines" or "file:function lines".  The list
may only shrink: an entry that is no longer needed, or larger than the truth,
is a finding, and MAX_EXCEPTIONS goes down with it.
"""
import os

import lintlib

FUNCTION_MAX = 80
FILE_MAX = 800
MAX_EXCEPTIONS = 0


def exceptions(root):
    path = os.path.join(root, "tests", "lint", "size-exceptions.txt")
    listed = {}
    if os.path.exists(path):
        with open(path, encoding="utf-8") as f:
            for line in f:
                line = line.split("#")[0].split()
                if line:
                    listed[line[0]] = int(line[1])
    return listed


def sizes(root):
    """(key, path, line, lines, limit) of every file and function."""
    for path in lintlib.files(root, ".c", ".h", ".def", ".py"):
        text = lintlib.read(root, path)
        yield path, path, 1, text.count("\n"), FILE_MAX
        if path.endswith((".c", ".h")):
            for f in lintlib.functions(text):
                yield (f"{path}:{f.name}", path, f.first, f.lines,
                       FUNCTION_MAX)


def main():
    root = lintlib.root()
    listed = exceptions(root)
    book = "tests/lint/size-exceptions.txt"
    found, used = [], set()
    if len(listed) > MAX_EXCEPTIONS:
        found.append((book, 1, f"{len(listed)} entries, of which "
                      f"{MAX_EXCEPTIONS} are allowed: the list only shrinks"))
    for key, path, line, lines, limit in sizes(root):
        what = f"{key.rpartition(':')[2]} has {lines} lines"
        if key in listed:
            used.add(key)
            if lines > listed[key]:
                found.append((path, line, f"{what}, its exception allows "
                              f"{listed[key]}"))
            elif lines < listed[key]:
                found.append((book, 1, f"{what}, not {listed[key]}: "
                              "shrink its entry"))
        elif lines > limit:
            found.append((path, line, f"{what}, the limit is {limit}"))
    for key in sorted(set(listed) - used):
        found.append((book, 1, f"{key} is no longer there"))
    lintlib.finish(found)


main()
