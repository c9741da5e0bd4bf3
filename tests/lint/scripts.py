#!/usr/bin/env python3
"""lint.scripts: shell scripts pass their shell's -n, and shellcheck if it is
there; Python compiles; what begins with #! is executable."""
import os
import re
import shutil
import subprocess

import lintlib


def first_line(root, path):
    with open(os.path.join(root, path), "rb") as f:
        return f.readline(200).decode("utf-8", "replace").rstrip()


def run(args, root):
    return subprocess.run(args, cwd=root, capture_output=True, text=True,
                          check=False)


def check_shell(root, path, shell):
    p = run([shell, "-n", path], root)
    if p.returncode != 0:
        m = re.search(r"(\d+)", p.stderr.split(path)[-1])
        return [(path, int(m.group(1)) if m else 1,
                 f"{shell} -n: {p.stderr.strip().splitlines()[0]}")]
    if shutil.which("shellcheck") is None:
        return []
    p = run(["shellcheck", "-f", "gcc", "-S", "warning", "-x", "-s", shell,
             path], root)
    return [(path, int(m.group(1)), m.group(2)) for m in re.finditer(
        r"^[^:\n]+:(\d+):\d+: \w+: (.*)$", p.stdout, re.M)]


def check_python(root, path):
    try:
        compile(lintlib.read(root, path), path, "exec")
    except SyntaxError as e:
        return [(path, e.lineno or 1, f"Python: {e.msg}")]
    return []


def main():
    root = lintlib.root()
    found = []
    for path in lintlib.files(root):
        line = first_line(root, path)
        if path.endswith(".py"):
            found += check_python(root, path)
        if not line.startswith("#!"):
            continue
        if not os.access(os.path.join(root, path), os.X_OK):
            found.append((path, 1, "begins with #! but is not executable"))
        m = re.search(r"\b(sh|bash|dash)\b", line)
        if m:
            found += check_shell(root, path, m.group(1))
        elif "python" in line and not path.endswith(".py"):
            found += check_python(root, path)
    lintlib.finish(found)


main()
