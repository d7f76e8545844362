"""The bar of knobs: what the keys turn, and what it shows of it."""

from quizcli.demo.parameter import Parameter
from quizcli.screen.demo.knob_bar import KnobBar
from quizcli.text import Text
from tests.screen.drawing import shown

BETA = Parameter(
    name="beta", type="float", default=1.0, min=0, max=100, live=True, help=Text("weight of KL", "KL 的权重")
)
RATE = Parameter(name="learning_rate", type="float", default=0.01, min=1e-6, max=0.1, live=True)
FIXED = Parameter(name="epochs", type="int", default=7, min=1, max=100)


def bar() -> KnobBar:
    knobs = KnobBar([FIXED, BETA, RATE])
    knobs.begin({"epochs": 7, "beta": 1.0, "learning_rate": 0.02})
    return knobs


def text(knobs: KnobBar, width: int = 80) -> str:
    return "\n".join(shown(knobs.draw(width)))


def test_up_and_down_turn_the_chosen_one_and_0_puts_it_back() -> None:
    knobs = bar()
    assert text(knobs) == " ▸ beta 1   learning rate 0.02   weight of KL"
    assert knobs.press("up") == ("beta", 2.0)
    assert knobs.press("up") == ("beta", 5.0)
    assert text(knobs) == " ▸ beta 5 (1)   learning rate 0.02   weight of KL"
    assert knobs.press("0") == ("beta", 1.0)
    assert knobs.press("0") is None
    assert knobs.press("right") is None
    assert knobs.press("down") == ("learning_rate", 0.01)
    assert text(knobs) == "   beta 1 ▸ learning rate 0.01 (0.02)"
    assert knobs.press("right") is None
    assert knobs.press("down") == ("beta", 0.5)


def test_at_its_end_nothing_is_turned() -> None:
    knobs = bar()
    presses = [knobs.press("up") for _ in range(8)]
    assert presses[-3:] == [("beta", 100.0), None, None]


def test_the_key_bar_offers_what_does_something() -> None:
    assert [key for key, _ in bar().offered] == ["↑↓", "←→"]
    one = KnobBar([BETA])
    assert one.offered == []
    assert one.press("up") is None  # nothing runs yet
    assert one.draw(80) == []
    one.begin({"beta": 1.0})
    assert [key for key, _ in one.offered] == ["↑↓"]
    one.press("up")
    assert [key for key, _ in one.offered] == ["↑↓", "0"]


def test_without_live_options_there_is_no_bar() -> None:
    none = KnobBar([FIXED])
    none.begin({"epochs": 7})
    assert none.draw(80) == []
    assert none.offered == []
    assert none.press("up") is None


def test_no_line_is_wider_than_the_window() -> None:
    for width in (1, 12, 20, 40):
        assert all(len(line) <= width for line in text(bar(), width).splitlines())


def test_a_second_start_of_the_same_run_keeps_what_was_turned() -> None:
    knobs = bar()
    knobs.press("up")
    knobs.begin({"beta": 1.0, "learning_rate": 0.02})
    assert "beta 2 (1)" in text(knobs)
