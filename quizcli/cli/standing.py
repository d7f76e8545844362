"""How a card stands, in a word."""

from quizcli.study.card import Card, State
from quizcli.text import tr


def standing(card: Card | None) -> str:
    """new, learning, review or relearning; else suspended; and whether it is flagged."""
    words = {
        State.NEW: tr("new", "新卡"),
        State.LEARNING: tr("learning", "学习中"),
        State.REVIEW: tr("review", "复习"),
        State.RELEARNING: tr("relearning", "重学"),
    }
    if card is None:
        return words[State.NEW]
    if card.suspended:
        return tr("suspended", "已暂停")
    return words[card.state] + (tr(" · flagged", " · 旗标") if card.flagged else "")


def answered_elsewhere() -> str:
    """What is said of an answer that does not count."""
    return tr("answered in another window first; that answer counts", "另一个窗口已先作答，以先答的为准")
