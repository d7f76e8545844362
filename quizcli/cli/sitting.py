"""One card, from its question to a decision: what each key does.

Knows nothing of schedules: what the person decided is returned, and the caller commits it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Literal

from msgspec import Struct
from rich.cells import set_cell_size
from rich.text import Text as Line

from quizcli.bank.types import AnyQuestion, Choice, Cloze, Number, Order, Recall, Truth
from quizcli.cli.bench import Bench
from quizcli.errors import QuizError
from quizcli.screen import theme
from quizcli.screen.card import (
    Header,
    TickedClaim,
    answer_lines,
    footer,
    header_line,
    labelled,
    question_lines,
)
from quizcli.screen.keycodes import PASTED
from quizcli.screen.keys import Keyboard, LineEditor
from quizcli.screen.page import Page
from quizcli.screen.solution import Response
from quizcli.text import tr

if TYPE_CHECKING:
    from quizcli.study.grading import Verdict

Verb = Literal["grade", "undo", "suspend", "bury", "edit", "quit"]
Key = tuple[str, str]  # what to press, what it does
AGAIN, GOOD = 1, 3
MORE = (" ", "enter", "down", "pagedown")  # go on with a text that is longer than the window
NARROW, TINY = 76, 50  # columns: below them the grades lose their names, and all else gives way to them


class Decision(Struct, frozen=True):
    """What the person decided about a card. `rating`, 1 to 4, is set where the verb is "grade"."""

    verb: Verb
    rating: int = 0
    milliseconds: int = 0
    interrupted: bool = False  # quit by Ctrl-C

    @property
    def right(self) -> bool:
        """Whether the grade says that the answer was known."""
        return self.rating > AGAIN


class Occasion(Struct, frozen=True, kw_only=True):
    """How a card comes up: the question, the line above it, and what the session knows about it."""

    question: AnyQuestion
    header: Header
    permutation: tuple[int, ...] = ()  # order questions: shuffled position → right position
    intervals: Callable[[], Mapping[int, str]] | None = None  # None: a round that leaves the schedule alone
    claims: Callable[[], Sequence[TickedClaim]] = tuple
    follow: Sequence[AnyQuestion] = ()  # what an interviewer asks next
    flag: Callable[[], bool] | None = None
    message: str = ""  # what became of the key before this card, shown until the next key
    warm: bool = False  # a card that can run is near: have a worker ready


def shuffled(question: AnyQuestion, count: int) -> tuple[int, ...]:
    """In which order an order question shows its items, for the `count`th time; empty for other kinds."""
    if not isinstance(question, Order):
        return ()
    from quizcli.study.chance import permutation

    return permutation(len(question.items), question.id, count)


class Sitting:
    """The page of one card and its keys. `decide` runs until the person has decided."""

    def __init__(self, page: Page, keys: Keyboard, bench: Bench, occasion: Occasion) -> None:
        self._page = page
        self._keys = keys
        self._bench = bench
        self._occasion = occasion
        self._question = occasion.question
        self._chosen: set[int] = set()
        self._typed = ""
        self._response: Response | None = None
        self._verdict: Verdict | None = None
        self._answered = False
        self._hinted = False
        self._all_keys = False
        self._message = occasion.message
        self._rest: list[Line] = []  # what the window had no room for yet
        self._began = time.monotonic()
        self._away = 0.0  # seconds spent in demonstrations: not thinking time
        self._thought = 0.0

    def decide(self) -> Decision:
        """Show the card and obey keys until one of them settles it."""
        self._begin(self._page.turn)
        while True:
            self._page.footer(self._footer())
            if self._occasion.warm:
                self._bench.warm()  # only now, so that the card is on the screen first
            key = self._keys.read()
            self._message = ""
            if key is not None and (decision := self._press(key)) is not None:
                self._page.clear_footer()
                return decision

    # What is on the page

    def _begin(self, put: Callable[[Sequence[Line]], None]) -> None:
        """The page from its beginning, as far as the window has room: turned to, or drawn again."""
        put(self._first(self._lines(), self._page.height - 1))

    def _show(self, lines: Sequence[Line]) -> None:
        """Print lines below the others; what the window has no room for comes with the next key."""
        self._page.add(self._first([*self._rest, *lines], self._page.room))

    def _first(self, lines: list[Line], room: int) -> list[Line]:
        """The lines to print now; the others are kept for the next key."""
        if not self._keys.interactive:
            room = len(lines)  # nobody is there to turn pages
        self._rest = lines[room:]
        return lines[:room]

    def _redraw(self) -> None:
        self._begin(self._page.redraw)

    def _lines(self) -> list[Line]:
        lines = [header_line(self._occasion.header, self._page.width), *self._question_lines()]
        if self._hinted and self._question.hint is not None:
            lines += self._hint_lines()
        if self._answered:
            lines += self._answer_lines()
        if self._all_keys:
            lines += self._help_lines()
        return lines

    def _question_lines(self) -> list[Line]:
        return question_lines(self._question, self._page.width, permutation=self._occasion.permutation)

    def _answer_lines(self) -> list[Line]:
        return answer_lines(
            self._question,
            self._page.width,
            response=self._response,
            verdict=self._verdict,
            permutation=self._occasion.permutation,
            claims=self._occasion.claims(),
            follow=self._occasion.follow,
        )

    def _hint_lines(self) -> list[Line]:
        return [Line(), *labelled(tr("hint", "提示"), str(self._question.hint), self._page.width)]

    def _help_lines(self) -> list[Line]:
        mark = theme.CHOSEN
        rows = [
            *self._commands(),
            (
                "1–4",
                tr(
                    f"grade the answer; space takes the one marked {mark}",
                    f"给答案评分；空格采用带 {mark} 的评分",
                ),
            ),
            ("ctrl-c", tr("stop; nothing is lost", "停止，不丢失任何记录")),
        ]
        return [
            Line(),
            *(Line.assemble("  ", (set_cell_size(key, 8), theme.KEY), label) for key, label in rows),
        ]

    # Keys

    def _press(self, key: str) -> Decision | None:
        """Obey one key: a decision, or None while the card stays."""
        if key == "resize" or key == "ctrl-l":
            self._redraw()
        elif self._rest and key in MORE:
            self._page.add(self._first(self._rest, self._page.height - 2))
        elif key in ("q", "ctrl-c", "eof"):
            return Decision("quit", interrupted=key == "ctrl-c")
        elif key == "d":
            self._run_demonstration()
        elif key == "?":
            self._all_keys = not self._all_keys
            self._redraw()
        elif key == "f" and self._occasion.flag is not None:
            flagged = self._occasion.flag()
            self._message = tr("flagged", "已加旗标") if flagged else tr("flag removed", "已取消旗标")
        elif key in self._verbs():
            return Decision(self._verbs()[key])
        elif self._answered:
            return self._grade(key)
        else:
            self._answer(key)
        return None

    def _verbs(self) -> dict[str, Verb]:
        verbs: dict[str, Verb] = {"u": "undo"}
        if self._occasion.intervals is not None:
            verbs |= {"s": "suspend", "b": "bury", "e": "edit"}
        return verbs

    def _answer(self, key: str) -> None:
        """A key before the answer is shown."""
        question = self._question
        if key == " ":
            self._reveal(None)
        elif key == "h":
            self._show_hint()
        elif isinstance(question, Choice):
            self._choose(question, key)
        elif isinstance(question, Truth) and key in ("1", "2"):
            self._reveal(key == "1")
        elif isinstance(question, Cloze | Number | Order):
            if key == "enter":
                self._type("")
            elif key.startswith(PASTED):
                self._type(key.removeprefix(PASTED))
            elif not isinstance(question, Cloze) and key in "0123456789-.":
                self._type(key)
        elif isinstance(question, Recall) and key == "enter":
            self._reveal(None)

    def _choose(self, question: Choice, key: str) -> None:
        if key == "enter" and self._chosen:
            self._reveal(frozenset(self._chosen))
        elif key.isdecimal() and 1 <= int(key) <= len(question.choices):
            index = int(key) - 1
            if sum(option.correct for option in question.choices) == 1:
                self._reveal(frozenset({index}))
            else:
                self._chosen ^= {index}

    def _type(self, text: str) -> None:
        self._page.clear_footer()
        editor = LineEditor(self._keys, self._page.console)
        typed = editor.edit("› ", text or self._typed, redraw=self._redraw)
        self._keys.flush()  # the further lines of a pasted text are no keys
        if typed is not None and typed.strip():
            self._reveal(typed.strip())

    def _reveal(self, response: Response | None) -> None:
        try:
            self._verdict = None if response is None else self._judged(response)
        except QuizError as error:
            # What was typed cannot be read as an answer; that is no wrong answer.
            self._message = f"{error.message} {error.hint}"
            self._typed = str(response)  # to be mended, not typed again
            return
        self._response = response
        self._thought = self._thinking()
        self._answered = True
        self._show(self._answer_lines())

    def _judged(self, response: Response) -> Verdict:
        from quizcli.study.grading import (
            grade,
        )  # not before the first answer: the first question must be quick

        return grade(self._question, response, self._occasion.permutation)

    def _grade(self, key: str) -> Decision | None:
        """A key after the answer is shown."""
        valid = ("1", "3") if self._occasion.intervals is None else ("1", "2", "3", "4")
        rating = int(key) if key in valid else self._proposed() if key in (" ", "enter") else 0
        if rating == 0:
            return None
        return Decision("grade", rating, int(self._thought * 1000))

    def _proposed(self) -> int:
        return GOOD if self._verdict is None else int(self._verdict.proposed)

    def _show_hint(self) -> None:
        if self._question.hint is None:
            self._message = tr("no hint here", "这道题没有提示")
        elif not self._hinted:
            self._hinted = True
            self._show(self._hint_lines())

    def _run_demonstration(self) -> None:
        if self._question.demo is None:
            self._message = tr("nothing to run here", "这道题没有可运行的演示")
            return
        left = time.monotonic()
        self._page.clear_footer()
        try:
            self._bench.run(self._question.demo)
        except QuizError as error:
            self._message = error.message
        else:
            self._page.footer(
                footer([(tr("any key", "任意键"), tr("back to the question", "回到题目"))], self._page.width)
            )
            self._keys.flush()
            self._keys.read()
        self._away += time.monotonic() - left
        self._begin(self._page.turn)

    def _thinking(self) -> float:
        return time.monotonic() - self._began - self._away

    # The footer

    def _footer(self) -> Line:
        if self._message:
            return Line(f" {self._message}", style=theme.ACCENT)
        keys = self._grades() if self._answered else self._commands()
        if self._rest:
            space = tr("space", "空格")
            keys = [(space, tr("more", "下文")), *(pair for pair in keys if pair[0] != space)]
        return footer(keys, self._page.width)

    def _grades(self) -> list[Key]:
        """The four grades with the intervals they would give; the space bar takes the one with the mark."""
        if self._occasion.intervals is None:
            grades = {1: tr("missed it", "没答对"), 3: tr("knew it", "答对了")}
        else:
            names = (tr("again", "重来"), tr("hard", "困难"), tr("good", "良好"), tr("easy", "简单"))
            intervals = self._occasion.intervals()
            narrow = self._page.width < NARROW  # a grade is never left out, its name may be
            grades = {
                n: intervals[n] if narrow else f"{name} {intervals[n]}" for n, name in enumerate(names, 1)
            }
        proposed = self._proposed()
        keys = [(f"{theme.CHOSEN}{n}" if n == proposed else str(n), label) for n, label in grades.items()]
        if self._page.width < TINY:
            return keys
        if self._question.demo is not None:
            keys.append(("d", tr("run it", "运行")))
        return [*keys, ("?", tr("all keys", "全部按键"))]

    def _commands(self) -> list[Key]:
        question = self._question
        keys: list[Key] = []
        if isinstance(question, Choice):
            keys.append((f"1–{len(question.choices)}", tr("choose", "选择")))
            if self._chosen:
                keys.append(
                    (
                        tr("enter", "回车"),
                        tr("answer ", "提交 ") + " ".join(str(i + 1) for i in sorted(self._chosen)),
                    )
                )
        elif isinstance(question, Truth):
            keys += [("1", tr("true", "正确")), ("2", tr("false", "错误"))]
        elif isinstance(question, Cloze | Number | Order):
            keys.append((tr("enter", "回车"), tr("type it", "作答")))
        keys.append((tr("space", "空格"), tr("show answer", "看答案")))
        if question.demo is not None:
            keys.append(("d", tr("run it", "运行")))
        if question.hint is not None:
            keys.append(("h", tr("hint", "提示")))
        keys.append(("u", tr("undo", "撤销")))
        if self._occasion.intervals is not None:
            keys += [
                ("s", tr("suspend", "暂停该卡")),
                ("b", tr("bury", "推到明天")),
                ("f", tr("flag", "旗标")),
                ("e", tr("edit", "编辑")),
            ]
        return [
            *keys,
            ("?", tr("all keys", "全部按键")),
            ("q", tr("quit", "退出")),
        ]
