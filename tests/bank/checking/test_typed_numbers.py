"""Numbers typed beside measured ones, in all the forms in which a person writes them."""

from itertools import chain

import pytest

from quizcli.bank.checking.content import texts
from quizcli.bank.checking.figure_rules import figure_faults
from quizcli.bank.checking.typed_numbers import typed
from quizcli.bank.markdown import spans
from quizcli.bank.measured_record import MeasuredRun, key
from quizcli.bank.types import (
    AnyQuestion,
    Choice,
    Contender,
    DemoLink,
    Figure,
    Number,
    Option,
    Outcome,
    Predict,
    Recall,
)
from quizcli.text import Text

MEANS = (0.4464, 0.502, 0.49, 0.511, 0.513, 0.512, 0.53, 0.547, 0.5, 0.514)
ENTRY = MeasuredRun(
    run="coin",
    code="c",
    seeds=10,
    torch="2",
    machine="cpu",
    claims={
        "mean": MEANS,
        "error": tuple(value * 10 for value in range(1, 11)),
        "tiny": tuple(value * 1e-6 for value in range(20, 30)),
        "loss": tuple(value + 9.7 for value in MEANS),
        "exact": (0.5,) * 10,
    },
)
RECORD = {key("coin", {}): ENTRY}


def question(said: str, figure: Figure | None = None, ask: str = "?") -> Recall:
    said = said if "{n}" in said else f"{{n}}; {said}"
    return Recall(
        id="q",
        topic="t",
        level=1,
        ask=Text(ask, ask),
        answer=Text(said, said),
        measured={"n": figure or Figure("mean")},
        demo=DemoLink("coin"),
    )


def faults(asked: AnyQuestion, *sizes: float) -> list[tuple[str, str]]:
    return list(figure_faults(asked, texts(asked), RECORD, lambda run: "c", lambda link: sizes))


def found(said: str, figure: Figure | None = None, *sizes: float) -> list[str]:
    """What is told of the English answer."""
    told = [message for field, message in faults(question(said, figure), *sizes) if field == "answer.en"]
    assert all("typed, which may be what" in message for message in told)
    return [message.split("'")[1] for message in told]


@pytest.mark.parametrize(
    ("said", "numbers"),
    [
        ("about 0.51", ["0.51"]),
        ("half of all, 0.5", ["0.5"]),
        ("i.e. $0.50$", ["0.50"]),
        ("`0.49` to `0.53`", ["0.49", "0.53"]),
        ("```\nmean = .52\n```", [".52"]),
        ("0.500 to 0.520 here", ["0.500", "0.520"]),
        ("the first is 0.5072", ["0.5072"]),
        ("51 of a hundred", ["51"]),
        ("51 in 100", ["51"]),
        ("51 per cent", ["51"]),
        ("45 to 55 %", ["45", "55"]),
        ("50%–53 %", ["50", "53"]),
        (r"$51\%$", ["51"]),
        (r"$\frac{51}{100}$ and 51/100", ["\\\\frac{51}{100}", "51/100"]),
        ("大约0.51左右", ["0.51"]),
        ("百分之51，51个百分点", ["51"]),
        ("０．５１", ["0.51"]),
        (r"$5.1\cdot10^{-1}$, 5.1 × 10⁻¹, 5.1e-1", [r"5.1\\cdot10^{-1}", "5.1 × 10⁻¹", "5.1e-1"]),
    ],
)
def test_a_number_in_the_range_of_a_measured_one_is_found(said: str, numbers: list[str]) -> None:
    assert found(said) == numbers


@pytest.mark.parametrize(
    "said",
    [
        "0.44, 0.56, 0.7 and 5.1",
        "51 images and 50 layers",
        "a half, 1/2, fifty-one",
        "CIFAR-10, 784-51-51, x0.51, 2.0.51",
        "turned by 45°, up to 55 nats",
    ],
)
def test_other_numbers_are_none(said: str) -> None:
    assert found(said) == []


