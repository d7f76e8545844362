"""One card, from its question to a decision: what each key does.

Knows nothing of schedules: what the person decided is returned, and the caller commits it. What a key needs
is imported when it is pressed: the first question must be quick.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from msgspec.structs import replace
from rich.cells import set_cell_size
from rich.text import Text as RichText

from quizcli.bank.prediction import answer_form, to_run
from quizcli.bank.types import Choice, Cloze, Code, Number, Order, Predict, Recall, Truth
from quizcli.errors import QuizError, message_and_hint
from quizcli.screen.cards.question import header_line, labelled, question_lines, remark
from quizcli.screen.terminal import theme
from quizcli.screen.terminal.key_decoder import PASTED
from quizcli.screen.terminal.keyboard import Keyboard
from quizcli.screen.terminal.page import Page
from quizcli.screen.terminal.scroll import KEYS as SCROLLING
from quizcli.screen.terminal.scroll import Scroll
from quizcli.session.demo_runner import Bench
from quizcli.session.key_bar import GRADES, KeyBar
from quizcli.session.key_hints import KeyHint, commands, grades, help_rows
from quizcli.session.occasion import AGAIN, Decision, Occasion, Verb
from quizcli.session.waiting import REDRAW, next_key
from quizcli.text import tr

if TYPE_CHECKING:
    from quizcli.demo.recordings.kept import Earlier
    from quizcli.screen.demo.live import Watched
    from quizcli.session.code import CodeAttempts
    from quizcli.session.prediction import Prediction
    from quizcli.study.grading.grade import Response, Verdict

GOOD = 3


class CardAtWork:
    """The page of one card and its keys. `decide` runs until the person has decided."""

    def __init__(self, page: Page, keys: Keyboard, bench: Bench, occasion: Occasion) -> None:
        self._page = page
        self._keys = keys
        self._bench = bench
        self._occasion = occasion
        self._question = bench.asked(occasion.question)
        self._form = answer_form(self._question)  # how it is answered
        self._prediction = _prediction_of(occasion)
        self._scroll = Scroll(page, endless=not keys.interactive)
        self._bar = KeyBar(page, keys, self._scroll)
        self._chosen: set[int] = set()
        self._typed = ""  # and not taken yet
        self._response: Response | None = None
        self._verdict: Verdict | None = None
        self._answered = False
        self._earlier: Earlier | None = None  # a run that can be shown again instead of a new one
        self._offering = False  # the person is asked which of the two it shall be
        self._left_at = 0  # the line at the window's top when the keys were asked for
        self._hinted = False
        self._written: CodeAttempts | None = None  # what came of writing code, where it was begun
        self._all_keys = False
        self._sure = False  # u was pressed, and asked whether it shall reach so far back
        self._message = occasion.message
        self._began = time.monotonic()
        self._away = 0.0  # seconds spent in demonstrations: not thinking time
        self._thought = 0.0

    def decide(self) -> Decision:
        """Show the card and obey keys until one of them settles it."""
        self._begin()
        if self._occasion.write and isinstance(self._question, Code) and self._keys.interactive:
            self._write(self._question)
        while True:
            self._offer()
            with suppress(QuizError):  # told to whoever runs something or has it judged
                if isinstance(self._question, Code) and self._keys.interactive:
                    self._bench.warm_referee()
                if self._occasion.warm:
                    self._bench.warm()  # only now, so that the card is on the screen first
            key = self._keys.read()
            self._message = ""
            if key is not None and key != "u" and key not in REDRAW:
                self._sure = False
            if key is not None and (decision := self._press(key)) is not None:
                self._page.clear_footer()
                return decision

    # What is on the page

    def _begin(self) -> None:
        """The page from its beginning, as far as the window has room."""
        self._scroll.show(self._lines(), self._page.turn)

    def _redraw(self) -> None:
        self._scroll.show(self._lines(), self._page.redraw, self._scroll.top)

    def _lines(self) -> list[RichText]:
        lines = [header_line(self._occasion.header, self._page.width), *self._question_lines()]
        if self._hinted and self._question.hint is not None:
            lines += self._hint_lines()
        if self._answered and not self._offering:
            lines += self._answer_lines()
        if self._all_keys:
            lines += self._help_lines()
        return lines

    def _question_lines(self) -> list[RichText]:
        return question_lines(self._question, self._page.width, permutation=self._occasion.permutation)

    def _answer_lines(self) -> list[RichText]:
        from quizcli.screen.cards.answer import answer_lines
        from quizcli.screen.cards.prediction import NOTHING

        lines = answer_lines(
            self._bench.quoted(self._question),
            self._page.width,
            response=self._response,
            verdict=self._verdict,
            permutation=self._occasion.permutation,
            claims=self._occasion.claims(),
            follow=[self._bench.asked(coming) for coming in self._occasion.follow],
            findings=self._prediction.findings if self._prediction else NOTHING,
        )
        if isinstance(self._question, Code):
            lines = [*self._bench.model_answer(self._question, self._page.width), *lines]
        return lines

    def _hint_lines(self) -> list[RichText]:
        return [RichText(), *labelled(tr("hint", "提示"), str(self._question.hint), self._page.width)]

    def _help_lines(self) -> list[RichText]:
        offers = self._commands()
        if self._answered:
            offers = [pair for pair in offers if pair[0] in "dhusbfeq"]  # the others answer the question
        rows = help_rows(offers, repeated=self._prediction is not None)
        return [
            RichText(),
            *(RichText.assemble("  ", (set_cell_size(key, 8), theme.KEY), label) for key, label in rows),
        ]

    # Keys

    def _press(self, key: str) -> Decision | None:
        """Obey one key: a decision, or None while the card stays."""
        if key in REDRAW:
            self._redraw()
        elif text := self._begun(key):
            self._type(text)
        elif key == " " and self._scroll.more:
            self._scroll.obey("pagedown")
        elif key in SCROLLING:
            self._scroll.obey(key)
        elif key in ("q", "ctrl-c", "eof"):
            return Decision("quit", interrupted=key == "ctrl-c")
        elif key == "?":
            self._toggle_help()
        elif key == "f" and self._occasion.flag is not None:
            flagged = self._occasion.flag()
            self._message = tr("flagged", "已加旗标") if flagged else tr("flag removed", "已取消旗标")
        elif key == "u" and not self._sure and (question := self._occasion.asks_before_undo()):
            self._message, self._sure = question, True
        elif key in self._verbs():
            return Decision(self._verbs()[key])
        elif key == "d":
            self._run_demonstration()
        elif self._offering or (key == "r" and self._answered):
            self._show_earlier(key)
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

    def _toggle_help(self) -> None:
        """Show the keys below the card, where the window is then, or take them away again."""
        before, self._all_keys = len(self._lines()), not self._all_keys
        if self._all_keys:
            self._left_at = self._scroll.top
            room = self._page.height - 1
            top = min(before, before + len(self._help_lines()) - room)
            self._scroll.show(self._lines(), self._page.redraw, top)
        else:
            self._scroll.show(self._lines(), self._page.redraw, self._left_at)

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
            place = self._places(question)[int(key) - 1]
            if sum(option.correct for option in question.choices) > 1:
                self._chosen ^= {place}
            else:
                self._reveal(frozenset({place}))

    def _places(self, question: Choice) -> Sequence[int]:
        """The options in the order in which they are shown."""
        return self._occasion.permutation or range(len(question.choices))

    def _begun(self, key: str) -> str:
        """What begins an answer that is typed, where one is asked for; "" for any other key."""
        awaited = isinstance(self._form, Cloze | Number | Order) and not (self._answered or self._sure)
        if not awaited or not self._keys.interactive:
            return ""
        from quizcli.session.typed_answer import first_text

        return first_text(key, self._keys)

    def _type(self, text: str) -> None:
        """Have the answer typed, after what was typed before and not taken."""
        from quizcli.session.typed_answer import take

        entry = take(self._page, self._keys, self._typed + text, self._refusal, self._bar.foot, self._redraw)
        self._typed = "" if entry.taken else entry.text
        if entry.taken:
            self._reveal(entry.text)
        elif entry.text and self._keys.interactive:
            kept = entry.text
            self._message = tr(f"kept: {kept}", f"已保留：{kept}")

    def _refusal(self, typed: str) -> str:
        """Why what was typed is no answer, which is not to be wrong; "" where it can be judged."""
        try:
            self._judged(typed)
        except QuizError as error:
            return message_and_hint(error)
        return ""

    def _write(self, question: Code) -> None:
        """Have the answer written and judged; the card goes on from what came of it."""
        from quizcli.session.code import CodeAttempts

        self._page.clear_footer()
        before = self._written or CodeAttempts()
        if self._hinted and not before.hinted:
            before = replace(before, hinted=True, helped=not before.passed)
        try:
            came = self._bench.write(question, self._page, before)
        except (QuizError, OSError) as error:
            self._tell(message_and_hint(error))
            return
        self._written, self._hinted = came, self._hinted or came.hinted
        if not came.left:
            self._verdict = self._verdict_on(came)
            self._thought = self._thinking()
            self._answered = True
        self._message = tr("ctrl-c: the draft is kept", "已中断，草稿已保存") if came.interrupted else ""
        self._begin()

    @staticmethod
    def _verdict_on(came: CodeAttempts) -> Verdict:
        from quizcli.study.grading.grade import grade_code

        return grade_code(came.passed, came.failures, helped=came.helped)

    def _reveal(self, response: Response | None) -> None:
        if self._all_keys:
            self._toggle_help()  # they are others now
        self._verdict = None if response is None else self._judged(response)
        if self._written is not None:  # begun, left, and now the answer is looked at
            self._verdict = self._verdict_on(self._written)
        self._response = response
        self._thought = self._thinking()
        self._answered = True
        link = to_run(self._question)
        if self._prediction is None:
            self._scroll.extend(self._answer_lines())
            return
        if self._keys.interactive and link is not None:
            self._earlier = self._bench.earlier(link)
        self._offering = self._earlier is not None
        if response is not None and self._offering:
            places = (
                sorted(place + 1 for place in response) if isinstance(response, frozenset) else [response]
            )
            said = " ".join(map(str, places))
            self._message = tr(f"your prediction: {said}", f"你的预测：{said}")
        if not self._offering:
            self._run_demonstration()  # what it measures is the answer

    def _judged(self, response: Response) -> Verdict | None:
        """The verdict on a response; on a prediction there is none yet. QuizError: it cannot be read."""
        if self._prediction is not None:
            self._prediction.check(response)
            return None
        from quizcli.study.grading.grade import grade

        return grade(self._question, response, self._occasion.permutation)

    def _grade(self, key: str) -> Decision | None:
        """A key after the answer is shown: it grades where the bar named it when it was pressed."""
        if key not in self._bar.grading:
            return None
        rating = int(key) if key in GRADES else self._proposed()
        return Decision("grade", rating, int(self._thought * 1000))

    def _proposed(self) -> int:
        """The grade that is marked. What could have been judged and was only looked at was not known."""
        if self._verdict is not None:
            return int(self._verdict.proposed)
        return GOOD if isinstance(self._question, Recall | Code) else AGAIN

    def _show_hint(self) -> None:
        if self._question.hint is None:
            self._message = tr("no hint here", "这道题没有提示")
        elif not self._hinted:
            self._hinted = True
            self._scroll.extend(self._hint_lines())

    # Demonstrations

    def _run_demonstration(self) -> None:
        link, prediction = to_run(self._question), self._prediction
        if link is None:
            self._message = tr("nothing to run here", "这道题没有可运行的演示")
        elif prediction is not None and not self._answered:
            self._message = tr("predict first, then it runs", "请先预测，再运行")
        else:
            self._watch(lambda: self._bench.run(link, keep=prediction is not None), waits=True)

    def _show_earlier(self, key: str) -> None:
        """What an earlier run of the prediction's demonstration measured, at once or as it ran."""
        link, earlier = to_run(self._question), self._earlier
        if earlier is None or link is None or key not in (" ", "r"):
            return
        self._watch(lambda: self._bench.again(earlier, link, shown=key == "r"), waits=key == "r")
        from quizcli.session.measured_claims import day_of

        day = day_of(earlier.at)
        self._message = self._message or tr(f"judged by the run of {day}", f"按 {day} 的运行判定")

    def _watch(self, run: Callable[[], Watched], *, waits: bool) -> None:
        """Have something run and go on from what came of it; `waits`: there is a last frame to look at."""
        prediction, left = self._prediction, time.monotonic()
        self._page.clear_footer()
        trouble = ""
        try:
            outcome = run()
        except QuizError as error:
            trouble = message_and_hint(error)
        else:
            if prediction is not None:
                self._message = prediction.take(outcome)
                self._verdict = prediction.verdict(self._response)
            if waits:
                self._wait_for_a_key()
        self._offering = False
        self._away += time.monotonic() - left
        if prediction is not None and not self._keys.interactive:
            self._scroll.extend([*self._answer_lines(), *([RichText()] if self._message else [])])
            self._tell(self._message)
        else:
            self._begin()
        if trouble:
            self._tell(trouble)

    def _tell(self, message: str) -> None:
        """Say it above the key bar; where there is none, on the page."""
        self._message = message
        if not self._keys.interactive and message:
            self._page.add(remark(message, self._page.width))

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

    # The key bar

    def _offer(self) -> None:
        """Show what became of the last key, and the keys that do something now."""
        graded = self._answered and not self._offering
        self._bar.show(self._message, self._offers, graded, scheduled=self._occasion.intervals is not None)

    def _offers(self) -> list[KeyHint]:
        if self._offering and self._earlier is not None:
            from quizcli.session.prediction import replay_offer

            return replay_offer(self._earlier)
        return self._grades() if self._answered else self._commands()

    def _grades(self) -> list[KeyHint]:
        intervals = self._occasion.intervals() if self._occasion.intervals is not None else None
        return grades(self._question, self._proposed(), intervals, self._page.width, self._bar.takes_proposed)

    def _commands(self) -> list[KeyHint]:
        occasion = self._occasion
        ticked: list[int] = []
        if isinstance(self._form, Choice):
            ticked = [n for n, place in enumerate(self._places(self._form), start=1) if place in self._chosen]
        return commands(
            self._question,
            ticked,
            scheduled=occasion.intervals is not None,
            undoable=occasion.undoable,
            suspended=occasion.suspended,
        )


def _prediction_of(occasion: Occasion) -> Prediction | None:
    """What becomes of the prediction that the card asks for; None where it asks for none."""
    if not isinstance(occasion.question, Predict):
        return None
    from quizcli.session.prediction import Prediction

    return Prediction(occasion.question, occasion.permutation)
