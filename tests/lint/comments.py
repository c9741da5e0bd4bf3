#!/usr/bin/env python3
"""lint.comments: a header is the documentation.

Every file of ours begins with a comment that says what it is.  Every function
that a header declares has a comment: its own, or that of the paragraph it
stands in.  Those whose last word has one meaning everywhere (CONTRIBUTING.md)
need none, nor do inline functions that say all in a few lines.  A TODO carries
the number of its issue.
"""
import os
import re

import lintlib

PLAIN = ("_new", "_free", "_init", "_clear", "_reset", "_ref", "_unref",
         "_open", "_close", "_main")
INLINE_MAX = 8
DECLARES = re.compile(r"^[A-Za-z_][\w \t\*]*?[\s\*](\w+)\s*\(", re.S)
TODO = re.compile(r"\b(TODO|FIXME|XXX)\b(?![^\n]*#\d)")


def paragraphs(text):
    """(line, text) of the runs between blank lines; a comment and a braced
    body are never torn apart."""
    start, current, depth, inside = 1, [], 0, False
    for number, line in enumerate(text.split("\n"), 1):
        bare = lintlib.TOKEN.sub("", line)
        if line.strip() == "" and depth == 0 and not inside:
            if current:
                yield start, "\n".join(current)
            current, start = [], number + 1
            continue
        if not current:
            start = number
        current.append(line)
        inside = "/*" in bare or (inside and "*/" not in bare)
        depth += bare.count("{") - bare.count("}")
    if current:
        yield start, "\n".join(current)


def statements(plain):
    """(offset, text, lines) of what stands at depth 0, up to ';' or to the
    end of a body; text is without the body."""
    depth, start, head = 0, 0, 0
    for i, c in enumerate(plain):
        if c == "{":
            if depth == 0:
                head = i
            depth += 1
        elif c == "}":
            depth -= 1
            if depth == 0:
                whole = plain[start:i + 1].strip()
                yield start, plain[start:head], whole.count("\n") + 1
                start = i + 1
        elif c == ";" and depth == 0:
            yield start, plain[start:i], 1
            start = i + 1


def undocumented(path, text):
    text = re.sub(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*$",
                  lambda m: lintlib.blank(m.group(0)), text, flags=re.M)
    after_comment = False
    for first, para in paragraphs(text):
        plain = lintlib.code(para)
        documented = after_comment or plain.strip() != para.strip()
        after_comment = plain.strip() == ""
        for offset, s, lines in statements(plain):
            s = re.sub(r"__attribute__\s*\(\(.*?\)\)", "", s, flags=re.S)
            if re.match(r"\s*(typedef|struct\s+\w+\s*$|enum\s+\w*\s*$|extern)",
                        s) or "(" not in s or "=" in s:
                continue
            if re.match(r"\s*static inline\b", s) and lines <= INLINE_MAX:
                continue
            m = DECLARES.match(s.strip())
            if m and not documented and not m.group(1).endswith(PLAIN):
                at = first + para.count(
                    "\n", 0, para.find(m.group(1), offset))
                yield path, at, f"{m.group(1)}() has no comment"


def main():
    root = lintlib.root()
    found = []
    for path in lintlib.files(root, ".c", ".h", ".def"):
        text = lintlib.read(root, path)
        if not text.startswith("/*"):
            found.append((path, 1, "does not begin with what it is"))
        if path.endswith(".h"):
            found += undocumented(path, text)
        for m in TODO.finditer(text):
            found.append((path, lintlib.line_of(text, m.start()),
                          f"{m.group(1)} without the number of an issue"))
    lintlib.finish(found)


main()
