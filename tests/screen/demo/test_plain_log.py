"""The plain log of a demonstration."""

from quizcli.demo.events import Claim, Failed, Finished, Note, Progress, Started
from quizcli.screen.demo.plain_log import Log
from quizcli.text import use_language
from tests.screen.boards import claims, vae


def lines(*events: object) -> list[str]:
    log = Log()
    return [text for event in events if (text := log(event))]  # type: ignore[arg-type]


def test_a_run_from_start_to_end() -> None:
    assert lines(*vae(), *claims(), Finished(seconds=67)) == [
        "VAE · MNIST, 60,000 images · cpu",
        " 61 %  epoch 3/5  17,412 images/s",
        "The clusters on the right move apart.",
        "✓ kl-nonnegative  19.83 ≥ 0 nats  The KL term is never negative, whatever the encoder does",
        "✗ elbo-reached  107.2 ≤ 106.5 nats  Five epochs reach the reference",
        "done in 1:07",
    ]


def test_progress_is_told_in_steps_of_ten_percent() -> None:
    text = lines(*(Progress(done=k, total=1000) for k in range(1001)))
    assert text == [f"{percent:>3} %" for percent in range(10, 101, 10)]


def test_progress_is_told_when_something_else_is_done() -> None:
    first, second = {"en": "training", "zh": "训练"}, {"en": "testing", "zh": "测试"}
    text = lines(
        *(Progress(done=done, total=100, text=doing) for done, doing in ((1, first), (2, first), (3, second)))
    )
    assert text == ["  1 %  training", "  3 %  testing"]


def test_synthetic_data_are_named() -> None:
    text = lines(*vae(synthetic=True), *claims())
    assert text[0] == "VAE · synthetic digits, 6,000 images · cpu"
    assert [row for row in text if row[0] in "✓✗" and "(synthetic digits)" not in row] == []


def test_no_control_characters() -> None:
    text = lines(
        Started(name="a\x1b[31m"),
        Note(text={"en": "one\ntwo", "zh": ""}),
        Failed(message="bad\r\n", hint="try\tagain"),
        Claim(id="c\x07", text={}, measured=1, expected=1),
    )
    assert len(text) == 4
    assert all(row.isprintable() for row in text)


def test_chinese() -> None:
    use_language("zh")
    try:
        assert lines(Finished(seconds=5, stopped=True)) == ["已停止，用时 0:05"]
    finally:
        use_language("en")
