"""How a card stands, in a few words."""

from quizcli.study.schedule.card import Card, State
from quizcli.text import tr


def describe_state(card: Card | None, *, buried: bool = False) -> str:
    """new, learning, review or relearning, else suspended or buried; then whether it is flagged."""
    words = {
        State.NEW: tr("new", "新卡"),
        State.LEARNING: tr("learning", "学习中"),
        State.REVIEW: tr("review", "复习"),
        State.RELEARNING: tr("relearning", "重学"),
    }
    if card is None:
        return words[State.NEW]
    word = words[card.state]
    if card.suspended:
        word = tr("suspended", "已暂停")
    elif buried:
        word = tr("buried", "推到明天")
    return word + (tr(" · flagged", " · 旗标") if card.flagged else "")


def answered_elsewhere() -> str:
    """What is said of an answer that does not count."""
    return tr("answered in another window first; that answer counts", "另一个窗口已先作答，以先答的为准")
