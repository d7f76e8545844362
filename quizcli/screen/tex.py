"""LaTeX formulas as trees. Knows what formulas of deep learning use, and names what it does not know."""

from __future__ import annotations

import re
from typing import NamedTuple

from quizcli.screen import symbols
from quizcli.screen.symbols import Kind
from quizcli.text import tr

MAX_DEPTH = 40  # of groups within groups; a bank may be anybody's


class TexError(ValueError):
    """A formula that cannot be shown; the message says why, in the language in use."""


class Symbol(NamedTuple):
    """A letter, a number, a sign, a word or a space."""

    text: str
    kind: Kind


class Row(NamedTuple):
    """Things side by side."""

    items: tuple[Node, ...]


class Fraction(NamedTuple):
    """One above the other, with a line between, or without (in a binomial)."""

    above: Row
    below: Row
    line: bool = True


class Root(NamedTuple):
    """A square root, or the root of `degree`."""

    body: Row
    degree: Row | None = None


class Scripts(NamedTuple):
    """A base with what stands low and high at its right."""

    base: Node
    sub: Row | None = None
    sup: Row | None = None


class Accent(NamedTuple):
    """A hat, a bar, … over `body`; `name` as in LaTeX."""

    name: str
    body: Row


class Fence(NamedTuple):
    r"""\left…\right: fences as tall as what they enclose; "" for the invisible one."""

    left: str
    body: Row
    right: str


class Grid(NamedTuple):
    """A matrix, cases or aligned equations. `align` has a letter l, c or r for each column; it repeats."""

    rows: tuple[tuple[Row, ...], ...]
    align: str
    gap: int
    airy: bool = False  # with an empty row between two rows


class Stack(NamedTuple):
    """Things above and below; with `brace` a curly brace lies between."""

    body: Row
    above: Row | None = None
    below: Row | None = None
    brace: bool = False


Node = Symbol | Row | Fraction | Root | Scripts | Accent | Fence | Grid | Stack

_TOKEN = re.compile(r"\\operatorname\*|\\[A-Za-z]+|\\.|[0-9]+(?:\.[0-9]+)?|\s+|.", re.DOTALL)
_WORD_COMMANDS = ("text", "mathrm", "mathsf", "mathtt", "mathit", "textrm", "textbf", "textit", "texttt")
_ENDS = ("", "}", "\\right", "\\end", "&", "\\\\")  # what ends any group
_PLAIN_WORD = re.compile(r"[A-Za-z0-9 .-]*")
_MATRICES = {
    "matrix": ("", ""),
    "pmatrix": ("(", ")"),
    "bmatrix": ("[", "]"),
    "Bmatrix": ("{", "}"),
    "vmatrix": ("|", "|"),
    "Vmatrix": ("‖", "‖"),
}
_ALIGNED = ("aligned", "align", "align*", "split")


def parse(latex: str) -> Row:
    """The tree of a formula (without its dollars). Raises TexError."""
    parser = _Parser(_TOKEN.findall(latex.strip()))
    lines = [parser.row(())]
    while parser.take("\\\\"):
        lines.append(parser.row(()))
    if parser.peek():
        raise TexError(tr(f"unexpected {parser.peek()}", f"意外的 {parser.peek()}"))
    return lines[0] if len(lines) == 1 else Row((Grid(tuple((line,) for line in lines), "l", 1),))


