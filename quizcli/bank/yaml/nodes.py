"""YAML text as a tree of values that know their line and column. Bounded: the text may come from a stranger.

Events of libyaml rather than its nodes: a third of the time, and depth is checked before anything recurses.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeAlias

import yaml
from msgspec import Struct

from quizcli.bank.diagnostic import shown
from quizcli.text import tr

MAX_DEPTH = 16  # a bank needs 9
MAX_VALUES = 100_000  # a bank of 1,000 questions has about 40,000

ReportMistake: TypeAlias = Callable[[int, int, str], None]  # line, column, message


class Scalar(Struct, frozen=True):
    """A piece of text. `plain` means without quotes, so that YAML guesses its type."""

    text: str
    line: int
    column: int
    plain: bool = True
    commented: bool = False  # plain, and cut off by a comment on the same line


class Listing(Struct, frozen=True):
    """A YAML sequence."""

    items: list[Node]
    line: int
    column: int


class Mapping(Struct, frozen=True):
    """A YAML mapping in written order; keys may repeat and may be any node."""

    entries: list[tuple[Node, Node]]
    line: int
    column: int


Node: TypeAlias = Scalar | Listing | Mapping

# What no text may hold: controls (terminals obey them), Unicode line ends (editors count them otherwise
# than YAML), and marks that turn the reading direction round.
_FORBIDDEN = re.compile(
    "[^\t\n\r\x20-\x7e\xa0-\u200d\u2010-\u2027\u202f-\u2065\u206a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)
_COMMENT = re.compile(r"[ \t]+#")
# "\nu" and "\theta" in double quotes turn into a line end or a tab without a word.
_EATEN_COMMANDS = re.compile(
    r"(?<!\\)(?:\\\\)*(\\(?:nabla|neq|ne|not|notin|nu|ni|theta|tau|times|text|tilde|tanh|tan|to|top|tfrac))(?![A-Za-z])"
)


class _StopError(Exception):
    """The rest of the text cannot be read."""


def parse(source: str, report: ReportMistake) -> Node | None:
    """The one document of a YAML text; None where it cannot be read. Every mistake goes to `report`."""
    if found := _FORBIDDEN.search(source):
        line = source.count("\n", 0, found.start()) + 1
        column = found.start() - source.rfind("\n", 0, found.start())
        report(line, column, _forbidden(found[0]))
        return None
    try:
        return _Builder(source, report).build()
    except yaml.MarkedYAMLError as error:
        from quizcli.bank.yaml.errors import explain

        report(*explain(error, source))
    except _StopError:
        pass  # it has been reported
    return None


def _forbidden(character: str) -> str:
    code = f"U+{ord(character):04X}"
    return tr(
        f"the invisible character {code} is not allowed; delete it", f"不允许出现不可见字符 {code}，请删除"
    )


class _Builder:
    """Turns the stream of events into nodes with a stack of our own."""

    def __init__(self, source: str, report: ReportMistake) -> None:
        self.source = source
        self.report = report
        self.open: list[tuple[Any, list[Node]]] = []  # the opening event and the children so far
        self.count = 0
        self.lines = len(f"{source}.".splitlines())

    def build(self) -> Node | None:
        root: Node | None = None
        documents = 0
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # without libyaml slower, and stricter
        for event in yaml.parse(self.source, Loader=loader):
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    self.stop(
                        event,
                        tr(
                            "a bank is one document; delete this `---`",
                            "一个题库只能有一个 YAML 文档，请删去这个 `---`",
                        ),
                    )
            elif isinstance(event, yaml.CollectionStartEvent):
                self.enter(event)
            elif isinstance(event, yaml.NodeEvent | yaml.CollectionEndEvent):
                node = self.leaf(event) if isinstance(event, yaml.NodeEvent) else self.leave()
                if self.open:
                    self.open[-1][1].append(node)
                else:
                    root = node
        return root

    def place(self, event: Any) -> tuple[int, int]:
        """Line and column, from 1. libyaml may put what is missing at the end on a line after the last."""
        mark = event.start_mark
        return (mark.line + 1, mark.column + 1) if mark.line < self.lines else (self.lines, 1)

    def stop(self, event: Any, message: str) -> None:
        self.report(*self.place(event), message)
        raise _StopError

    def enter(self, event: Any) -> None:
        self.plain_only(event)
        if len(self.open) >= MAX_DEPTH:
            self.stop(event, tr(f"nested more than {MAX_DEPTH} levels deep", f"嵌套超过 {MAX_DEPTH} 层"))
        self.open.append((event, []))

    def leave(self) -> Node:
        event, children = self.open.pop()
        if isinstance(event, yaml.SequenceStartEvent):
            return Listing(children, *self.place(event))
        return Mapping(list(zip(children[::2], children[1::2], strict=True)), *self.place(event))

    def leaf(self, event: Any) -> Scalar:
        self.count += 1
        if self.count > MAX_VALUES:
            self.stop(
                event, tr(f"more than {MAX_VALUES:,} values in one file", f"单个文件超过 {MAX_VALUES:,} 个值")
            )
        if isinstance(event, yaml.AliasEvent):
            self.report(*self.place(event), _no_alias(event.anchor or ""))
            return Scalar("…", *self.place(event), plain=False)
        self.plain_only(event)
        if event.style == '"':
            self.escapes(event)
        plain = not event.style
        commented = plain and _COMMENT.match(self.source, event.end_mark.index) is not None
        return Scalar(event.value, *self.place(event), plain, commented)

    def plain_only(self, event: Any) -> None:
        """Neither anchors (aliases can be bombs) nor tags (they choose types) have a use in a bank."""
        if event.anchor is not None:
            self.report(*self.place(event), _no_anchor(event.anchor))
        if event.tag is not None:
            self.report(*self.place(event), _no_tag())

    def escapes(self, event: Any) -> None:
        """In double quotes a backslash starts an escape: "\\beta" is a backspace and "eta"."""
        if found := _FORBIDDEN.search(event.value):
            self.report(*self.place(event), _escape(_forbidden(found[0])))
            return
        raw = self.source[event.start_mark.index : event.end_mark.index]
        if "$" in raw and (eaten := _EATEN_COMMANDS.search(raw)):
            what = tr(f"`{eaten[1]}` is read as `{eaten[1][:2]}`", f"`{eaten[1]}` 会被读成 `{eaten[1][:2]}`")
            self.report(*self.place(event), _escape(what))


def _escape(what: str) -> str:
    return tr(
        f"{what}: in double quotes a backslash starts an escape; use single quotes or a `|` block",
        f"{what}：双引号里的反斜杠是转义符，请改用单引号或 `|` 块",
    )


def _no_alias(name: str) -> str:
    return tr(
        f"an unquoted text cannot begin with `*` (YAML reads the alias {shown(name)}); quote the text",
        f"不加引号的文本不能以 `*` 开头（YAML 会当成别名 {shown(name)}），请加引号",
    )


def _no_anchor(name: str) -> str:
    return tr(
        f"an unquoted text cannot begin with `&` (YAML reads the anchor {shown(name)}); quote the text",
        f"不加引号的文本不能以 `&` 开头（YAML 会当成锚点 {shown(name)}），请加引号",
    )


def _no_tag() -> str:
    return tr(
        "an unquoted text cannot begin with `!` (YAML reads a tag); quote the text",
        "不加引号的文本不能以 `!` 开头（YAML 会当成标签），请加引号",
    )
