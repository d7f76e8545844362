"""How a card stands, in a few words."""

from quizcli.study.card import Card, State
from quizcli.study.days import now_ms
from quizcli.text import tr


def standing(card: Card | None, now: int | None = None) -> str:
    """new, learning, review or relearning, else suspended or buried; then whether it is flagged.

    `now` in ms; without it, the clock's.
    """
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
    elif is_buried(card, now):
        word = tr("buried", "推到明天")
    return word + (tr(" · flagged", " · 旗标") if card.flagged else "")


def is_buried(card: Card, now: int | None = None) -> bool:
    """Whether the card has been put off to another day."""
    return card.buried_until > (now_ms() if now is None else now)
