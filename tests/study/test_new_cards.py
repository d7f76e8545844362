"""New cards, as a teacher would choose them."""

from hypothesis import given
from hypothesis import strategies as st

from quizcli.bank.needs import in_teaching_order, seen_first
from quizcli.bank.reading.reader import read
from quizcli.study.day_cards import Standing
from quizcli.study.new_cards import FIRST, OPEN, lesson
from tests.places import ROOT
from tests.study.many import Asked

NOBODY = Standing()  # has seen anything
BANKS = sorted((ROOT / "questions").glob("*.yaml"))


def chosen(asked: list[Asked], number: int, standing: Standing = NOBODY) -> list[str]:
    items = {each.id: each for each in asked}
    return list(lesson(items, seen_first(asked), standing, number))


def met(*names: str, today: tuple[str, ...] = ()) -> Standing:
    return Standing(met=frozenset(names), today=today)


def test_topics_take_turns_and_begin_with_the_easy_ones() -> None:
    asked = [Asked("a2", "a", 2), Asked("a1", "a", 1), Asked("b3", "b", 3), Asked("b1", "b", 1)]
    assert chosen(asked, 9) == ["a1", "b1", "a2", "b3"]


def test_a_topic_begun_today_waits_for_the_others() -> None:
    asked = [Asked(f"{topic}{n}", topic, 1) for topic in "abc" for n in range(4)]
    begun = ("a0", "a1", "b0")
    assert [name[0] for name in chosen(asked, 5, met(*begun, today=begun))] == ["c", "b", "c", "a", "b"]


def test_a_few_topics_are_open_and_the_next_one_follows_when_one_is_done() -> None:
    asked = [Asked(f"{topic}{n}", topic, 1) for topic in "abcdefg" for n in range(3)]
    order = chosen(asked, 99)
    assert len(order) == len(asked)
    for place in range(len(order)):
        begun = {name[0] for name in order[: place + 1]}
        done = {topic for topic in begun if sum(name[0] == topic for name in order[: place + 1]) == 3}
        assert len(begun - done) <= OPEN
    firsts = [name[0] for name in order if name.endswith("0")]
    assert firsts == sorted(firsts), "in the order in which they are given"


def test_a_topic_that_waits_for_one_under_way_is_open_still() -> None:
    asked = [Asked(f"{topic}{n}", topic, 1) for topic in "bcde" for n in range(3)]
    order = chosen([Asked("a0", "a", 1), Asked("a1", "a", 1, needs=("b2",)), *asked], 99)
    assert order.index("e0") > order.index("b2")
    order = chosen([Asked("a0", "a", 1), Asked("a1", "a", 1, needs=("e0",)), *asked], 99)
    assert order.index("e0") == 4, "what it waits for has not been begun: it makes room"


def test_what_wakes_up_late_adds_to_no_more_than_a_few() -> None:
    asked = [Asked(f"{topic}{n}", topic, 1) for topic in "bcdef" for n in range(4)]
    late = [Asked("a0", "a", 1), *(Asked(f"a{n}", "a", 1, needs=("f0",)) for n in (1, 2, 3))]
    order = chosen([*late, *asked], 99, met("a0", "b0", "c0", "d0", "e0", "f0"))
    assert {name[0] for name in order[:8]} == set("abcd")


def test_a_card_waits_for_what_it_needs() -> None:
    asked = [
        Asked("gan1", "gan", 1, needs=("loss2",)),
        Asked("gan2", "gan", 1),
        Asked("loss1", "loss", 1),
        Asked("loss2", "loss", 2, needs=("gone",)),
    ]
    assert chosen(asked, 9) == ["gan2", "loss1", "loss2", "gan1"]
    assert chosen(asked, 9, met("loss2")) == ["loss1", "gan1", "gan2"]
    left = chosen(asked, 9, Standing(away=frozenset({"loss2"})))
    assert left == ["loss1", "gan1", "gan2"], "it is buried: it comes tomorrow, and holds up nothing"


def test_the_first_card_can_run() -> None:
    asked = [Asked(f"{topic}{n}", topic, 1, demo=n == 3 or None) for topic in "ab" for n in range(5)]
    assert chosen(asked, 3) == ["a3", "b0", "a0"], "the very first, then topics in their order"
    assert chosen(asked, 2, met("a0", "a1", "b0")) == ["a2", "b1"], "later the order of the bank decides"


@given(
    st.lists(
        st.tuples(st.sampled_from("abcdef"), st.integers(1, 3), st.sets(st.integers(0, 30), max_size=3)),
        max_size=30,
    ),
    st.integers(0, 40),
)
def test_whatever_there_is_comes_once_and_after_what_it_needs(
    cards: list[tuple[str, int, set[int]]], number: int
) -> None:
    asked = [
        Asked(f"q{n}", topic, level, needs=tuple(f"q{need}" for need in sorted(needs) if need < n))
        for n, (topic, level, needs) in enumerate(cards)
    ]
    needed = seen_first(asked)
    order = chosen(asked, number)
    assert len(order) == len(set(order)) == min(number, len(asked))
    for place, name in enumerate(order):
        assert needed[name] <= set(order[:place])


def test_the_banks_open_with_cards_that_run_and_bring_all_cards_in_order() -> None:
    banks = [bank for path in BANKS if (bank := read(path.read_bytes(), path.name).bank) is not None]
    items = {question.id: question for bank in in_teaching_order(banks) for question in bank.questions}
    needed = seen_first(items.values())
    order = list(lesson(items, needed, Standing(), 10_000))
    assert set(order) == items.keys()
    assert all(items[name].demo is not None for name in order[:FIRST])
    assert len({items[name].topic for name in order[:10]}) <= OPEN
    place = {name: number for number, name in enumerate(order)}
    assert all(place[need] < place[name] for name in order for need in needed[name])
    first: dict[str, int] = {}
    for name in order:
        first.setdefault(items[name].topic, place[name])
    for before, after in [
        ("losses", "gan"),
        ("convolution", "unet"),
        ("vae", "diffusion"),
        ("attention", "transformer"),
        ("autoencoder", "vae"),
    ]:
        assert first[before] < first[after]


def test_no_card_speaks_of_what_a_later_topic_begins() -> None:
    banks = [bank for path in BANKS if (bank := read(path.read_bytes(), path.name).bank) is not None]
    items = {question.id: question for bank in in_teaching_order(banks) for question in bank.questions}
    order = list(lesson(items, seen_first(items.values()), Standing(), 10_000))
    place = {name: number for number, name in enumerate(order)}
    for earlier, later in [
        ("early-stopping-idea", "overfitting-predict-ratios"),
        ("augmentation-idea", "overfitting-predict-ratios"),
        ("optimization-momentum", "regularization-sgd-equivalence"),
        ("optimization-momentum", "regularization-half-life"),
        ("autoencoder-parts", "losses-triplet"),
        ("autoencoder-parts", "losses-contrastive-steps"),
        ("autoencoder-parts", "losses-temperature"),
        ("transformer-encoder-layer", "norm-transformers"),
        ("convolution-same-size", "optimization-code-init"),
        ("norm-predict-half-init", "norm-weight-scale"),  # says what the prediction asks
        ("regularization-exempt", "regularization-adam-l2"),
    ]:
        assert place[earlier] < place[later], later
