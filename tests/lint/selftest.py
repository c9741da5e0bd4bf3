#!/usr/bin/env python3
"""Does a lint find what it is for, and nothing else?

selftest.py NAME runs the lint on fixtures/NAME, where some things are wrong
and some only look so, and compares what it says with fixtures/NAME/want.
With --write it writes that file; read it before you commit it.
"""
import difflib
import os
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))


def built(fixture, into):
    """For lint.globals: the fixture's objects in an archive."""
    cc = os.environ.get("CC", "cc")
    for name in sorted(os.listdir(fixture)):
        if name.endswith(".c"):
            obj = os.path.join(into, name + ".o")
            subprocess.run([cc, "-fPIE", "-c", "-o", obj,
                            os.path.join(fixture, name)], check=True)
            subprocess.run(["ar", "rc", os.path.join(into, "libgw_x.a"), obj],
                           check=True)
    return into


def main():
    name = sys.argv[1]
    fixture = os.path.join(HERE, "fixtures", name)
    with tempfile.TemporaryDirectory() as copy:
        tree = os.path.join(copy, "tree")
        if name == "globals":
            os.mkdir(tree)
            built(fixture, tree)
        else:
            shutil.copytree(fixture, tree)
            if os.path.exists(os.path.join(tree, "want")):
                os.remove(os.path.join(tree, "want"))
        p = subprocess.run([os.path.join(HERE, name + ".py"), tree],
                           capture_output=True, text=True, check=False)
    if p.returncode == 77:
        print(p.stdout, end="")
        sys.exit(77)
    if p.returncode != 1:
        print(f"{name}.py exits {p.returncode} on its fixture, not 1")
        print(p.stdout + p.stderr, end="")
        sys.exit(1)
    want = os.path.join(fixture, "want")
    if sys.argv[2:] == ["--write"]:
        with open(want, "w", encoding="utf-8") as f:
            f.write(p.stdout)
        return
    with open(want, encoding="utf-8") as f:
        wanted = f.read()
    diff = list(difflib.unified_diff(
        wanted.splitlines(), p.stdout.splitlines(), "wanted", "found",
        lineterm=""))
    print("\n".join(diff))
    sys.exit(1 if diff else 0)


main()
