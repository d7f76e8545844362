"""LaTeX formulas as trees. Knows what formulas of deep learning use, and names what it does not know."""

from __future__ import annotations

import re

from quizcli.screen.latex import macros, symbols
from quizcli.screen.latex.environments import (
    WITH_COLUMNS,
    Cells,
    as_cases,
    framed,
    is_known,
    lines,
    plain_name,
)
from quizcli.screen.latex.rows import INFIX, PRIME, accented, add, classed, infix, negated, paired, unwrapped
from quizcli.screen.latex.symbols import Kind
from quizcli.screen.latex.text import read_text_words
from quizcli.screen.latex.tokens import Tokens, tokens
from quizcli.screen.latex.tree import (
    EMPTY,
    Arrow,
    BoxedFormula,
    Delimiter,
    Fence,
    Fraction,
    Node,
    Root,
    Row,
    Scripts,
    Stack,
    Symbol,
    TexError,
)
from quizcli.text import tr

MAX_DEPTH = 40  # of groups within groups; a bank may be anybody's

_ENDS = ("", "}", "\\right", "\\end", "&", "\\\\")  # what ends any group
_SIZE = re.compile(r"(?:big|Big|bigg|Bigg)([lrm]?)")
_LENGTH = re.compile(r"(-?[0-9.]*)\s*([a-z]{0,2})")
_SPACE_OF_LENGTH = ("hspace", "hspace*", "mspace", "kern", "mkern", "hskip", "mskip")
_CELLS = {"em": 2.0, "ex": 1.0, "pt": 0.2, "mu": 0.11, "cm": 5.7, "mm": 0.57, "in": 14.5, "px": 0.15}
_ANGLES = {"<": "⟨", ">": "⟩"}  # where a fence is meant
_OPERATORS: dict[str, Kind] = {
    "operatorname": "op",
    "operatorname*": "limits",
    "operatornamewithlimits": "limits",
}


def parse(latex: str) -> Row:
    """The tree of a formula (without its dollars). Raises TexError."""
    return _whole(latex, 0)


def _whole(latex: str, depth: int) -> Row:
    parser = _Parser(latex, depth)
    row = parser.lines()
    if parser.peek():
        raise TexError(tr(f"unexpected {parser.peek()}", f"意外的 {parser.peek()}"))
    return row


