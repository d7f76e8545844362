"""The day's cards, one after the other, each committed at the key press.

`quizcli` without a command comes here at once: nothing on this path may import Typer, nor what only later
keys need.
"""

from __future__ import annotations

import gc
import sys
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Literal, TextIO

from msgspec.structs import asdict, replace
from rich.text import Text as RichText

from quizcli.bank.lazy_questions import ById, heads_of
from quizcli.bank.needs import in_teaching_order
from quizcli.bank.types import AnyQuestion, Bank
from quizcli.errors import ExitStatus, QuizError, message_and_hint
from quizcli.packs.library import every_bank, follow_ups, load_banks, origin
from quizcli.screen.cards.question import CardHeader
from quizcli.screen.terminal import theme
from quizcli.screen.terminal.keyboard import Keyboard
from quizcli.screen.terminal.page import Page
from quizcli.screen.terminal.theme import make_console
from quizcli.session.card import CardAtWork
from quizcli.session.card_state import answered_elsewhere, describe_state
from quizcli.session.demo_runner import Bench
from quizcli.session.occasion import Decision, Occasion, shuffle_options
from quizcli.session.waiting import next_key
from quizcli.settings import Settings
from quizcli.study.day_cards import Mark, marked, reviewed_on
from quizcli.study.session import Counts, Session
from quizcli.study.store.opening import store_to_write
from quizcli.study.store.store import Store
from quizcli.text import tr

if TYPE_CHECKING:
    from quizcli.screen.cards.answer import TickedClaim

Mode = Literal["today", "review"]
_LEAVING = ("q", "enter", "esc", "ctrl-c", "eof")
_NONE_MARKED: dict[str, Callable[[], str]] = {
    "flagged": lambda: tr("No card is flagged: f flags one.", "还没有加旗标的卡片：学习时按 f 添加。"),
    "suspended": lambda: tr("No card is suspended.", "没有暂停的卡片。"),
}
_PORTION = 5  # new cards that are offered to who has them off
WARM_FOR = 5  # a worker is warmed when one of this many coming cards can run


def study(
    settings: Settings,
    *,
    topics: Sequence[str] = (),
    mark: Mark = "",
    new: int | None = None,
    reviews: int | None = None,
    mode: Mode = "today",
    as_json: bool = False,
) -> int:
    """Today's session, until nothing is left or the person quits. `as_json`: the day's counts at the end."""
    if new is not None:
        settings = replace(settings, new_per_day=new)
    if reviews is not None:
        settings = replace(settings, reviews_per_day=reviews)
    loaded = load_banks(settings)
    if topics:
        from quizcli.bank.named_questions import topics_named  # only who names some pays for it

        topics = topics_named(topics, loaded.banks)
    with (
        _page(settings, sys.stderr if as_json else sys.stdout) as page,
        store_to_write(settings) as store,
        Keyboard() as keys,
        Bench(page.console, keys, store, settings) as bench,
    ):
        desk = _Day(page, keys, bench, store, settings, topics, mark, mode)
        desk.sit_down(loaded.banks)
        gc.freeze()  # what was imported stays: the first collection need not look at it (5 ms)
        gc.enable()
        status = desk.work()
        day = {**asdict(desk.counts), "next_due": desk.next_due} if as_json else None
    if day is not None:
        from quizcli.json_output import print_json

        print_json(day)
    return status


def _page(settings: Settings, stream: TextIO) -> Page:
    """The page for the cards; at the first start of all, one that says what to do."""
    console = make_console(stream)
    if settings.store_file.exists() or not (settings.interactive and console.is_terminal):
        return Page(console)
    from quizcli.session.welcome import Greeting

    return Greeting(console)


