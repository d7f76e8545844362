from quizcli.bank.needs import in_teaching_order, mistaken, never_begun, seen_first
from quizcli.bank.types import Bank, Recall
from quizcli.text import Text

WORDS = Text("?", "？")


def card(name: str, *needs: str, topic: str = "t", level: int = 1) -> Recall:
    return Recall(id=name, topic=topic, level=level, ask=WORDS, needs=needs)


def bank(topic: str, *cards: Recall, after: tuple[str, ...] = ()) -> Bank:
    return Bank(topic, WORDS, cards, f"questions/{topic}.yaml", after=after)


def faults(*banks: Bank) -> list[tuple[str, str, str]]:
    questions = [question for one in banks for question in one.questions]
    ids = {question.id for question in questions}
    needed = seen_first(questions)
    return [fault for one in banks for fault in mistaken(one, needed, ids, {one.topic for one in banks})]


def test_a_topic_stands_for_its_easiest_cards_and_what_is_gone_holds_nothing_back() -> None:
    cards = [
        card("a1", topic="a", level=2),
        card("a2", topic="a", level=3),
        card("a3", topic="a", level=2),
        card("b1", "a", "a2", "gone", topic="b"),
    ]
    assert seen_first(cards) == {
        "a1": frozenset(),
        "a2": frozenset(),
        "a3": frozenset(),
        "b1": frozenset({"a1", "a2", "a3"}),
    }


def test_unknown_names_are_told_with_the_nearest_one() -> None:
    (fault,) = faults(bank("losses", card("softmax-gradient"), card("x", "softmax-gradents")))
    assert fault[:2] == ("x", "needs.1")
    assert fault[2].endswith("did you mean 'softmax-gradient'?")
    (fault,) = faults(bank("losses", card("a")), bank("gan", card("b"), after=("loses",)))
    assert fault[:2] == ("", "after.1")
    assert fault[2].endswith("did you mean 'losses'?")
    assert faults(bank("gan", card("b"), after=("gan",)))[0][1] == "after.1"


def test_every_card_of_a_circle_is_told_with_the_way_round() -> None:
    cards = (card("a", "b"), card("b", "c"), card("c", "a"), card("d", "a"))
    ways = {question: message.partition(": ")[2] for question, _, message in faults(bank("t", *cards))}
    assert ways == {"a": "a → b → c → a", "b": "b → c → a → b", "c": "c → a → b → c"}
    assert [fault[0] for fault in faults(bank("t", card("self", "self")))] == ["self"]
    assert [fault[0] for fault in faults(bank("t", card("first", "t"), card("second", "t", level=2)))] == [
        "first"
    ], "a topic's easiest card cannot need the topic"


def test_topics_come_after_those_they_name_else_by_the_alphabet() -> None:
    banks = [bank("gan", after=("losses",)), bank("vae", after=("gan",)), bank("dropout"), bank("losses")]
    assert [one.topic for one in in_teaching_order(banks)] == ["dropout", "losses", "gan", "vae"]
    assert [one.topic for one in in_teaching_order([*banks, bank("a", after=("vae",))])][-1] == "a"
    circle = [bank("b", after=("a",)), bank("a", after=("b",))]
    assert sorted(one.topic for one in in_teaching_order(circle)) == ["a", "b"]
    twins = [bank("a"), bank("a")]
    assert len(in_teaching_order(twins)) == 2


def rounds(*banks: Bank) -> dict[str, str]:
    return never_begun(banks, seen_first(question for one in banks for question in one.questions))


def test_topics_that_come_after_each_other_are_told_with_the_way_round() -> None:
    assert rounds(bank("a", card("a1"), after=("b",)), bank("b", card("b1", topic="b"), after=("a",))) == {
        "a": "a → b → a",
        "b": "b → a → b",
    }
    three = [
        bank("a", card("a1", topic="a"), after=("b",)),
        bank("b", card("b1", topic="b"), after=("c",)),
        bank("c", card("c1", topic="c"), after=("a",)),
        bank("d", card("d1", topic="d"), after=("a",)),
    ]
    assert rounds(*three) == {"a": "a → b → c → a", "b": "b → c → a → b", "c": "c → a → b → c"}


def test_a_topic_cannot_come_after_one_whose_every_card_needs_it() -> None:
    later = bank("b", card("b1", topic="b"), after=("a",))
    assert rounds(bank("a", card("a1", "b1", topic="a")), later) == {"b": "b → a → a1 → b1 → b"}
    assert rounds(bank("a", card("a1", "b", topic="a")), later) == {"b": "b → a → a1 → b1 → b"}
    over = [card("a1", "x", topic="a"), card("a2", "b1", topic="a"), card("x", "b1", topic="x")]
    assert list(rounds(bank("a", *over[:2]), bank("x", over[2]), later)) == ["b"]
    begins = bank("a", card("a1", topic="a"), card("a2", "b1", topic="a", level=3))
    assert rounds(begins, later) == {}, "a later card may wait for another topic"
    assert rounds(bank("a", card("a1", "a2", topic="a"), card("a2", "a1", topic="a")), later) == {}, (
        "a circle of cards, told as that"
    )


def test_unknown_and_empty_topics_hold_nobody_up() -> None:
    assert rounds(bank("a", card("a1", topic="a"), after=("a", "gone", "b")), bank("b", after=("a",))) == {}
    deep = [card(f"c{n}", f"c{n - 1}", topic="a") for n in range(1, 3000)]
    assert rounds(bank("a", *deep[::-1], card("c0", topic="a"))) == {}