def test_units_of_what_is_measured() -> None:
    assert found("{n} %; 18 % of the labels, 0.15", Figure("error", set={})) == ["18"]
    assert found("{n}; 18 % of the labels, 1800 %", Figure("error")) == ["1800"]
    assert found("51 %, 0.51, 51 images", Figure("mean", percent=True)) == ["51", "0.51"]
    assert found(r"$2.5\cdot10^{-5}$, $3\cdot10^{-5}$, 1e-5, $10^{-5}$", Figure("tiny", digits=1)) == [
        r"2.5\\cdot10^{-5}",
        r"3\\cdot10^{-5}",
    ]
    assert found("about 10 nats", Figure("loss")) == ["10"]
    assert found("10.1 exactly, 0.5 too", Figure("loss")) == ["10.1"]
    assert found("0.5 and 50 %", Figure("exact")) == [], "what does not hang on the seed is exact"


def test_settings_and_what_theory_says_may_stand() -> None:
    assert found("10 nats of 10.1", Figure("loss"), 10, 0.5) == ["10.1"]
    assert found("half of all, 0.5", None, 0.5) == ["0.5"], "only whole settings are plain sizes"
    assert found("0.5, 0.50, 0.51", Figure("mean", exact=0.5)) == ["0.51"]
    assert found("2 ln 2 = 1.39; 1.4", Figure("mean", exact=1.3863)) == []


def test_every_text_of_the_question_is_looked_at() -> None:
    assert [field for field, _ in faults(question("{n}", ask="Is it 0.51?"))] == ["ask.en", "ask.zh"]
    words = Text("0.51", "0.52")
    asked = Choice(
        id="q",
        topic="t",
        level=1,
        ask=Text("?", "？"),
        choices=(Option(words, correct=True), Option(Text("b", "乙"), why=words)),
        answer=Text("{n}", "{n}"),
        measured={"n": Figure("mean", run="coin")},
    )
    assert {field for field, _ in faults(asked)} == {
        f"choices.{name}.{lang}" for name in ("1.text", "2.why") for lang in ("en", "zh")
    }


def prediction(first: Text, source: str = "derived", **figures: Figure) -> Predict:
    return Predict(
        id="q",
        topic="t",
        level=1,
        ask=first,
        claim="mean",
        outcomes=(Outcome(Text("below 0.5", "小于 0.5"), 0.5), Outcome(Text("0.5 or more", "0.5 以上"))),
        answer=Text("{n}", "{n}"),
        measured={"n": Figure("mean"), **figures},
        demo=DemoLink("coin"),
        source=(source,),
    )


def test_borders_of_outcomes_are_settings_and_seeds_are_of_the_record() -> None:
    assert faults(prediction(Text("?", "？"))) == []
    told = faults(prediction(Text("?", "？"), source="PyTorch 2.14.1, seeds 0 to 4"))
    assert told == [("source.1", "says which seeds were run: quote the numbers with measured")]


def test_what_is_asked_for_is_not_quoted_in_the_question() -> None:
    words = Text("With {m}?", "{m}？")
    assert faults(prediction(words, m=Figure("loss"))) == []
    told = faults(prediction(words, m=Figure("mean", digits=3)))
    assert told == [(f"ask.{lang}", "gives away {m}, which is asked for") for lang in ("en", "zh")]
    order = prediction(words, m=Figure("loss"))
    order = Predict(
        **{
            name: getattr(order, name)
            for name in ("id", "topic", "level", "ask", "answer", "measured", "demo")
        },
        items=(Contender(Text("a", "甲"), "loss"), Contender(Text("b", "乙"), "mean")),
    )
    assert [field for field, _ in faults(order)] == ["ask.en", "ask.zh"]
    number = Number(
        id="q",
        topic="t",
        level=1,
        ask=Text("{n}?", "{n}？"),
        value=0.5,
        tolerance=0.1,
        measured={"n": Figure("mean", run="coin")},
    )
    assert [message for _, message in faults(number)] == ["gives away {n}, which is asked for"] * 2


@pytest.mark.timeout(10)
def test_a_hostile_text_is_read_quickly() -> None:
    for text in (
        "1," * 50_000,
        "1-" * 50_000,
        "1 " * 50_000,
        "0." * 50_000,
        "-" * 50_000 + "1",
        "1" * 50_000,
    ):
        list(chain.from_iterable(typed(span.text) for span in spans(text)))