class _Parser:
    """Recursive descent over the tokens."""

    def __init__(self, tokens: list[str]) -> None:
        self._tokens = tokens
        self._at = 0
        self._depth = 0
        self._font = ""

    def peek(self) -> str:
        """The next token, "" at the end."""
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def take(self, token: str) -> bool:
        """Whether `token` is next; if so, it is passed."""
        found = self.peek() == token
        self._at += found
        return found

    def row(self, ends: tuple[str, ...]) -> Row:
        """Nodes up to one of `ends` (which stays) or what can only end a group."""
        items: list[Node] = []
        while (token := self.peek()) not in _ENDS and token not in ends:
            if token in ("_", "^", "'"):
                items.append(self._scripts(items.pop() if items else Symbol("", "ord")))
            elif (node := self._node()) is not None:
                items.append(node)
        return Row(tuple(items))

    def _next(self) -> str:
        token = self.peek()
        self._at += 1
        return token

    def _skip_spaces(self) -> None:
        while self.peek().isspace():
            self._at += 1

    def _expect(self, wanted: str, after: str) -> None:
        self._skip_spaces()
        if self._next() != wanted:
            raise TexError(tr(f"{wanted} is missing after {after}", f"{after} 之后缺少 {wanted}"))

    def _node(self) -> Node | None:
        """The next thing; None for spaces and for commands that change nothing here."""
        if self._depth == MAX_DEPTH:
            raise TexError(tr("nested too deeply", "嵌套过深"))
        self._depth += 1
        node = self._thing(self._next())
        self._depth -= 1
        return node

    def _thing(self, token: str) -> Node | None:
        if token.isspace():
            return None
        if token == "{":
            row = self.row(())
            self._expect("}", "{")
            return row
        if token[0] == "\\":
            return self._command(token[1:])
        if token[0].isdigit():
            return Symbol(self._styled(token), "number")
        if token in symbols.CHARACTERS:
            return Symbol(*symbols.CHARACTERS[token])
        if not token.isprintable():
            raise TexError(tr("a control character", "含有控制字符"))
        return Symbol(self._styled(token), "ord")

    def _styled(self, text: str) -> str:
        return "".join(symbols.in_font(c, self._font) for c in text) if self._font else text

    def _argument(self, of: str) -> Row:
        """A group in braces, or one thing: \\frac12 is \\frac{1}{2}."""
        self._skip_spaces()
        token = self.peek()
        if token in _ENDS or token in ("_", "^"):
            raise TexError(tr(f"{of} lacks its argument", f"{of} 缺少参数"))
        if token[0].isdigit() and len(token) > 1:
            self._tokens[self._at : self._at + 1] = [token[0], token[1:]]
        node = self._node()
        if node is None:
            return Row(())
        return node if isinstance(node, Row) else Row((node,))

    def _scripts(self, base: Node) -> Node:
        """`base` with one more script; primes add up."""
        token = self._next()
        old = base if isinstance(base, Scripts) else Scripts(base)
        if token == "'":
            return old._replace(sup=Row((*(old.sup.items if old.sup else ()), Symbol("′", "ord"))))
        argument = self._argument(token)
        if token == "_" and old.sub is None:
            return old._replace(sub=argument)
        if token == "^" and (old.sup is None or old.sup.items[-1:] == (Symbol("′", "ord"),)):
            return old._replace(sup=Row((*(old.sup.items if old.sup else ()), *argument.items)))
        raise TexError(tr(f"two {token} on one base", f"同一底上有两个 {token}"))

    def _command(self, name: str) -> Node | None:
        """What a command with its arguments stands for."""
        if name in symbols.COMMANDS:
            text, kind = symbols.COMMANDS[name]
            return Symbol(self._styled(text), kind)
        if name in symbols.SPACES:
            return Symbol(" " * symbols.SPACES[name], "space")
        if name in symbols.IGNORED:
            return None
        if name in symbols.FONTS:
            outer, self._font = self._font, symbols.FONTS[name]
            argument = self._argument("\\" + name)
            self._font = outer
            return argument
        if name in symbols.ACCENTS:
            return Accent(name, self._argument("\\" + name))
        if name in _WORD_COMMANDS or name.startswith("operatorname"):
            return self._word(name)
        return self._structure(name)

    def _structure(self, name: str) -> Node | None:
        command = "\\" + name
        if name in ("frac", "dfrac", "tfrac"):
            return Fraction(self._argument(command), self._argument(command))
        if name == "binom":
            pair = Fraction(self._argument(command), self._argument(command), line=False)
            return Fence("(", Row((pair,)), ")")
        if name == "sqrt":
            return self._root()
        if name == "left":
            return self._fence()
        if name == "middle":
            return Symbol(self._delimiter(), "rel")
        if name == "begin":
            return self._environment()
        if name in ("underset", "overset", "stackrel"):
            script, body = self._argument(command), self._argument(command)
            return Stack(body, below=script) if name == "underset" else Stack(body, above=script)
        if name in ("underbrace", "overbrace"):
            return self._brace(name)
        raise TexError(tr(f"unknown command {command}", f"未知命令 {command}"))

    def _word(self, name: str) -> Node:
        """Upright text: one word where it is plain, else a row like any other."""
        self._skip_spaces()
        start = self._at
        if self.peek() == "{":
            content = self._braced_text()
            plain = re.sub(r"\\[,;: ]|~", " ", content).replace("\\_", "_").replace("\\%", "%")
            if name == "text" or _PLAIN_WORD.fullmatch(plain):
                if not plain.isprintable() or "\\" in plain or "$" in plain:
                    raise TexError(tr(f"\\{name} may hold plain text only", f"\\{name} 中只能是纯文本"))
                kinds: dict[str, Kind] = {"operatorname": "op", "operatorname*": "limits"}
                return Symbol(plain, kinds.get(name, "word"))
            self._at = start
        return self._argument("\\" + name)

    def _braced_text(self) -> str:
        """The source between braces, which are balanced."""
        self._next()
        parts: list[str] = []
        depth = 1
        while token := self._next():
            depth += (token == "{") - (token == "}")
            if not depth:
                return "".join(parts)
            parts.append(token)
        raise TexError(tr("} is missing", "缺少 }"))

    def _root(self) -> Root:
        self._skip_spaces()
        degree = None
        if self.take("["):
            degree = self.row(("]",))
            self._expect("]", "\\sqrt[")
        return Root(self._argument("\\sqrt"), degree)

    def _delimiter(self) -> str:
        self._skip_spaces()
        token = self._next()
        if token == ".":
            return ""
        text = symbols.COMMANDS.get(token[1:], ("", "ord"))[0] if token[:1] == "\\" else token
        if text not in symbols.TALL_FENCES and text not in ("⟨", "⟩", "/"):
            raise TexError(tr(f"{token or 'nothing'} is no fence", f"{token or '空'} 不能作定界符"))
        return text

    def _fence(self) -> Fence:
        left = self._delimiter()
        body = self.row(())
        self._expect("\\right", "\\left")
        return Fence(left, body, self._delimiter())

    def _brace(self, name: str) -> Stack:
        body = self._argument("\\" + name)
        mark = "_" if name == "underbrace" else "^"
        self._skip_spaces()
        label = self._argument(mark) if self.take(mark) else Row(())
        if name == "underbrace":
            return Stack(body, below=label, brace=True)
        return Stack(body, above=label, brace=True)

    def _environment(self) -> Node:
        self._expect("{", "\\begin")
        self._at -= 1
        name = self._braced_text()
        align = "c"
        if name == "array":
            self._expect("{", "\\begin{array}")
            self._at -= 1
            align = re.sub(r"[^lcr]", "", self._braced_text()) or "c"
        elif name not in _MATRICES and name not in _ALIGNED and name != "cases":
            raise TexError(tr(f"unknown environment {name}", f"未知环境 {name}"))
        rows: list[tuple[Row, ...]] = []
        cells: list[Row] = []
        while True:
            cells.append(self.row(()))
            token = self._next()
            if token == "&":
                continue
            if any(cell.items for cell in cells) or token != "\\end":  # a \\ after the last row opens none
                rows.append(tuple(cells))
            cells = []
            if token == "\\end":
                break
            if token != "\\\\":
                raise TexError(tr(f"\\end{{{name}}} is missing", f"缺少 \\end{{{name}}}"))
        self._expect("{", "\\end")
        self._at -= 1
        if self._braced_text() != name:
            raise TexError(tr(f"\\end{{{name}}} is missing", f"缺少 \\end{{{name}}}"))
        return _framed(name, tuple(rows), align)


def _framed(name: str, rows: tuple[tuple[Row, ...], ...], align: str) -> Node:
    if name in _MATRICES:
        left, right = _MATRICES[name]
        return Fence(left, Row((Grid(rows, "c", 2),)), right)
    if name == "cases":
        # Two cases are set apart, so that the brace has its point between them.
        return Fence("{", Row((Grid(rows, "l", 2, airy=len(rows) == 2),)), "")
    return Grid(rows, align, 2) if name == "array" else Grid(rows, "rl", 1)
