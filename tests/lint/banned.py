#!/usr/bin/env python3
"""lint.banned: functions of banned.txt are called only where it says, and
where banned-exceptions.txt excuses one file ("file function # reason")."""
import os
import re

import lintlib


def table(path):
    banned = {}
    with open(path, encoding="utf-8") as f:
        for line in f:
            line = line.split("#")[0].strip()
            if line:
                name, where, use = (x.strip() for x in line.split(":", 2))
                banned[name] = (where.split(), use)
    return banned


def exceptions(path):
    """{(file, function)}; each needs its reason behind '#'."""
    listed = set()
    if os.path.exists(path):
        with open(path, encoding="utf-8") as f:
            for line in f:
                entry, _, reason = line.partition("#")
                if entry.strip() and reason.strip():
                    listed.add(tuple(entry.split()))
    return listed


def allowed(where, path, function):
    for w in where:
        if w.startswith("*"):
            if function is not None and function.endswith(w[1:]):
                return True
        elif lintlib.under(path, w):
            return True
    return False


def main():
    root = lintlib.root()
    here = os.path.dirname(os.path.abspath(__file__))
    banned = table(os.path.join(here, "banned.txt"))
    listed = exceptions(
        os.path.join(root, "tests", "lint", "banned-exceptions.txt"))
    names = re.compile(r"(?<![\w.>])(" + "|".join(banned) + r")\s*\(")
    found, used = [], set()
    for path in lintlib.files(root, ".c", ".h", ".def"):
        raw = lintlib.read(root, path)
        text, bodies = lintlib.code(raw), lintlib.functions(raw)
        for m in names.finditer(text):
            name, line = m.group(1), lintlib.line_of(text, m.start())
            inside = next((f.name for f in bodies
                           if f.start <= m.start() < f.end), None)
            where, use = banned[name]
            if allowed(where, path, inside):
                continue
            if (path, name) in listed:
                used.add((path, name))
                continue
            found.append((path, line, f"{name}() is banned here; use: {use}"))
    for path, name in sorted(listed - used):
        found.append(("tests/lint/banned-exceptions.txt", 1,
                      f"{path} {name} is no longer needed"))
    lintlib.finish(found)


main()
