# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
"""Enough of C to measure it: comments, tokens, functions, nesting. For the checks of script/.

It is no compiler. It reads what this tree's style allows (one declaration a line, no macros that open a brace they do
not close) and counts; the compilers have said before that the text is C.
"""
import fnmatch
import re
import subprocess

TOKEN = re.compile(
    r"(?P<comment>//[^\n]*|/\*.*?\*/)"
    r"|(?P<string>\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*')"
    r"|(?P<directive>^[ \t]*\#(?:\\\n|//[^\n]*|/\*.*?\*/|[^\n])*)"
    r"|(?P<word>[A-Za-z_]\w*)"
    r"|(?P<number>\d[\w.]*)"
    r"|(?P<mark>->|[-+*/%&|^=!<>]=|&&|\|\||\S)",
    re.DOTALL | re.MULTILINE,
)
UNTRACKED = re.compile(r"(^|/)(\.git|\.cache|__pycache__)/|^build/|\.o$")
CONTROL = {"if", "for", "while", "switch"}
# Each is one way more through a function, as McCabe counts; a do-while by its while, a switch by its cases.
WAYS = {"if", "for", "while", "case", "&&", "||", "?"}


class Token:
    __slots__ = ("kind", "text", "line")

    def __init__(self, kind, text, line):
        self.kind, self.text, self.line = kind, text, line


def tracked(root, *patterns):
    """The files of the tree that are committed or about to be, in order; of a tree without git, all but what is built."""
    command = ["git", "-C", str(root), "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *patterns]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode == 0:
        names = set(done.stdout.split("\0")) - {""}
    else:
        names = {path.relative_to(root).as_posix() for path in root.rglob("*")}
        names = {name for name in names if not UNTRACKED.search(name) and
                 (not patterns or any(fnmatch.fnmatch(name, pattern) or name.startswith(f"{pattern}/") for pattern in patterns))}
    return sorted(name for name in names if (root / name).is_file())


def scan(text):
    """All tokens with their lines, comments and directives among them."""
    tokens, line, at = [], 1, 0
    for match in TOKEN.finditer(text):
        line += text.count("\n", at, match.start())
        at = match.start()
        tokens.append(Token(match.lastgroup, match.group(), line))
    return tokens


def code(tokens):
    return [token for token in tokens if token.kind not in ("comment", "directive")]


def closing(tokens, at):
    """The place of the bracket that closes the one at the given place."""
    depth = 0
    for place in range(at, len(tokens)):
        if tokens[place].kind == "mark" and tokens[place].text in "([{":
            depth += 1
        elif tokens[place].kind == "mark" and tokens[place].text in ")]}":
            depth -= 1
            if depth == 0:
                return place
    raise ValueError(f"line {tokens[at].line}: '{tokens[at].text}' is never closed")


def parameters(tokens, opening):
    """(how many, whether the last one is the error) of a parameter list."""
    end, depth, commas = closing(tokens, opening), 0, 0
    inner = tokens[opening + 1:end]
    for token in inner:
        if token.text in ("(", "[", "{"):
            depth += 1
        elif token.text in (")", "]", "}"):
            depth -= 1
        elif token.text == "," and depth == 0:
            commas += 1
    if not inner or [token.text for token in inner] == ["void"]:
        return 0, False
    return commas + 1, [token.text for token in inner[-4:]] == ["struct", "err", "*", "err"]


class Function:
    def __init__(self, name, line, end, params, has_err, nesting, ways):
        self.name, self.line, self.end, self.nesting, self.ways = name, line, end, nesting, ways
        self.params, self.has_err = params, has_err
        self.lines = end - line + 1


class Statements:
    """Walks the statements of a body and keeps the deepest nesting of control statements."""

    def __init__(self, tokens):
        self.tokens, self.deepest = tokens, 0

    def block(self, at, depth):
        """From behind a '{' to behind its '}'."""
        while self.tokens[at].text != "}":
            at = self.statement(at, depth)
        return at + 1

    def statement(self, at, depth):
        text = self.tokens[at].text
        if text == "{":
            return self.block(at + 1, depth)
        if text in CONTROL:
            return self.controlled(at, depth)
        if text == "do":
            at = self.nested(at + 1, depth)
            return self.plain(at)
        if text in ("case", "default"):
            while self.tokens[at].text != ":":
                at += 1
            return at + 1
        return self.loop_macro(at, depth) or self.plain(at)

    def controlled(self, at, depth):
        at = self.nested(closing(self.tokens, at + 1) + 1, depth)
        while self.tokens[at].text == "else":
            if self.tokens[at + 1].text == "if":  # a chain is one level
                at = self.nested(closing(self.tokens, at + 2) + 1, depth)
            else:
                return self.nested(at + 1, depth)
        return at

    def nested(self, at, depth):
        self.deepest = max(self.deepest, depth + 1)
        return self.statement(at, depth + 1)

    def loop_macro(self, at, depth):
        """NAME(...) followed by a block is a loop of some library; return (struct x){...} is none."""
        if self.tokens[at].kind != "word" or self.tokens[at].text == "return" or self.tokens[at + 1].text != "(":
            return None
        end = closing(self.tokens, at + 1)
        return self.nested(end + 1, depth) if self.tokens[end + 1].text == "{" else None

    def plain(self, at):
        while self.tokens[at].text != ";":
            at = closing(self.tokens, at) if self.tokens[at].text in ("(", "[", "{") else at
            at += 1
        return at + 1


def functions(tokens):
    """The functions that a file defines; tokens as code() gives them."""
    found, at, start = [], 0, 0
    while at < len(tokens):
        text = tokens[at].text
        if text == "{":
            end = closing(tokens, at)
            head = tokens[start:at]
            opening = next((i for i, token in enumerate(head) if token.text == "("), None)
            if opening and tokens[at - 1].text == ")" and "=" not in [token.text for token in head]:
                walk = Statements(tokens)
                walk.block(at + 1, 0)
                params, has_err = parameters(head, opening)
                ways = 1 + sum(token.text in WAYS for token in tokens[at:end])
                found.append(Function(head[opening - 1].text, head[0].line, tokens[end].line, params, has_err, walk.deepest, ways))
                start = end + 1
            at = end
        elif text == ";":
            start = at + 1
        at += 1
    return found


def declarations(tokens):
    """(name, line, parameters, has_err) of the functions that a header declares."""
    found, start, at = [], 0, 0
    while at < len(tokens):
        if tokens[at].text == "{":
            at = closing(tokens, at)
        elif tokens[at].text == ";":
            head = tokens[start:at]
            opening = next((i for i, token in enumerate(head) if token.text == "("), None)
            if opening and head[0].text not in ("typedef", "struct cleanup_swallows_semicolon") and head[opening - 1].kind == "word":
                found.append((head[opening - 1].text, head[0].line, *parameters(head, opening)))
            start = at + 1
        at += 1
    return found


def includes(text):
    """(line, name, whether in quotes) of each #include."""
    pattern = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(?:"([^"]+)"|<([^>]+)>)', re.MULTILINE)
    return [(text.count("\n", 0, match.start()) + 1, match.group(1) or match.group(2), bool(match.group(1)))
            for match in pattern.finditer(text)]
