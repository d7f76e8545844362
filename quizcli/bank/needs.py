"""What must have been seen before a card is new, and in which order a teacher would open topics."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Protocol

from quizcli.bank.types import Bank
from quizcli.did_you_mean import nearest_known
from quizcli.text import tr


class Needing(Protocol):
    """What is asked here of a question."""

    @property
    def id(self) -> str: ...  # noqa: D102

    @property
    def topic(self) -> str: ...  # noqa: D102

    @property
    def level(self) -> int: ...  # noqa: D102

    @property
    def needs(self) -> tuple[str, ...]: ...  # noqa: D102


def seen_first(questions: Iterable[Needing]) -> dict[str, frozenset[str]]:
    """The ids that each question needs. A topic stands for its easiest cards: those of its lowest level.

    What no question has as its id or topic is left out: a bank that somebody removed holds nothing back.
    """
    listed = list(questions)
    ids = {question.id for question in listed}
    easiest: dict[str, list[Needing]] = {}
    for question in listed:
        cards = easiest.setdefault(question.topic, [])
        if cards and question.level < cards[0].level:
            cards.clear()
        if not cards or question.level == cards[0].level:
            cards.append(question)

    def first(question: Needing) -> frozenset[str]:
        cards = (card.id for name in question.needs if name not in ids for card in easiest.get(name, ()))
        return frozenset(cards).union(name for name in question.needs if name in ids)

    nothing: frozenset[str] = frozenset()
    return {question.id: first(question) if question.needs else nothing for question in listed}


def in_teaching_order(banks: Iterable[Bank]) -> list[Bank]:
    """The banks in the order in which a teacher would open them: each later than those it comes `after`.

    Whatever rests on fewer steps comes first, then the alphabet decides. A circle is cut where it is met.
    """
    after = {bank.topic: bank.after for bank in banks}
    steps: dict[str, int] = {}

    def depth(topic: str) -> int:
        if topic not in steps:
            steps[topic] = 0  # what a circle comes back to
            steps[topic] = max((depth(name) + 1 for name in after[topic] if name in after), default=0)
        return steps[topic]

    return sorted(banks, key=lambda bank: (depth(bank.topic), bank.topic))


def mistaken(
    bank: Bank, needed: Mapping[str, frozenset[str]], ids: Collection[str], topics: Collection[str]
) -> Iterator[tuple[str, str, str]]:
    """Names that nobody has, and circles: question id ("": the bank itself), field, message.

    `needed` is `seen_first` of the whole pack, `ids` and `topics` all that it has, broken ones too.
    """
    for question in bank.questions:
        for number, name in enumerate(question.needs, 1):
            if name not in ids and name not in topics:
                message = tr(f"names no question and no topic: {name!r}", f"既不是题目也不是主题：{name!r}")
                yield question.id, f"needs.{number}", message + nearest_known(name, {*ids, *topics})
        if circle := _way_back(question.id, needed):
            way = " → ".join(circle)
            yield question.id, "needs", tr(f"goes round in a circle: {way}", f"形成循环：{way}")
    for number, topic in enumerate(bank.after, 1):
        if topic == bank.topic or topic not in topics:
            message = tr(f"names no other topic: {topic!r}", f"不是其他主题：{topic!r}")
            yield "", f"after.{number}", message + nearest_known(topic, {*topics} - {bank.topic})


def never_begun(banks: Iterable[Bank], needed: Mapping[str, frozenset[str]]) -> dict[str, str]:
    """Topics that come `after` ones which wait for them, each with the way round.

    A topic is opened once a card of each topic that it comes after has been seen. Later cards of those may
    need it; they wait. `needed` is `seen_first` of the same banks. A circle of cards alone is none of topics.
    """
    cards: dict[str, list[str]] = {}
    after: dict[str, list[str]] = {}
    for bank in banks:
        cards.setdefault(bank.topic, []).extend(question.id for question in bank.questions)
        after.setdefault(bank.topic, []).extend(bank.after)
    cards = {topic: ids for topic, ids in cards.items() if ids}  # one without cards holds nobody up
    gates = {topic: [name for name in after[topic] if name in cards and name != topic] for topic in cards}
    topic_of = {name: topic for topic, ids in cards.items() for name in ids}
    seen = _in_turn(topic_of, gates, needed)
    begun = {topic_of[name] for name in seen}

    def onwards(step: tuple[str, str]) -> tuple[str, str]:
        """What a topic or card that cannot be seen waits for: ("topic", name) or ("card", name)."""
        sort, name = step
        if sort == "topic":
            closed = next((other for other in gates[name] if other not in begun), None)
            return ("card", cards[name][0]) if closed is None else ("topic", closed)
        missing = next((need for need in sorted(needed.get(name, ())) if need not in seen), None)
        return ("topic", topic_of[name]) if missing is None else ("card", missing)

    ways: dict[str, str] = {}
    for topic in cards.keys() - begun:
        steps: dict[tuple[str, str], int] = {}
        step = ("topic", topic)
        while step not in steps:
            steps[step] = len(steps)
            step = onwards(step)
        circle = [*list(steps)[steps[step] :], step]
        ahead = [name for (sort, name), (following, _) in pairwise(circle) if sort == following == "topic"]
        if topic in ahead:
            ways[topic] = " → ".join(name for _, name in circle)
    return ways


def _in_turn(
    topic_of: Mapping[str, str], gates: Mapping[str, Sequence[str]], needed: Mapping[str, frozenset[str]]
) -> set[str]:
    """The cards that can be seen one after the other, each topic once those before it have begun."""
    waits: Counter[tuple[str, str]] = Counter()
    frees: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for card, topic in topic_of.items():
        for before in [("opened", topic), *(("card", need) for need in needed.get(card, ()))]:
            frees.setdefault(before, []).append(("card", card))
            waits["card", card] += 1
    for topic, others in gates.items():
        for other in set(others):
            frees.setdefault(("begun", other), []).append(("opened", topic))
            waits["opened", topic] += 1
    ready = [("opened", topic) for topic in gates if not waits["opened", topic]]
    met: set[tuple[str, str]] = set()
    while ready:
        step = ready.pop()
        met.add(step)
        if step[0] == "card" and ("begun", topic_of[step[1]]) not in met:
            ready.append(("begun", topic_of[step[1]]))
            met.add(ready[-1])
        for freed in frees.get(step, ()):
            waits[freed] -= 1
            if not waits[freed]:
                ready.append(freed)
    return {name for sort, name in met if sort == "card"}


def _way_back(start: str, needed: Mapping[str, frozenset[str]]) -> list[str]:
    """The shortest way from a question over what it needs back to itself; [] where there is none."""
    came_from: dict[str, str] = {}
    row = [start]
    while row:
        reached: list[str] = []
        for name in row:
            for need in sorted(needed.get(name, ())):
                if need == start:
                    way = [start]
                    while name != start:
                        way.append(name)
                        name = came_from[name]
                    return [start, *reversed(way)]
                if need not in came_from:
                    came_from[need] = name
                    reached.append(need)
        row = reached
    return []
