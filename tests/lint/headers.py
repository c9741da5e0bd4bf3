#!/usr/bin/env python3
"""lint.headers: each header compiles alone and has a guard of its name."""
import concurrent.futures
import os
import re
import shutil
import subprocess

import lintlib

FLAGS = ["-std=c17", "-D_POSIX_C_SOURCE=200809L", "-fsyntax-only", "-x", "c",
         "-Wall", "-Wextra", "-Wstrict-prototypes", "-Wundef", "-Werror",
         "-Wno-unused-function"]


def packages():
    """Include paths of the libraries our headers may name."""
    if shutil.which("pkg-config") is None:
        return []
    p = subprocess.run(["pkg-config", "--cflags", "libxml-2.0", "openssl"],
                       capture_output=True, text=True, check=False)
    return p.stdout.split() if p.returncode == 0 else []


def compiles(root, cc, extra, path):
    p = subprocess.run(
        [cc, *FLAGS, "-Iinclude", "-Igateway", "-I.", "-Itests", *extra, "-"],
        input=f'#include "{path}"\n#include "{path}"\n', cwd=root,
        env={**os.environ, "LC_ALL": "C"},
        capture_output=True, text=True, check=False)
    if p.returncode == 0:
        return []
    first = next((x for x in p.stderr.splitlines() if "error" in x),
                 p.stderr.strip())
    m = re.match(r"(?:\./)?([^:]+):(\d+):(?:\d+:)? *(.*)", first)
    if m and m.group(1) == path:
        return [(path, int(m.group(2)),
                 f"does not compile alone: {m.group(3)}")]
    return [(path, 1, f"does not compile alone: {first}")]


def guarded(root, path):
    name = os.path.basename(path).upper().replace(".", "_")
    if lintlib.under(path, "include/mcxgw"):
        name = "MCXGW_" + name
    text = lintlib.code(lintlib.read(root, path)).strip()
    if re.match(rf"#ifndef {name}\n#define {name}\n", text) and \
            text.endswith("#endif"):
        return []
    return [(path, 1, f"has no include guard {name} around it")]


def main():
    root = lintlib.root()
    cc = os.environ.get("CC", "cc")
    if shutil.which(cc) is None:
        lintlib.skip(f"no compiler {cc}")
    extra = packages()
    headers = lintlib.files(root, ".h")
    found = []
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for wrong in pool.map(lambda p: compiles(root, cc, extra, p), headers):
            found += wrong
    for path in headers:
        found += guarded(root, path)
    lintlib.finish(found)


main()
