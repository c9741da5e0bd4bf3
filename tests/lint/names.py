#!/usr/bin/env python3
"""lint.names: names that operators search for are spelled alike.

Log events and the codes of mistakes in files are literals of the form
area.what: lower case, dots, dashes.  Keys of log lines are lower case with
underscores.  A literal code is what makes the manual's list of them true.
"""
import re

import lintlib

EVENT = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*(\.[a-z0-9]+(-[a-z0-9]+)*)+")
KEY = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
LITERAL = re.compile(r'"([^"]*)"')

# function, which argument, what it is, its form
CALLS = [
    (re.compile(r"\bLOG_(?:ERROR|WARN|INFO|DEBUG)\s*\("), 0, "event", EVENT),
    (re.compile(r"\bgw_log\s*\("), 1, "event", EVENT),
    (re.compile(r"\bkv_(?:span|text|num|id|secret)\s*\("), 0, "key", KEY),
    (re.compile(r"\bgw_diag_(?:error|warning)\s*\("), 2, "code", EVENT),
]
# Declarations, and wrappers that hand a literal on.
EXEMPT = ("include/mcxgw/log.h", "include/mcxgw/diag.h",
          "gateway/base/log.c", "gateway/base/diag.c")


def arguments(text, at):
    """The arguments of the call whose '(' ends at at; literals are whole."""
    args, depth, start, i, quote = [], 0, at, at, None
    while i < len(text):
        c = text[i]
        if quote:
            if c == "\\":
                i += 1
            elif c == quote:
                quote = None
        elif c in "\"'":
            quote = c
        elif c in "([{":
            depth += 1
        elif c in ")]}":
            if depth == 0:
                return args + [text[start:i].strip()]
            depth -= 1
        elif c == "," and depth == 0:
            args.append(text[start:i].strip())
            start = i + 1
        i += 1
    return args


def wrong(arg, what, form):
    """Every literal in arg (a choice may have two) has the form.  A name
    instead of a literal is the parameter of a wrapper, or a table."""
    literals = LITERAL.findall(arg)
    if not literals:
        return None if what != "event" else \
            f"the event {arg} is not a literal"
    for s in literals:
        if not form.fullmatch(s):
            return f'the {what} "{s}" is not spelled as it should be'
    return None


def main():
    root = lintlib.root()
    found = []
    for path in lintlib.files(root, ".c", ".h",
                              under=("include", "gateway", "policy",
                                     "adapters")):
        if path in EXEMPT:
            continue
        text = lintlib.code(lintlib.read(root, path), strings=True)
        for call, index, what, form in CALLS:
            for m in call.finditer(text):
                args = arguments(text, m.end())
                if len(args) <= index:
                    continue
                problem = wrong(args[index], what, form)
                if problem:
                    found.append((path, lintlib.line_of(text, m.start()),
                                  problem))
    lintlib.finish(found)


main()
