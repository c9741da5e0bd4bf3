#!/usr/bin/env python3
"""lint.manual: what an operator meets is in the manual, and nothing else is.

mcxgw.8 has an item for each verb and option (gateway/app), question of the
control socket, log event with its level and keys, JSON key, metric, check and
reason.  Each code of a mistake in a file has its item in one of the pages.
Where a section lists things of one sort, each item must be in the sources.
"""
import os
import re

import lintlib

PAGE = "doc/man/mcxgw.8"
TREES = ("adapters", "gateway", "include", "policy")
WORD = r"[a-z0-9]+(?:-[a-z0-9]+)*"
DOTTED = re.compile(rf"[a-z][a-z0-9]*(?:-[a-z0-9]+)*(?:\.{WORD})+")
LITERAL = re.compile(r'"((?:\\.|[^"\\])*)"')
# Dotted literals that are no codes: names of files and hosts.
NO_CODE = re.compile(r"\.(?:h|xml|xsd|def|example|invalid)$")


class Page:
    """A manual page as items: what follows ".It" by section."""

    def __init__(self, path, text):
        self.path, self.items = path, []
        section = sub = ""
        for n, line in enumerate(text.split("\n"), 1):
            if line.startswith((".Sh ", ".Ss ")):
                sub = line[4:] if line[1:3] == "Ss" else ""
                section = section if line[1:3] == "Ss" else line[4:]
            elif line.startswith(".It "):
                self.items.append(Item(section, sub, n, line[4:]))
            elif self.items and (section, sub) == self.items[-1].place:
                self.items[-1].text += line + "\n"

    def at(self, section, sub=None):
        return [i for i in self.items if i.section == section and
                (sub is None or i.sub == sub)]


class Item:
    def __init__(self, section, sub, line, head):
        self.section, self.sub, self.line = section, sub, line
        self.head, self.text = head, head + "\n"
        self.place = (section, sub)
        # ".It Cm name", ".It Fl c Ar FILE", ".It Fl -json"
        words = head.split()
        self.name = words[1] if len(words) > 1 else ""
        if words and words[0] == "Fl":
            self.name = "-" + self.name


def sources(root):
    for path in lintlib.files(root, ".c", ".h", ".def", under=TREES):
        yield path, lintlib.code(lintlib.read(root, path), strings=True)


def call_text(text, at):
    """What stands in the parentheses that open before at."""
    depth, i = 1, at
    plain = lintlib.code(text[at:at + 4000])
    for i, c in enumerate(plain):
        depth += (c in "([{") - (c in ")]}")
        if depth == 0:
            break
    return text[at:at + i]


EVENT = re.compile(r'\bLOG_(ERROR|WARN|INFO|DEBUG|)\s*\(')
LEVEL = re.compile(r"GW_LOG_(ERROR|WARN|INFO|DEBUG)")
KEY = re.compile(r'\bkv_(?:span|text|num|id|secret)\s*\(\s*"([^"]*)"')


def events(root):
    """event -> [places, levels, keys]"""
    found = {}
    for path, text in sources(root):
        if path == "include/mcxgw/log.h":
            continue
        for m in EVENT.finditer(text):
            args = call_text(text, m.end())
            names = [s for s in LITERAL.findall(args.split("kv_")[0])
                     if DOTTED.fullmatch(s)]
            levels = {m.group(1)} if m.group(1) else set(LEVEL.findall(args))
            for name in names:
                e = found.setdefault(name, ([], set(), set()))
                e[0].append((path, lintlib.line_of(text, m.start())))
                e[1].update(x.lower() for x in levels)
                e[2].update(KEY.findall(args))
    return found


def table(root, path, pattern):
    """Names that pattern finds in a file, with their places."""
    if not os.path.exists(os.path.join(root, path)):
        return {}
    text = lintlib.code(lintlib.read(root, path), strings=True)
    return {m.group(1): (path, lintlib.line_of(text, m.start(1)))
            for m in re.finditer(pattern, text)}


def between(root, path, begin, pattern):
    """The same, from the text begin to the next "};"."""
    text = lintlib.read(root, path) if os.path.exists(
        os.path.join(root, path)) else ""
    at = text.find(begin)
    end = text.find("};", at)
    return {m.group(1): (path, lintlib.line_of(text, at + m.start(1)))
            for m in re.finditer(pattern, text[at:end])} if at >= 0 else {}


def codes(root, log):
    """Codes of mistakes: dotted literals that are no log events."""
    found = {}
    for path, text in sources(root):
        for m in LITERAL.finditer(text):
            name = m.group(1)
            line_at = text.rfind("\n", 0, m.start()) + 1
            if text[line_at:m.start()].lstrip().startswith("#"):
                continue  # an include
            if DOTTED.fullmatch(name) and name.count(".") == 1 and \
                    name not in log and not NO_CODE.search(name):
                found.setdefault(
                    name, (path, lintlib.line_of(text, m.start())))
    return found


