"""A question as lines of text, and what stands around it. Draws only: all it draws is in the arguments."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct
from rich.cells import cell_len, set_cell_size
from rich.text import Text as RichText

from quizcli.bank.prediction import answer_form
from quizcli.bank.types import AnyQuestion, Choice, Cloze, Code, Number, Order, Predict, Truth
from quizcli.screen.markup.markdown import numbered, render, visible
from quizcli.screen.markup.wrap import Styled, wrap
from quizcli.screen.terminal import theme
from quizcli.text import tr

_LEAST_TOPIC = 12  # cells of a topic that is cut so that the score has room
MARGIN = 2  # cells before and after all text, inside the box and below it


class CardHeader(Struct, frozen=True):
    """What stands above a question: where it comes from, and how the session goes."""

    topic: str
    status: str  # due, new, learning
    place: str  # how far it is: "12 left", in a round "3/12"
    right: int
    wrong: int
    minutes: float


def header_line(header: CardHeader, width: int) -> RichText:
    """`topic · due · 12 left` at the left, `2 ✓  1 ✗   4 min` at the right; a long topic gives way."""
    place = f" {theme.DOT} {header.status} {theme.DOT} {header.place}"
    minutes = tr(f"{header.minutes:.0f} min", f"{header.minutes:.0f} 分钟")
    score = f"{header.right} {theme.RIGHT}  {header.wrong} {theme.WRONG}   {minutes}"
    room = width - 2 - cell_len(place)
    topic = _cut(header.topic, max(room, 0))
    if (beside := room - cell_len(score) - 2) >= _LEAST_TOPIC:
        topic = _cut(header.topic, beside)
    missing = room - cell_len(topic) - cell_len(score)
    line = RichText(" ").append(topic, theme.STRONG).append(place, theme.QUIET)
    if missing > 0:
        line.append(" " * missing + score, theme.QUIET)
    line.truncate(width)
    return line


def question_lines(question: AnyQuestion, width: int, permutation: Sequence[int] = ()) -> list[RichText]:
    """The question in its box. The item or option of the place permutation[0] is shown first."""
    inner = width - 2 * MARGIN
    content = render(str(question.ask), inner)
    more = list(_asked(answer_form(question), inner, permutation))
    if isinstance(question, Predict):
        from quizcli.screen.cards.prediction import rules  # only who predicts pays for it

        more += [*([RichText()] if question.outcomes else []), *_quiet(rules(question), inner)]
    if more:
        content += [RichText(), *more]
    level = tr(f"level {question.level}", f"难度 {question.level}")
    return _boxed(content, _kind_word(question), level, width)


def as_question(question: AnyQuestion) -> str:
    """What is asked, where nothing around it says of which kind it is.

    The statement of a true-or-false card may be wrong: alone it would be read as a fact.
    """
    ask = str(question.ask)
    if not isinstance(question, Truth):
        return ask
    block = ask.startswith(("```", "$$", "- ", "* ", "1. "))  # it must begin its line
    return tr("True or false?", "对还是错？") + ("\n\n" if block else tr(" ", "")) + ask


def labelled(label: str, text: str, width: int) -> list[RichText]:
    """Text that hangs from a quiet label: a hint, a source."""
    inner = width - 2 * MARGIN
    return [indented(line) for line in hanging(label, text, inner)]


def hanging(label: str, text: str, width: int) -> list[RichText]:
    """The same within a width of one's own."""
    return render(text, width, mark=[Styled(f"{label}  ", theme.QUIET)])


def indented(line: RichText) -> RichText:
    """A line as far in as the text of the box."""
    return RichText(" " * MARGIN).append_text(line) if line else line


def footer(keys: Sequence[tuple[str, str]], width: int) -> RichText:
    """One line of (key, what it does). What does not fit is left out from the end, ? and q last of all.

    Where something is left out, ? says that there is more.
    """
    shown = list(keys)
    if footer_width(shown) > width:
        shown = [(key, tr("more", "更多") if key == "?" else label) for key, label in shown]
    while len(shown) > 1 and footer_width(shown) > width:
        spare = [pair for pair in shown if pair[0] not in ("?", "q")] or shown
        shown.remove(spare[-1])
    line = RichText()
    for key, label in shown:
        line.append("   " if line else " ").append(key, theme.KEY).append(f" {label}", theme.QUIET)
    line.truncate(width, overflow="ellipsis")
    return line