class _Day:
    """The session and what lies around it."""

    def __init__(
        self,
        page: Page,
        keys: Keyboard,
        bench: Bench,
        store: Store,
        settings: Settings,
        topics: Sequence[str],
        mark: Mark,
        mode: Mode,
    ) -> None:
        self._page = page
        self._keys = keys
        self._bench = bench
        self._store = store
        self._settings = settings
        self._topics = topics
        self._mark = mark
        self._mode = mode
        self._message = ""
        self._going_back = False  # u was asked, and has reached back into an earlier day
        self._spread = False  # whether it was told that this is more than a day's work, or that there is more

    def sit_down(self, banks: Sequence[Bank]) -> None:
        """Begin, or go on with changed banks: the session is drawn up from the store, so nothing is lost."""
        self._questions = ById(banks)
        self._session = Session.open(
            self._store,
            [item for bank in in_teaching_order(banks) for item in heads_of(bank)],
            self._settings,
            topics=self._topics,
            mark=self._mark,
            mode=self._mode,
        )
        if not self._spread and (told := self._beyond() or describe_backlog(self._session.counts)):
            self._message, self._spread = told, True

    def _beyond(self) -> str:
        """What is said where cards were asked for that a day would not bring any more; "" where it would."""
        if not (self._topics or self._mark) or self._session.current is None:
            return ""  # before the store is asked: every start comes by here
        limits = self._settings
        begun, _ = self._session.further(0)
        reviewed = reviewed_on(self._store, self._session.today)
        if not 0 < limits.new_per_day <= begun and reviewed < limits.reviews_per_day:
            return ""
        return tr(
            "beyond the day's limit, because you asked for these cards",
            "已超出今天的上限：这些是你指定要学的",
        )

    @property
    def counts(self) -> Counts:
        """How the study day stands."""
        return self._session.counts

    @property
    def next_due(self) -> int | None:
        """When the next card comes (ms); None where none will."""
        return self._session.next_due

    def work(self) -> int:
        """One card after the other. Ctrl-C is no accident here: what was answered is stored."""
        while True:
            while (item := self._session.current) is not None:
                question = self._questions[item.id]
                decision = CardAtWork(self._page, self._keys, self._bench, self._occasion(question)).decide()
                if decision.verb == "quit":
                    self._page.add([RichText(f" {self._score()}", style=theme.QUIET)])
                    return ExitStatus.INTERRUPTED if decision.interrupted else ExitStatus.OK
                self._obey(decision, question)
            self._page.turn(self._farewell())
            if not self._goes_on():
                return ExitStatus.OK

    def _goes_on(self) -> bool:
        """At the end of the day's cards: whether the person takes the last answer back instead of leaving."""
        if not self._keys.interactive:
            return False
        offer = [("u", tr("undo", "撤销")), ("q", tr("quit", "退出"))]
        sure = False
        while (key := next_key(self._page, self._keys, offer, self._farewell)) not in _LEAVING:
            if key == "u" and not sure and (question := self._asks_before_undo()):
                self._message, sure = question, True
                self._page.redraw(self._farewell())
            elif key == "u":
                self._undo()
                if self._session.current is not None:
                    return True
                self._page.redraw(self._farewell())
        return False

    def _undo(self) -> None:
        from quizcli.session.undo import describe_undo  # only who undoes pays for it

        taken = self._session.undo()
        self._going_back = taken is not None and taken.day < self._session.today
        self._message = describe_undo(taken)

    def _asks_before_undo(self) -> str:
        """What u asks first; "" where it is clear what it takes back, or has been asked."""
        from quizcli.session.undo import asks_first

        return "" if self._going_back else asks_first(self._session.newest, self._session.today)

    def _score(self) -> str:
        counts = self._session.counts
        marks = f"{counts.right} {theme.RIGHT}  {counts.wrong} {theme.WRONG}"
        return tr(
            f"Today: {counts.done} answered, {marks}, {counts.minutes:.0f} min.",
            f"今天：作答 {counts.done} 次，{marks}，用时 {counts.minutes:.0f} 分钟。",
        )

    def _obey(self, decision: Decision, question: AnyQuestion) -> None:
        self._going_back = self._going_back and decision.verb == "undo"
        match decision.verb:
            case "grade":
                if self._session.answer(decision.rating, decision.milliseconds) is None:
                    self._message = answered_elsewhere()
                elif not self._spread and (told := self._beyond()):
                    self._message, self._spread = told, True  # from this card on
            case "undo":
                self._undo()
            case "suspend":
                aside = self._session.card.suspended
                self._session.suspend()
                self._message = (
                    tr("no longer suspended; u takes that back", "已取消暂停；按 u 撤销")
                    if aside
                    else tr("suspended; u brings it back", "已暂停该卡；按 u 恢复")
                )
            case "bury":
                self._session.bury()
                self._message = tr("buried until tomorrow; u brings it back", "已推到明天；按 u 恢复")
            case "edit":
                self._edit(question)

    def _edit(self, question: AnyQuestion) -> None:
        from quizcli.session.reword import edit_question

        try:
            source = origin(question.id, self._settings)
        except QuizError as error:  # its pack has been removed meanwhile
            self._message = message_and_hint(error)
            return
        bank = source.pack.root / self._questions.bank(question.id).path
        self._message = edit_question(bank, source.id, source.edits, self._page, self._keys)
        self.sit_down(
            every_bank(self._settings, lambda line: None).banks
        )  # what is wrong was told at the start
        self._session.turn_to(question.id)

    def _occasion(self, question: AnyQuestion) -> Occasion:
        counts, card = self._session.counts, self._session.card
        message, self._message = self._message, ""
        return Occasion(
            question=question,
            header=CardHeader(
                topic=str(self._questions.bank(question.id).title),
                status=describe_state(card),
                place=_place(counts),
                right=counts.right,
                wrong=counts.wrong,
                minutes=counts.minutes,
            ),
            permutation=shuffle_options(question, card.reviews),
            follow=follow_ups(question, self._questions),
            intervals=lambda: {
                int(rating): str(interval) for rating, interval in self._session.preview().items()
            },
            suspended=card.suspended,
            flag=self._session.flag,
            asks_before_undo=self._asks_before_undo,
            undoable=self._session.newest is not None,
            message=message,
            claims=lambda: self._claims(question),
            warm=any(coming.demo is not None for coming in self._session.coming(WARM_FOR)),
        )

    def _claims(self, question: AnyQuestion) -> Sequence[TickedClaim]:
        from quizcli.session.measured_claims import tick_claims  # not before an answer is shown

        return tick_claims(self._store, question)

    def _farewell(self) -> list[RichText]:
        counts, next_due = self._session.counts, self._session.next_due
        done = tr("Done for now.", "暂时没有要学的了。")
        if counts.held_back:
            done = tr("That was today's share.", "今天的份额学完了。")
        lines = [RichText(), RichText.assemble("  ", (done, theme.STRONG))]
        if self._mark and not marked(self._store, self._mark):
            lines.append(RichText(f"  {_NONE_MARKED[self._mark]()}"))
        if counts.done:
            lines.append(RichText(f"  {self._score()}"))
        if next_due is not None:
            when = _moment(next_due)
            lines.append(RichText(tr(f"  The next card comes {when}.", f"  下一张卡片：{when}。")))
        if counts.held_back:
            lines.append(
                RichText(
                    tr(
                        f"  {counts.held_back} more reviews wait; they come on the next days, "
                        "before new cards.",
                        f"  另有 {counts.held_back} 张已到期，排在之后几天，先于新卡。",
                    )
                )
            )
        rows = [
            *self._more(counts),
            (
                "quizcli quiz",
                tr("a scored round that leaves the schedule alone", "来一轮计分测验，不影响复习计划"),
            ),
            ("quizcli demo", tr("run any answer", "运行任意演示")),
            ("quizcli stats", tr("how it is going", "查看学习统计")),
        ]
        width = max(len(command) for command, _ in rows) + 2
        return [
            *lines,
            RichText(),
            *(RichText.assemble("  ", (command.ljust(width), theme.KEY), label) for command, label in rows),
            *([RichText(), RichText(f"  {self._message}", style=theme.ACCENT)] if self._message else []),
        ]

    def _more(self, counts: Counts) -> list[tuple[str, str]]:
        """The command with which one goes on, and what it brings; none where nothing is left to bring."""
        if self._mark:
            return [("quizcli", tr("today's cards", "今天的卡片"))]
        if counts.held_back:
            more = min(counts.held_back, self._settings.reviews_per_day)
            limit = reviewed_on(self._store, self._session.today) + more
            told = tr(f"go on with {more} of them today", f"今天接着复习其中 {more} 张")
            return [(f"quizcli --reviews {limit}", told)]
        begun, more = self._session.further(self._settings.new_per_day or _PORTION)
        if not more:
            return []
        command = f"quizcli --new {begun + more}"
        if self._topics:
            command = "quizcli " + " ".join(f"--topic {topic}" for topic in self._topics) + f" --new {more}"
        return [(command, tr(f"{more} more new card{'s' * (more != 1)} today", f"今天再学 {more} 张新卡"))]


