"""What the lints share: the list of files, C text without its comments, the
functions of a file, and the way findings are reported.

A lint is a program with one argument, the root of the tree it reads.  It
prints one finding a line, "file:line: what is wrong", and exits 1 if there
was one, 0 if not, 77 (skipped, for ctest) if a tool it needs is missing.
"""
import os
import re
import sys

SKIPPED = 77

# Never part of the project's own text.
SKIP_DIRS = {"build", "fixtures", "corpus", "__pycache__", "node_modules"}


def files(root, *suffixes, under=("",)):
    """Paths relative to root, sorted, that end with one of the suffixes."""
    found = []
    for top in under:
        for here, dirs, names in os.walk(os.path.join(root, top)):
            dirs[:] = sorted(d for d in dirs
                             if d not in SKIP_DIRS and d != ".git")
            for name in names:
                if not suffixes or name.endswith(suffixes):
                    path = os.path.join(here, name)
                    if os.path.isfile(path):
                        found.append(os.path.relpath(path, root))
    return sorted(set(found))


def read(root, path):
    with open(os.path.join(root, path), encoding="utf-8") as f:
        return f.read()


def under(path, folder):
    """Is path the folder (or file) itself, or inside it?"""
    return path == folder or path.startswith(folder + "/")


TOKEN = re.compile(
    r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)


def blank(text):
    """text with each octet replaced by a space, lines kept."""
    return re.sub(r"[^\n]", " ", text)


def code(text, strings=False):
    """C text with comments blanked, and literals unless strings is set.
    Offsets and line numbers stay what they were."""
    def replace(m):
        s = m.group(0)
        if s[0] == "/":
            return blank(s)
        return s if strings else s[0] + blank(s[1:-1]) + s[-1]
    return TOKEN.sub(replace, text)


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1


class Function:
    """A definition: name, first line (its return type), last line, and the
    offsets of its body in the file's text."""

    def __init__(self, name, first, last, start, end):
        self.name, self.first, self.last = name, first, last
        self.start, self.end = start, end

    @property
    def lines(self):
        return self.last - self.first + 1


def functions(text):
    """The functions of a file laid out by .clang-format: the body's braces
    stand alone in the first column."""
    plain = code(text)
    found = []
    for m in re.finditer(r"^\{[ \t]*$", plain, re.M):
        before = plain[:m.start()].rstrip()
        if not before.endswith(")"):
            continue  # struct, enum, initialiser
        # Back to the end of what stands before the definition.
        cut = max(before.rfind(";\n"), before.rfind("}\n"),
                  before.rfind("\n\n"), before.rfind("*/\n"))
        for d in re.finditer(r"^#.*$", before, re.M):
            cut = max(cut, d.end())
        head_at = cut + 1
        head = before[head_at:]
        head_at += len(head) - len(head.lstrip())
        head = re.sub(r"__attribute__\s*\(\(.*?\)\)", "", head, flags=re.S)
        name = re.search(r"([A-Za-z_]\w*)\s*\(", head)
        close = re.compile(r"^\}", re.M).search(plain, m.end())
        if name is None or close is None:
            continue
        found.append(Function(name.group(1), line_of(plain, head_at),
                              line_of(plain, close.start()),
                              m.start(), close.end()))
    return found


def finish(found):
    """Print findings, sorted by place, and exit."""
    for path, line, what in sorted(found):
        print(f"{path}:{line}: {what}")
    sys.exit(1 if found else 0)


def skip(why):
    print(f"skipped: {why}")
    sys.exit(SKIPPED)


def root():
    if len(sys.argv) != 2 or not os.path.isdir(sys.argv[1]):
        print(f"usage: {os.path.basename(sys.argv[0])} ROOT", file=sys.stderr)
        sys.exit(2)
    return sys.argv[1]
