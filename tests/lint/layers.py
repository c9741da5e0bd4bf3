#!/usr/bin/env python3
"""lint.layers: every #include follows layers.txt."""
import os
import re

import lintlib

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^">]+)[">]', re.M)
PATHS = ("include", "gateway", "", "tests")  # as CMakeLists.txt has them


def rules(path):
    """Two tables of layers.txt (folders, libraries) and the free headers."""
    folders, libraries, free = {}, {}, set()
    with open(path, encoding="utf-8") as f:
        for line in f:
            line = line.split("#")[0].strip()
            if line.startswith("="):
                free.update(line[1:].split())
            elif line:
                left, right = (x.strip() for x in line.split(":"))
                table = libraries if left[0] == "<" else folders
                table[left.lstrip("<")] = right.split()
    return folders, libraries, free


def longest(table, fits):
    return max((k for k in table if fits(k)), key=len, default=None)


def resolve(root, path, name):
    """The file of ours that an include means, or None."""
    for top in PATHS + (os.path.dirname(path),):
        full = os.path.normpath(os.path.join(top, name))
        if os.path.isfile(os.path.join(root, full)):
            return full
    return None


def check_ours(root, path, name, allowed):
    target = resolve(root, path, name)
    if target is None:
        return f'"{name}" is no header of the project'
    # Headers of tests/ are for tests alone, whatever the table says.
    if lintlib.under(target, "tests") and not lintlib.under(path, "tests"):
        return f'"{name}" belongs to tests'
    if allowed != ["*"] and not any(lintlib.under(target, a) for a in allowed):
        return f'{os.path.dirname(path)} may not include "{name}"'
    return None


def check_library(path, name, libraries, free):
    key = longest(libraries, name.startswith)
    if key is None:
        if name in free or lintlib.under(path, "tests"):
            return None
        return f"<{name}> is in no list of layers.txt"
    if lintlib.under(path, "tests"):
        return None
    if any(lintlib.under(path, a) for a in libraries[key]):
        return None
    return f"{os.path.dirname(path)} may not use <{name}>"


def main():
    root = lintlib.root()
    here = os.path.join(root, "tests", "lint", "layers.txt")
    if not os.path.exists(here):
        here = os.path.join(os.path.dirname(__file__), "layers.txt")
    folders, libraries, free = rules(here)
    found = []
    for path in lintlib.files(root, ".c", ".h", ".def"):
        folder = longest(folders, lambda k: lintlib.under(path, k))
        if folder is None:
            found.append((path, 1, "stands in no folder of layers.txt"))
            continue
        text = lintlib.code(lintlib.read(root, path), strings=True)
        for m in INCLUDE.finditer(text):
            if m.group(1) == '"':
                wrong = check_ours(root, path, m.group(2), folders[folder])
            else:
                wrong = check_library(path, m.group(2), libraries, free)
            if wrong:
                found.append((path, lintlib.line_of(text, m.start()), wrong))
    lintlib.finish(found)


main()