class _Parser(Tokens):
    """Recursive descent over the tokens."""

    def __init__(self, latex: str, depth: int) -> None:
        super().__init__(tokens(latex))
        self._depth = depth
        self._font = ""

    def lines(self, align: str = "l") -> Row:
        """A row, or several under one another where their ends are marked."""
        found = [self.row(())]
        while self.take("\\\\"):
            found.append(self.row(()))
        if len(found) > 1 and not found[-1].items:  # what ends the last line opens none
            found.pop()
        return found[0] if len(found) == 1 else Row((lines([(line,) for line in found], align),))

    def row(self, ends: tuple[str, ...]) -> Row:
        """Nodes up to one of `ends` (which stays) or what can only end a group; old fonts hold so far."""
        items: list[Node] = []
        tags: list[Node] = []
        font = self._font
        while (token := self.peek()) not in _ENDS and token not in ends:
            if token in ("_", "^", "'"):
                items.append(self._scripts(items.pop() if items else Symbol("", "ord")))
            elif token in INFIX:
                items = [infix(self.next(), Row(tuple(items)), self.row((*ends, *INFIX)))]
                if self.peek() in INFIX:
                    raise TexError(tr(f"two {token} in one group", f"同一组中有两个 {token}"))
            elif token in ("\\tag", "\\tag*"):
                tags = self._tag(self.next())
            elif (node := self._node()) is not None:
                add(items, node, upright=self._font == "rm")
        self._font = font
        return Row((*paired(items), *tags))

    def _node(self) -> Node | None:
        """The next thing; None for spaces and for commands that change nothing here."""
        if self._depth >= MAX_DEPTH:
            raise TexError(tr("nested too deeply", "嵌套过深"))
        self._depth += 1
        node = self._thing(self.next())
        self._depth -= 1
        return node

    def _thing(self, token: str) -> Node | None:
        if token.isspace():
            return None
        if token == "{":
            row = self.lines()
            self.expect("}", "{")
            return unwrapped(row)
        if token[0] == "\\":
            return self._command(token[1:])
        if token[0].isdigit():
            return Symbol(self._styled(token), "number")
        if token in symbols.CHARACTERS:
            return Symbol(*symbols.CHARACTERS[token])
        if not token.isprintable():
            raise TexError(tr("a control character", "含有控制字符"))
        return self._letter(token, "ord")

    def _letter(self, text: str, kind: Kind) -> Symbol:
        upright = self._font == "rm" and kind == "ord" and text.isalpha()
        return Symbol(self._styled(text), "word" if upright else kind)

    def _styled(self, text: str) -> str:
        return "".join(symbols.in_font(c, self._font) for c in text) if self._font else text

    def _argument(self, of: str) -> Row:
        r"""A group in braces, or one thing: \frac12 is \frac{1}{2}."""
        self.skip_spaces()
        token = self.peek()
        if token in _ENDS or token in ("_", "^"):
            raise TexError(tr(f"{of} lacks its argument", f"{of} 缺少参数"))
        self.first_digit()
        node = self._node()
        if node is None:
            return EMPTY
        return node if isinstance(node, Row) else Row((node,))

    def _scripts(self, base: Node) -> Node:
        """`base` with one more script; primes add up."""
        token = self.next()
        old = base if isinstance(base, Scripts) else Scripts(base)
        if token == "'":
            return old._replace(sup=Row((*(old.sup.items if old.sup else ()), PRIME)))
        argument = self._argument(token)
        if token == "_" and old.sub is None:
            return old._replace(sub=argument)
        if token == "^" and (old.sup is None or old.sup.items[-1:] == (PRIME,)):
            return old._replace(sup=Row((*(old.sup.items if old.sup else ()), *argument.items)))
        raise TexError(tr(f"two {token} on one base", f"同一底上有两个 {token}"))

    def _command(self, name: str) -> Node | None:
        """What a command with its arguments stands for."""
        command = "\\" + name
        if name in symbols.COMMANDS:
            return self._letter(*symbols.COMMANDS[name])
        if name in symbols.SPACES:
            return Symbol(" " * symbols.SPACES[name], "space")
        if name in symbols.FONTS:
            return self._in_font(name)
        if name in symbols.SWITCHES:
            self._font = symbols.SWITCHES[name]
            return None
        if name in symbols.ACCENTS:
            return accented(name, self._argument(command))
        if name in symbols.FRAMES_OF_TEXT:
            self._pass(command, symbols.FRAMES_OF_TEXT[name])
            return BoxedFormula(Row((self._text(command),)))
        if name in symbols.TEXTS or name == "colorbox":
            self._pass(command, name == "colorbox")
            return self._text(command)
        if name in _OPERATORS:
            return self._operator(name)
        if name in symbols.CLASSES:
            return classed(self._argument(command), symbols.CLASSES[name])
        if size := _SIZE.fullmatch(name):
            return self._large(size[1])
        if name in symbols.IGNORED or name in symbols.UNSEEN:
            self._unseen(name)
            return None
        return self._structure(name)

    def _structure(self, name: str) -> Node | None:
        command = "\\" + name
        match name:
            case "frac" | "dfrac" | "tfrac" | "cfrac" | "sfrac" | "nicefrac":
                self.option()
                return Fraction(self._argument(command), self._argument(command))
            case "binom" | "dbinom" | "tbinom":
                return infix("\\choose", self._argument(command), self._argument(command))
            case "genfrac":
                return self._general_fraction()
            case "sqrt":
                return self._root()
            case "left":
                return self._fence()
            case "middle":
                return Delimiter(self._delimiter(), "rel")
            case "begin":
                return self._environment()
            case "not":
                return negated(Row(self._argument(command).items[:1]))
            case "substack":
                self.expect("{", command)
                body = self.lines("c")
                self.expect("}", command)
                return body
        return self._placed(name)

    def _placed(self, name: str) -> Node | None:
        """Things above and below others, and what is shown as it is."""
        command = "\\" + name
        if name in ("underset", "overset", "stackrel"):
            script, body = self._argument(command), self._argument(command)
            return Stack(body, below=script) if name == "underset" else Stack(body, above=script)
        if name in ("underbrace", "overbrace"):
            return self._brace(name)
        if name in macros.NAMES:
            self.insert(macros.expanded(name, self))
            return self._node()
        if name in symbols.ARROWS:
            below = _whole(self.option(), self._depth)
            return Arrow(symbols.ARROWS[name], self._argument(command), below)
        if name in symbols.PLAIN:
            self._pass(command, symbols.PLAIN[name])
            return unwrapped(self._argument(command))
        if name in symbols.FRAMES:
            return BoxedFormula(self._argument(command))
        if name in _SPACE_OF_LENGTH:
            return self._space(name)
        if name in ("pmod", "pod", "bmod", "mod"):
            return self._modulo(name)
        raise TexError(tr(f"unknown command {command}", f"未知命令 {command}"))

    def _in_font(self, name: str) -> Node:
        outer, self._font = self._font, symbols.FONTS[name]
        argument = self._argument("\\" + name)
        self._font = outer
        return unwrapped(argument)

    def _text(self, command: str) -> Node:
        r"""What \text holds: one word, or words with formulas between them."""
        self.skip_spaces()
        if self.peek() != "{":
            return self._argument(command)
        depth = self._depth + 1
        row = read_text_words(self.source(command), lambda latex: _whole(latex, depth))
        if not row.items:
            return Symbol("", "word")
        return row.items[0] if len(row.items) == 1 else row

    def _operator(self, name: str) -> Node:
        outer, self._font = self._font, "rm"
        row = self._argument("\\" + name)
        self._font = outer
        return classed(row, _OPERATORS[name])

    def _unseen(self, name: str) -> None:
        if name in symbols.UNSEEN:
            self._pass("\\" + name, symbols.UNSEEN[name])

    def _pass(self, command: str, count: int) -> None:
        """Pass an option, and so many arguments of which nothing is seen."""
        self.option()
        for _ in range(count):
            self.source(command)

    def _tag(self, command: str) -> list[Node]:
        """The number of a formula; it stands after all of its row."""
        self.skip_spaces()
        text = self._text(command)
        sides = ("", "") if command.endswith("*") else ("(", ")")
        return [Symbol(" " * 4, "space"), Fence(sides[0], Row((text,)), sides[1])]

    def _root(self) -> Root:
        degree = self.option()
        return Root(self._argument("\\sqrt"), _whole(degree, self._depth) if degree else None)

    def _general_fraction(self) -> Node:
        left, right, thickness, _ = (self.source("\\genfrac") for _ in range(4))
        above, below = self._argument("\\genfrac"), self._argument("\\genfrac")
        fraction = Fraction(above, below, line=not thickness.strip().startswith("0"))
        left, right = left.strip(" \\."), right.strip(" \\.")
        return Fence(left, Row((fraction,)), right) if left or right else fraction

    def _space(self, name: str) -> Node:
        r"""\hspace{1em}, \kern-2pt, in cells."""
        self.skip_spaces()
        if self.peek() == "{":
            length = self.source("\\" + name)
        else:
            length = ""
            while _LENGTH.fullmatch(length + self.peek()) and self.peek():
                length += self.next()
        found = _LENGTH.match(length.strip())
        size = found[1] if found else ""
        try:
            cells = float(size) * _CELLS[found[2] if found else ""]
        except (ValueError, KeyError) as error:
            raise TexError(tr(f"\\{name} lacks its length", f"\\{name} 缺少长度")) from error
        return Symbol(" " * min(max(round(cells), 0), 8), "space")

    def _modulo(self, name: str) -> Node:
        if name == "bmod":
            return Symbol("mod", "bin")
        body = self._argument("\\" + name)
        inner = body if name == "pod" else Row((Symbol("mod", "op"), *body.items))
        gap = Symbol(" ", "space")
        return Row((gap, *inner.items)) if name == "mod" else Row((gap, Fence("(", inner, ")")))

    def _large(self, side: str) -> Node | None:
        r"""\big( and its like; before what is no fence, the size changes nothing."""
        self.skip_spaces()
        kind = self._kind_of_fence(side)
        return None if kind is None else Delimiter(self._delimiter(), kind)

    def _kind_of_fence(self, side: str) -> Kind | None:
        token = self.peek()
        known = symbols.COMMANDS if token[:1] == "\\" else symbols.CHARACTERS
        text, kind = known.get(token.removeprefix("\\") if token[:1] == "\\" else token, (token, "ord"))
        if text in _ANGLES:
            text, kind = _ANGLES[text], "ord"
        if text not in symbols.TALL_FENCES and text not in symbols.LOW_FENCES:
            return None
        kinds: dict[str, Kind] = {"l": "open", "r": "close", "m": "rel"}
        return kinds.get(side, kind)

    def _delimiter(self) -> str:
        self.skip_spaces()
        token = self.next()
        if token == ".":
            return ""
        text = symbols.COMMANDS.get(token[1:], ("", "ord"))[0] if token[:1] == "\\" else token
        text = _ANGLES.get(text, text)
        if text not in symbols.TALL_FENCES and text not in symbols.LOW_FENCES:
            raise TexError(tr(f"{token or 'nothing'} is no fence", f"{token or '空'} 不能作定界符"))
        return text

    def _fence(self) -> Fence:
        left = self._delimiter()
        body = self.lines()
        self.expect("\\right", "\\left")
        right = self._delimiter()
        return Fence(left, as_cases(body) if (left, right) == ("{", "") else body, right)

    def _brace(self, name: str) -> Stack:
        body = self._argument("\\" + name)
        mark = "_" if name == "underbrace" else "^"
        self.skip_spaces()
        label = self._argument(mark) if self.take(mark) else EMPTY
        if name == "underbrace":
            return Stack(body, below=label, brace=True)
        return Stack(body, above=label, brace=True)

    def _environment(self) -> Node:
        name = self.source("\\begin")
        if not is_known(name):
            raise TexError(tr(f"unknown environment {name}", f"未知环境 {name}"))
        self.option(only="tbclr")  # where it stands on the line; how the columns of a starred matrix stand
        columns = self.source(f"\\begin{{{name}}}") if plain_name(name) in WITH_COLUMNS else ""
        cells = self._cells(name)
        if self.source("\\end") != name:
            raise TexError(tr(f"\\end{{{name}}} is missing", f"缺少 \\end{{{name}}}"))
        return framed(name, columns, cells)

    def _cells(self, name: str) -> Cells:
        rows: list[tuple[Row, ...]] = []
        rules: set[int] = set()
        cells: list[Row] = []
        while True:
            self.skip_spaces()
            while not cells and self.take("\\hline"):
                rules.add(len(rows))
                self.skip_spaces()
            cells.append(self.row(()))
            token = self.next()
            if token == "&":
                continue
            if any(cell.items for cell in cells) or token != "\\end":  # what ends the last row opens none
                rows.append(tuple(cells))
            cells = []
            if token == "\\end":
                return Cells(tuple(rows), frozenset(rules))
            if token != "\\\\":
                raise TexError(tr(f"\\end{{{name}}} is missing", f"缺少 \\end{{{name}}}"))
