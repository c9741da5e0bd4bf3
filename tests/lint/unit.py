#!/usr/bin/env python3
"""lint.unit: systemd accepts the units of conf/systemd, and finds little that
the service could do beyond its task."""
import os
import re
import shutil
import subprocess
import tempfile

import lintlib

EXPOSURE_MAX = 20  # tenths; systemd calls 20 and below "OK" to "SAFE"


def analyze(args):
    p = subprocess.run(["systemd-analyze", *args], capture_output=True,
                       text=True, check=False,
                       env={**os.environ, "SYSTEMD_COLORS": "0"})
    return p.returncode, (p.stdout + p.stderr).strip()


def check(root, path):
    """The program need not be installed: /bin/true stands for it."""
    text = re.sub(r"/usr/bin/mcxgw", "/bin/true", lintlib.read(root, path))
    found = []
    with tempfile.TemporaryDirectory() as folder:
        copy = os.path.join(folder, os.path.basename(path))
        with open(copy, "w", encoding="utf-8") as f:
            f.write(text)
        status, said = analyze(["verify", "--man=no", copy])
        lines = [x for x in said.splitlines() if copy in x or
                 os.path.basename(path) in x]
        found += [(path, 1, re.sub(r"^\S*?" + re.escape(
            os.path.basename(path)) + r"[: ]*", "", x)) for x in lines]
        if status != 0 and not found:
            lintlib.skip(f"systemd-analyze verify: {said}")
        status, said = analyze(["security", "--offline=true", "--no-pager",
                                f"--threshold={EXPOSURE_MAX}", copy])
        # The level is in 0.0 to 10.0; the threshold in 0 to 100.
        if status != 0:
            level = re.search(r"exposure level for \S+ ([\d.]+)", said)
            found.append((path, 1, "its exposure level is " + (
                level.group(1) if level else "unknown")))
    return found


def main():
    root = lintlib.root()
    if shutil.which("systemd-analyze") is None:
        lintlib.skip("no systemd-analyze")
    found = []
    for path in lintlib.files(root, ".service", under=("conf/systemd",)):
        found += check(root, path)
    lintlib.finish(found)


main()