def remark(message: str, width: int) -> list[RichText]:
    """What became of a key, in lines above the key bar; none for no message."""
    if not message:
        return []
    return wrap([Styled(visible(message), theme.ACCENT)], width - 1, [Styled(" ")])


def footer_width(keys: Sequence[tuple[str, str]]) -> int:
    """The cells that a footer of these keys takes where nothing is left out."""
    return sum(3 + cell_len(key) + 1 + cell_len(label) for key, label in keys) - 2


# The question


def _kind_word(question: AnyQuestion) -> str:
    if isinstance(question, Choice) and sum(option.correct for option in question.choices) > 1:
        return tr("choice: all that apply", "多选")
    words = {
        "recall": tr("recall", "问答"),
        "choice": tr("choice", "单选"),
        "truth": tr("true or false", "判断"),
        "cloze": tr("fill in", "填空"),
        "number": tr("number", "数值"),
        "order": tr("put in order", "排序"),
        "code": tr("write it", "手写代码"),
        "predict": tr("predict", "预测"),
    }
    return words[question.kind]


def _asked(question: AnyQuestion, width: int, permutation: Sequence[int]) -> Iterator[RichText]:
    """What a kind of question shows below its text."""
    match question:
        case Choice(choices=choices):
            for number, place in enumerate(permutation or range(len(choices)), start=1):
                yield from render(str(choices[place].text), width, mark=numbered(number))
        case Truth():
            yield RichText.assemble(
                ("1", theme.KEY), tr("  true", "  正确"), "     ", ("2", theme.KEY), tr("  false", "  错误")
            )
        case Cloze(text=text):
            from quizcli.bank.cloze import blanks

            yield from _accented(render(_with_blanks(str(text)), width), r"\[…[^\]]*\]?")
            if (count := len(blanks(str(text)))) > 1:
                how = tr(f"{count} answers, separated by ;", f"共 {count} 个空，答案之间用 ; 隔开")
                yield from [RichText(), *_quiet(how, width)]
        case Number(unit=unit):
            asked = tr("a number", "填一个数") + (tr(f", in {unit}", f"，单位：{unit}") if unit else "")
            yield from _quiet(asked, width)
        case Order(items=items):
            for number, place in enumerate(permutation or range(len(items)), start=1):
                yield from render(str(items[place]), width, mark=numbered(number))
            how = tr("the numbers in the right order", "按正确顺序写出编号")
            yield from [RichText(), *_quiet(how, width)]
        case Code():
            from quizcli.bank.code_rules import code_rules

            for rule in code_rules(question):
                yield from _quiet(rule, width)


def _quiet(text: str, width: int) -> list[RichText]:
    return wrap([Styled(visible(text), theme.QUIET)], width)


def _with_blanks(text: str) -> str:
    """A cloze text as it is asked: […] or […: hint] for each blank, alike in text, code and formulas."""
    from quizcli.bank.cloze import pieces

    return "".join(
        piece if isinstance(piece, str) else f"[…: {piece.hint}]" if piece.hint else "[…]"
        for piece in pieces(text)
    )


def _accented(lines: Iterable[RichText], pattern: str) -> Iterator[RichText]:
    for line in lines:
        line.highlight_regex(pattern, theme.ACCENT)
        yield line


def _boxed(content: Iterable[RichText], left: str, right: str, width: int) -> list[RichText]:
    """Lines in a round box, with a word in each upper corner where there is room."""
    rule = width - cell_len(left) - cell_len(right) - 8
    rows = [RichText("╭" + "─" * (width - 2) + "╮", theme.QUIET)]
    if rule > 0:
        quiet = theme.QUIET
        middle = f" {'─' * rule} "
        rows = [RichText.assemble(("╭─ ", quiet), left, (middle, quiet), right, (" ─╮", quiet))]
    for line in content:
        fill = " " * (width - 2 * MARGIN - line.cell_len)
        rows.append(RichText.assemble(("│ ", theme.QUIET), line, fill, (" │", theme.QUIET)))
    return [*rows, RichText("╰" + "─" * (width - 2) + "╯", theme.QUIET)]


def _cut(text: str, width: int) -> str:
    """The text on one line, with … where it had to be cut."""
    text = visible(text).replace("\n", " ")
    if cell_len(text) <= width:
        return text
    return set_cell_size(text, width - 1).rstrip() + theme.WAITING if width > 0 else ""
