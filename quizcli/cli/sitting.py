"""One card, from its question to a decision: what each key does.

Knows nothing of schedules: what the person decided is returned, and the caller commits it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Literal

from msgspec import Struct
from rich.cells import cell_len, set_cell_size
from rich.text import Text as Line

from quizcli.bank.prediction import asked, to_run
from quizcli.bank.types import AnyQuestion, Choice, Cloze, Code, Number, Order, Predict, Recall, Truth
from quizcli.cli.bench import Bench
from quizcli.cli.offered import Key, commands, grades
from quizcli.cli.predicting import Prediction
from quizcli.cli.waiting import REDRAW, next_key
from quizcli.errors import QuizError, told
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
from quizcli.screen.prediction import NOTHING
from quizcli.screen.solution import Response
from quizcli.text import tr

if TYPE_CHECKING:
    from quizcli.study.grading import Verdict

Verb = Literal["grade", "undo", "suspend", "bury", "edit", "quit"]
AGAIN, GOOD = 1, 3
MORE = (" ", "enter", "down", "pagedown")  # go on with a text that is longer than the window


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
    """In which order a question shows items to sort, for the `count`th time; empty where it has none."""
    form = asked(question)
    if not isinstance(form, Order):
        return ()
    from quizcli.study.chance import permutation

    return permutation(len(form.items), question.id, count)


class Sitting:
    """The page of one card and its keys. `decide` runs until the person has decided."""

    def __init__(self, page: Page, keys: Keyboard, bench: Bench, occasion: Occasion) -> None:
        self._page = page
        self._keys = keys
        self._bench = bench
        self._occasion = occasion
        self._question = occasion.question
        self._form = asked(occasion.question)  # how it is answered
        self._prediction = (
            Prediction(occasion.question, occasion.permutation)
            if isinstance(occasion.question, Predict)
            else None
        )
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
            with suppress(QuizError):  # told to whoever runs something or has it judged
                if isinstance(self._question, Code) and self._keys.interactive:
                    self._bench.warm_referee()
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
        lines = answer_lines(
            self._question,
            self._page.width,
            response=self._response,
            verdict=self._verdict,
            permutation=self._occasion.permutation,
            claims=self._occasion.claims(),
            follow=self._occasion.follow,
            findings=self._prediction.findings if self._prediction else NOTHING,
        )
        if isinstance(self._question, Code):
            lines = [*self._bench.model_answer(self._question, self._page.width), *lines]
        return lines

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
        if key in REDRAW:
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
        question = self._form
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
        elif isinstance(question, Code) and key == "enter":
            self._write(question)

    def _choose(self, question: Choice, key: str) -> None:
        if key == "enter" and self._chosen:
            self._reveal(frozenset(self._chosen))
        elif key.isdecimal() and 1 <= int(key) <= len(question.choices):
            index = int(key) - 1
            if sum(option.correct for option in question.choices) > 1:
                self._chosen ^= {index}
            else:
                self._reveal(frozenset({index}))

    def _type(self, text: str) -> None:
        self._page.clear_footer()
        editor = LineEditor(self._keys, self._page.console)
        typed = editor.edit("› ", text or self._typed, redraw=self._redraw)
        self._keys.flush()  # the further lines of a pasted text are no keys
        if typed is not None and typed.strip():
            self._reveal(typed.strip())

    def _write(self, question: Code) -> None:
        """Have the answer written and judged; the card goes on from what came of it."""
        from quizcli.study.grading import grade_code

        self._page.clear_footer()
        try:
            came = self._bench.write(question, self._page)
        except (QuizError, OSError) as error:
            self._tell(error)
            return
        if not came.left:
            self._verdict = grade_code(came.passed, came.failures, helped=came.helped or came.shown)
            self._thought = self._thinking()
            self._answered = True
        self._message = tr("ctrl-c: the draft is kept", "已中断，草稿已保存") if came.interrupted else ""
        self._begin(self._page.turn)

    def _reveal(self, response: Response | None) -> None:
        try:
            self._verdict = None if response is None else self._judged(response)
        except QuizError as error:
            # What was typed cannot be read as an answer; that is no wrong answer.
            self._message = told(error)
            self._typed = str(response)  # to be mended, not typed again
            return
        self._response = response
        self._thought = self._thinking()
        self._answered = True
        if self._prediction is None:
            self._show(self._answer_lines())
        else:
            self._run_demonstration()  # what it measures is the answer

    def _judged(self, response: Response) -> Verdict | None:
        """The verdict on a response; on a prediction there is none yet."""
        if self._prediction is not None:
            self._prediction.check(response)
            return None
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
        link, prediction = to_run(self._question), self._prediction
        if link is None:
            self._message = tr("nothing to run here", "这道题没有可运行的演示")
            return
        if prediction is not None and not self._answered:
            self._message = tr("predict first, then it runs", "请先预测，再运行")
            return
        left = time.monotonic()
        self._page.clear_footer()
        trouble: QuizError | None = None
        try:
            outcome = self._bench.run(link)
        except QuizError as error:
            trouble = error
        else:
            if prediction is not None:
                self._message = prediction.take(outcome)
                self._verdict = prediction.verdict(self._response)
            self._wait_for_a_key()
        self._away += time.monotonic() - left
        if prediction is not None and not self._keys.interactive:
            message = [Line(), Line(f"  {self._message}")] if self._message else []
            self._show([*self._answer_lines(), *message])
        else:
            self._begin(self._page.turn)
        if trouble is not None:
            self._tell(trouble)

    def _tell(self, error: QuizError | OSError) -> None:
        """What went wrong and what helps: in the place of the footer, above it where that is too narrow."""
        line = told(error)
        if self._keys.interactive and cell_len(line) < self._page.width:
            self._message = line
        else:
            self._show([Line(), *labelled(tr("trouble", "问题"), line, self._page.width)])

    def _wait_for_a_key(self) -> None:
        """Leave the last frame of a demonstration on the screen until the person has seen it."""
        if self._prediction is not None and not self._keys.interactive:
            return  # the next key of a pipe is the grade
        back = tr("back to the question", "回到题目")
        if self._prediction is not None:
            back = tr("what became of it", "看预测结果")
        self._keys.flush()  # before it is offered: what is pressed from then on is meant
        next_key(self._page, self._keys, [(tr("any key", "任意键"), back)])

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
        intervals = self._occasion.intervals() if self._occasion.intervals is not None else None
        return grades(self._question, self._proposed(), intervals, self._page.width)

    def _commands(self) -> list[Key]:
        return commands(self._question, self._chosen, scheduled=self._occasion.intervals is not None)