def compare(page, items, names, what, found):
    """Each name has an item, each item a name."""
    have = {i.name: i for i in items}
    for name, (path, line) in names.items():
        if name not in have:
            found.append((path, line,
                          f"{what} {name} is not in {page.path}"))
    for i in items:
        if i.name not in names:
            found.append((page.path, i.line,
                          f"{what} {i.name} is not in the sources"))


def check_commands(root, page, found):
    verbs = table(root, "gateway/app/main.c", r'\{\s*"([a-z]+)",\s*cmd_')
    subs = {i.sub for i in page.items if i.section == "COMMANDS"}
    for verb, (path, line) in verbs.items():
        if verb not in subs:
            found.append((path, line, f"verb {verb} is not in {page.path}"))
        options = table(root, f"gateway/app/cmd_{verb}.c",
                        r'\]\s*=\s*\{\s*"(-[^"]+)"')
        compare(page, [i for i in page.at("COMMANDS", verb)
                       if i.head.startswith("Fl ")],
                options, f"{verb}: option", found)
    for sub in sorted(subs - set(verbs) - {""}):
        line = page.at("COMMANDS", sub)[0].line
        found.append((page.path, line, f"verb {sub} is not in the sources"))
    compare(page, [i for i in page.at("COMMANDS", "ctl")
                   if i.head.startswith("Cm ")],
            table(root, "gateway/net/ctl.c",
                  r'\[CTL_[A-Z]+\]\s*=\s*"([^"]+)"'), "ctl: question", found)


def check_log(page, log, found):
    compare(page, page.at("LOG"), {k: v[0][0] for k, v in log.items()},
            "event", found)
    for i in page.at("LOG"):
        if i.name not in log:
            continue
        place, levels, keys = log[i.name]
        for level in sorted(levels):
            if not re.search(rf"\b{level}\b", i.head):
                found.append((page.path, i.line,
                              f"event {i.name} has the level {level}"))
        told = set(re.findall(r"[a-z][a-z0-9_]*",
                              " ".join(re.findall(r"^\.Va (.*)$", i.text,
                                                  re.M))))
        for key in sorted(keys - told):
            found.append((*place[0],
                          f"key {key} of {i.name} is not in {page.path}"))
        for key in sorted(told - keys):
            found.append((page.path, i.line,
                          f"event {i.name} has no key {key}"))


def check_json(root, page, found):
    """Keys that are literals, in what commands and the socket answer."""
    have = {i.name for i in page.items if i.head.startswith("Va ")}
    call = re.compile(r'\b(?:gw_json_[a-z]+|optional)\s*\('
                      r'[^;"]*?,\s*"([a-z_]+)"')
    literals = set()
    for path, text in sources(root):
        literals.update(re.findall(r'"([a-z_]+)"', text))
        if path.startswith(("include/", "gateway/base/json")):
            continue
        for m in call.finditer(text):
            if m.group(1) not in have:
                found.append((path, lintlib.line_of(text, m.start(1)),
                              f"JSON key {m.group(1)} is not in "
                              f"{page.path}"))
    for i in page.at("COMMANDS"):
        if i.head.startswith("Va ") and i.name not in literals:
            found.append((page.path, i.line,
                          f"JSON key {i.name} is not in the sources"))


def check_metrics(root, page, found):
    names = table(root, "gateway/core/metrics.def",
                  r'METRIC\([\w#]+,\s*\w+,\s*"(mcxgw_[a-z_]+)')
    for path, text in sources(root):
        for m in re.finditer(r'"(mcxgw_[a-z_]+)"', text):
            names.setdefault(m.group(1),
                             (path, lintlib.line_of(text, m.start(1))))
    compare(page, page.at("METRICS"), names, "metric", found)


def main():
    root = lintlib.root()
    found = []
    pages = [Page(p, lintlib.read(root, p)) for p in
             lintlib.files(root, under=("doc/man",))
             if re.search(r"\.[1-9]$", p)]
    page = next((p for p in pages if p.path == PAGE), Page(PAGE, ""))
    log = events(root)
    check_commands(root, page, found)
    check_log(page, log, found)
    check_json(root, page, found)
    check_metrics(root, page, found)
    verdict = "gateway/base/verdict.c"
    compare(page, page.at("DECISIONS", "Checks"),
            between(root, verdict, "checks[", r'\{ "([a-z-]+)"'), "check",
            found)
    compare(page, page.at("DECISIONS", "Reasons"),
            between(root, verdict, "reasons[", r'= "([a-z-]+)"'), "reason",
            found)
    compare(page, page.at("DECISIONS", "Reasons of redirects"),
            table(root, "gateway/codec/krr/krr_why.def",
                  r'KRR_WHY\(\w+,\s*"([a-z0-9-]+)"'), "reason", found)
    known = codes(root, log)
    items = [(p, i) for p in pages for i in p.items
             if i.head.startswith("Cm ") and DOTTED.fullmatch(i.name)]
    have = {i.name for _, i in items}
    for code, (path, line) in known.items():
        if code not in have:
            found.append((path, line, f"code {code} is in no manual page"))
    for p, i in items:
        if i.name not in known:
            found.append((p.path, i.line,
                          f"code {i.name} is not in the sources"))
    lintlib.finish(found)


main()
