"""`quizcli code ID`: one code question, for the schedule where it is due or new, else for practice."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace
from rich.text import Text as RichText

from quizcli.bank.types import AnyQuestion, Code
from quizcli.errors import ExitStatus
from quizcli.packs.library import all_questions, follow_ups, titles_of
from quizcli.packs.pack import Loaded
from quizcli.screen.cards.question import CardHeader
from quizcli.screen.terminal import theme
from quizcli.screen.terminal.keyboard import Keyboard
from quizcli.screen.terminal.page import Page
from quizcli.screen.terminal.theme import make_console
from quizcli.session.card import CardAtWork
from quizcli.session.card_state import answered_elsewhere, describe_state
from quizcli.session.demo_runner import Bench
from quizcli.session.measured_claims import tick_claims
from quizcli.session.occasion import Decision, Occasion
from quizcli.session.undo import asks_first, describe_undo
from quizcli.settings import Settings
from quizcli.study.schedule.card import Card
from quizcli.study.session import Session
from quizcli.study.store.opening import store_to_write
from quizcli.study.store.store import Store
from quizcli.text import tr

_ALL = 1_000_000  # whoever asks for a question by its name is not kept from it by the day's limit


def practise(question: Code, loaded: Loaded, settings: Settings) -> int:
    """Let the person write it, see the model answer and grade themselves."""
    questions = all_questions(loaded)
    with (
        Page(make_console()) as page,
        store_to_write(settings) as store,
        Keyboard() as keys,
        Bench(page.console, keys, store, settings) as bench,
    ):
        only: list[AnyQuestion] = [question]
        session = Session.open(store, only, replace(settings, new_per_day=_ALL, reviews_per_day=_ALL))
        write, message = True, ""
        while True:
            occasion = _occasion(question, questions, loaded, store, session, write, message)
            write = False  # who takes an answer back wants to read
            decision = CardAtWork(page, keys, bench, occasion).decide()
            if decision.verb == "undo":
                message = describe_undo(session.undo())
            elif _obeyed(decision, session, page):
                return ExitStatus.INTERRUPTED if decision.interrupted else ExitStatus.OK


def _obeyed(decision: Decision, session: Session[AnyQuestion], page: Page) -> bool:
    """Do what was decided; whether that ends the practice."""
    if session.current is not None:
        if decision.verb == "grade":
            if session.answer(decision.rating, decision.milliseconds) is None:
                page.add([RichText(f" {answered_elsewhere()}", style=theme.ACCENT)])
        elif decision.verb == "suspend":
            session.suspend()
        elif decision.verb == "bury":
            session.bury()
    return decision.verb != "edit"


def _occasion(
    question: Code,
    questions: Mapping[str, AnyQuestion],
    loaded: Loaded,
    store: Store,
    session: Session[AnyQuestion],
    write: bool,
    message: str,
) -> Occasion:
    due = session.current is not None
    card = session.card if due else store.card(question.id) or Card(question.id)
    titles = titles_of(loaded)
    return Occasion(
        question=question,
        header=CardHeader(
            topic=titles[question.topic],
            status=describe_state(card),
            place=tr("practice", "练习"),
            right=0,
            wrong=0,
            minutes=0,
        ),
        intervals=(lambda: {int(r): str(i) for r, i in session.preview().items()}) if due else None,
        claims=lambda: tick_claims(store, question),
        follow=follow_ups(question, questions),
        asks_before_undo=lambda: asks_first(session.newest, session.today, question.id),
        undoable=session.newest is not None,
        message=message,
        write=write,
        warm=question.demo is not None,
    )