def _place(counts: Counts) -> str:
    """How far the day is. What is being learnt comes again, so it is told apart: each answer counts down."""
    cards = counts.remaining - counts.learning
    left = tr(f"{cards} left", f"还剩 {cards}")
    if not counts.learning:
        return left
    return left + tr(f", {counts.learning} learning", f"，学习中 {counts.learning}")


def describe_backlog(counts: Counts) -> str:
    """What is said at the start where more is due than a day holds; "" where it is not."""
    if not counts.held_back:
        return ""
    due = counts.held_back + counts.remaining
    away = tr(f" after {counts.days_away} days away", f"（{counts.days_away} 天没学）")
    return tr(
        f"{due} are due{away * (counts.days_away > 1)}: {counts.remaining} today, "
        "most overdue first, nothing new",
        f"{due} 张到期{away * (counts.days_away > 1)}：今天先复习最久的 {counts.remaining} 张，暂不出新卡",
    )


def _moment(milliseconds: int) -> str:
    """A time to come, as a person would say it."""
    minutes = max(1, round((milliseconds / 1000 - time.time()) / 60))
    if minutes < 60:
        return tr(f"in {minutes} min", f"{minutes} 分钟后")
    local = time.localtime(milliseconds / 1000)
    if minutes < 24 * 60:
        clock = f"{local.tm_hour}:{local.tm_min:02}"
        tomorrow = local.tm_yday != time.localtime().tm_yday
        return tr(f"tomorrow at {clock}", f"明天 {clock}") if tomorrow else tr(f"at {clock}", clock)
    return tr("on ", "") + time.strftime("%Y-%m-%d", local)
