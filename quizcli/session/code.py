"""A code question while it is worked on: the editor, the judge at every save, hints, the model answer."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace
from rich.text import Text as RichText

from quizcli.bank.types import Code
from quizcli.errors import QuizError, message_and_hint
from quizcli.file_reading import MEBIBYTE, UnfitError, read_regular
from quizcli.judge.calls.messages import CaseResult, Over
from quizcli.judge.referee.launcher import Referee
from quizcli.judge.request import judgement_of
from quizcli.judge.source import source_text
from quizcli.permit import Permit
from quizcli.screen.cards.code_verdict import news_lines
from quizcli.screen.cards.question import footer, labelled, question_lines, remark
from quizcli.screen.terminal import theme
from quizcli.screen.terminal.keyboard import Keyboard
from quizcli.screen.terminal.numbers import duration
from quizcli.screen.terminal.page import Page
from quizcli.session.editor import named_editor, open_editor
from quizcli.session.waiting import REDRAW
from quizcli.study.drafts import Drafts
from quizcli.text import tr

# Seconds between two looks at the file: whoever saves it in another window is judged too, once two looks have
# seen the same; a save may take several steps, and half a file is nobody's answer.
POLL, SECOND_LOOK = 0.015, 0.01


class CodeAttempts(Struct, frozen=True):
    """What came of it, since the card was shown: whoever leaves and comes back goes on counting."""

    passed: bool = False
    failures: int = 0  # attempts before the last one
    hinted: bool = False  # the hint has been shown
    helped: bool = False  # by the hint
    left: bool = False  # by q, without a decision
    interrupted: bool = False


class Workplace:
    """The page of one code question. `work` runs until the person has passed, given up, or left."""

    def __init__(
        self,
        page: Page,
        keys: Keyboard,
        referee: Callable[[], Referee],
        drafts: Drafts,
        question: Code,
        root: Path,
        permit: Permit,
        *,
        before: CodeAttempts,
    ) -> None:
        self._page = page
        self._keys = keys
        self._referee = referee
        self._drafts = drafts
        self._question = question
        self._root = root
        self._permit = permit
        self._path = drafts.open(question)
        self._seen = self._judged = self._stamp()  # of the file at the last look, and as it was judged last
        self._results: list[RichText] = []
        self._failing = 0  # the line at which the last judgement saw it fail; 0 where it saw none
        self._unjudged = False  # the last attempt came to no verdict: the same file may be judged again
        self._asked_at = 0.0  # when the last judgement began
        self._came_to = replace(before, left=False, interrupted=False)
        self._message = ""
        self._prepare()

    def work(self) -> CodeAttempts:
        """Obey keys, and judge the file whenever it has been saved."""
        self._page.turn(self._lines())
        if named_editor(os.environ)[1]:
            self._edit()
        else:  # whoever has named none may have another window, and not expect vi
            self._message = tr("EDITOR is not set: enter opens vi", "未设置 EDITOR：按回车将打开 vi")
        while True:
            self._offer()
            key = self._keys.read(POLL if self._seen == self._judged else SECOND_LOOK)
            if key is not None:
                self._message = ""
                if self._press(key):
                    self._page.clear_footer()
                    return self._came_to
            before, self._seen = self._seen, self._stamp()
            written = self._seen is not None and self._seen[1] > 0  # an editor empties a file, then fills it
            if written and self._seen != self._judged and self._seen == before:
                self._judge()

    def _press(self, key: str) -> bool:
        """Obey one key that the bar names; whether it ends the work.

        No other key acts: space turns pages elsewhere, and would give away the answer here.
        """
        came = self._came_to
        match key:
            case "enter" | "e":
                self._edit()
            case key if key in REDRAW:
                self._page.redraw(self._lines())
            case "r" if came.passed or self._unjudged:
                self._judge()
            case " " if came.passed:  # the model answer is the next step
                return True
            case "h" if not came.hinted and not came.passed:
                self._came_to = replace(came, hinted=True, helped=True)
                self._page.redraw(self._lines())
            case "x" if not came.passed:
                self._begin_again()
            case "s" if not came.passed:
                return True
            case "q" | "esc" | "eof":
                self._came_to = replace(came, left=True)
                return True
            case "ctrl-c":
                self._came_to = replace(came, left=True, interrupted=True)
                return True
        return False

    def _begin_again(self) -> None:
        before, self._judged = self._judged, None
        try:
            kept = self._drafts.begin_again(self._question)
        except OSError as error:  # the draft stays as it is
            self._judged = before
            lines = self._not_kept(error)
            self._results += lines
            self._page.add(lines)
            return
        self._judged = self._stamp()
        self._results = []
        self._message = tr("begun again", "已重新开始")
        if kept:
            self._message += tr("; the old draft is among the attempts", "；旧草稿保存在历次尝试中")
        self._page.redraw(self._lines())

    def _edit(self) -> None:
        before = self._stamp()
        try:
            with self._keys.suspended():
                open_editor(self._path, self._failing or first_gap(self._path, self._question.entry))
        except QuizError as error:
            self._message = message_and_hint(error)
        else:
            if self._stamp() == before:
                self._message = tr(
                    "the file is as it was; it is judged once you save it", "文件没有改动；保存后即评判"
                )
        self._page.turn(self._lines())

    def _stamp(self) -> tuple[int, int] | None:
        """What changes when the file is saved; None while it is not there, as between two steps of a save."""
        try:
            status = self._path.stat()
        except OSError:
            return None
        return status.st_mtime_ns, status.st_size

    def _judge(self) -> None:
        """Judge the file as it is now, each case shown as soon as it is known."""
        stamp, self._unjudged = self._stamp(), True
        try:
            text = source_text(read_regular(self._path, MEBIBYTE), self._path)
        except UnfitError as error:
            self._judged = stamp
            self._message = f"{self._path}: {error.strerror}"
            return
        except OSError:
            return  # it is being replaced: the next look finds it
        except QuizError as error:
            self._judged = stamp
            self._message = message_and_hint(error)
            return
        self._judged = stamp
        self._results, self._failing = [], 0
        self._page.turn(self._lines())
        self._asked_at = time.monotonic()
        self._say_judging()
        judgement = replace(self._next, source=replace(self._next.source, text=text))
        over: Over | None = None
        for news in self._referee().judge(judgement, self._stopped):
            lines = [RichText()] if isinstance(news, CaseResult) and not self._results else []
            lines += news_lines(news, self._page.width, self._page.room - 4)
            over = news if isinstance(news, Over) else None
            if isinstance(news, CaseResult) and news.raised is not None:
                self._failing = self._failing or news.raised.line
            if over is not None and not (over.broken or over.refused):
                self._unjudged = False
                lines += self._settle(over.passed, text)  # what a person has seen is on the disk
            self._results += lines
            self._page.add(lines)
        if over is None:
            self._message = tr("stopped", "已停止")
        self._prepare()

    def _prepare(self) -> None:
        """Draw other inputs for the next save; the judge gets them ready while the person works."""
        self._next = judgement_of(self._question, self._root, "", self._path.name, self._permit)
        self._referee().prepare(self._next)

    def _say_judging(self) -> None:
        """That it is judged, and for how long: the first time the judge has to start."""
        clock = duration(time.monotonic() - self._asked_at)
        line = RichText(
            tr(f" judging … {clock}   q stops", f" 正在评判 … {clock}   按 q 停止"), style=theme.QUIET
        )
        if (line,) != self._page.shown_footer:
            self._page.footer(line)

    def _stopped(self) -> bool:
        """Whether the person has had enough of a judgement that takes its time."""
        self._say_judging()
        return self._keys.read(0) in ("ctrl-c", "q", "esc")

    def _settle(self, passed: bool, text: str) -> list[RichText]:
        """Count the verdict and keep the attempt; what there is to say where it cannot be kept."""
        came = self._came_to
        self._came_to = replace(
            came, passed=came.passed or passed, failures=came.failures + (not passed and not came.passed)
        )
        try:
            self._drafts.keep(self._question, text, "passed" if passed else "failed")
        except OSError as error:  # the verdict holds all the same
            return self._not_kept(error)
        return []

    def _not_kept(self, error: OSError) -> list[RichText]:
        return [RichText(), *labelled(tr("not kept", "未能保存"), message_and_hint(error), self._page.width)]

    # What is on the page

    def _lines(self) -> list[RichText]:
        lines = question_lines(self._question, self._page.width)
        lines += labelled(tr("file", "文件"), _from_home(self._path), self._page.width)
        if self._came_to.hinted and self._question.hint is not None:
            lines += labelled(tr("hint", "提示"), str(self._question.hint), self._page.width)
        return lines + self._results

    def _offer(self) -> None:
        """Show the keys; not again where they stand there already."""
        width = self._page.width
        lines = (*remark(self._message, width), footer(self._offers(), width))
        if lines != self._page.shown_footer:
            self._page.footer(*lines)

    def _offers(self) -> Sequence[tuple[str, str]]:
        enter = tr("enter", "回车")
        if self._came_to.passed:
            return [
                (tr("space", "空格"), tr("our answer", "看参考答案")),
                (enter, tr("edit", "编辑")),
                ("r", tr("judge again", "再评判一次")),
                ("q", tr("back", "返回")),
            ]
        hidden = self._question.hint is not None and not self._came_to.hinted
        hint = [("h", tr("hint", "提示"))] if hidden else []
        again = [("r", tr("judge again", "再评判一次"))] if self._unjudged else []
        return [
            (enter, tr("edit", "编辑")),
            *again,
            *hint,
            ("s", tr("give up: our answer", "放弃，看参考答案")),
            ("x", tr("begin again", "重新开始")),
            ("q", tr("back", "返回")),
        ]


def _from_home(path: Path) -> str:
    """The path as a person would type it."""
    try:
        return str(Path("~", path.relative_to(Path.home())))
    except (ValueError, RuntimeError):  # it is elsewhere, or there is no home
        return str(path)


def first_gap(path: Path, entry: str) -> int:
    """The line where the work begins: of `raise NotImplementedError`, else of the entry, else the first."""
    try:
        lines = read_regular(path, MEBIBYTE).decode("utf-8", "replace").splitlines()
    except OSError:  # the editor will say it
        return 1
    for sign in ("NotImplementedError", f"def {entry}(", f"class {entry}"):
        for number, line in enumerate(lines, start=1):
            if sign in line:
                return number
    return 1
