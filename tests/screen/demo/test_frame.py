"""Whole frames: header, panels, progress, claims, keys; and the last one."""

import math
import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from quizcli.demo.events import Changed, Claim, Failed, Finished, Progress, Relation, Started
from quizcli.screen.demo.frame import Frames
from quizcli.screen.demo.plain_log import Log
from quizcli.screen.demo.starting import Coming
from quizcli.screen.demo.state import Board
from quizcli.screen.demo.status import (
    claim_figures,
    claim_lines,
    claims_in_full,
    data_of,
    footer,
    header,
    progress_line,
)
from quizcli.text import use_language
from tests.screen.boards import board_of, claims, others, vae, words
from tests.screen.drawing import assert_fits, shown

KEYS = [("space", "pause"), ("s", "save"), ("q", "back to the question")]
EXPECTED = ("kl-nonnegative", "elbo-reached", "no-kl-breaks-sampling")


def test_a_frame_at_80_columns() -> None:
    board = board_of(vae(), claims(), expected=EXPECTED)
    text = shown(Frames(board, colour=False).running(80, 24, 67, KEYS))
    assert len(text) == 24
    assert text[0] == " VAE · MNIST, 60,000 images · cpu" + " " * 30 + "epoch 3/5   1:07"
    assert text[2].startswith(" negative ELBO  nats")
    assert text[-7:] == [
        " The clusters on the right move apart.",
        " ━━━━━━━━━━━━━━━━━━━━━━━━────────────────  61 %   17,412 images/s",
        " ✓ kl-nonnegative         19.83 ≥ 0 nats",
        "   The KL term is never negative, whatever the encoder does",
        " ✗ elbo-reached           107.2 ≤ 106.5 nats  Five epochs reach the reference",
        " … no-kl-breaks-sampling  not measured yet",
        " space pause   s save   q back to the question",
    ]


@given(st.integers(1, 150), st.integers(1, 60), st.sampled_from(["en", "zh"]), st.booleans())
def test_any_window(width: int, height: int, lang: str, colour: bool) -> None:
    use_language("zh" if lang == "zh" else "en")
    try:
        frames = Frames(board_of(vae(), others(), claims(), expected=EXPECTED), colour)
        assert_fits(frames.running(width, height, 1, KEYS, "saved to somewhere"), width, height)
        assert_fits(frames.final(width, height, 1), width, 1000)
    finally:
        use_language("en")


def test_a_long_title_gives_way_to_the_data() -> None:
    title = {"en": "A variational autoencoder learns to draw digits, watched from inside", "zh": ""}
    board = board_of(iter([Started(name="vae", title=title, data="MNIST, 60,000 images", device="cpu")]))
    assert shown([header(board, 0, 80)])[0].startswith(" vae · MNIST, 60,000 images · cpu ")
    assert shown([header(board, 0, 140)])[0].startswith(" A variational")


def test_a_low_window_keeps_header_progress_and_claims() -> None:
    text = shown(Frames(board_of(vae(), claims())).running(80, 5, 1, KEYS))
    assert text[0].startswith(" VAE")
    assert any("61 %" in row for row in text)
    assert any("✗ elbo-reached" in row for row in text)


def test_the_last_frame_tells_every_claim_in_full() -> None:
    board = board_of(vae(), claims(), iter([Finished(seconds=24)]), expected=EXPECTED)
    frames = Frames(board, colour=False)
    frames.running(80, 24, 20, KEYS)
    text = shown(frames.final(80, 24, 24))
    assert text[0].endswith("done   0:24")
    assert not any("61 %" in row or "space" in row for row in text)
    assert text[-6:] == [
        " The clusters on the right move apart.",
        "",
        " ✓ kl-nonnegative         19.83 ≥ 0 nats",
        "   The KL term is never negative, whatever the encoder does",
        " ✗ elbo-reached           107.2 ≤ 106.5 nats  Five epochs reach the reference",
        " … no-kl-breaks-sampling  not measured yet",
    ]


def test_the_last_picture_gets_the_lines_of_the_note_and_of_the_progress() -> None:
    """The note follows in full when a key is pressed, and what is done needs no bar."""
    before = shown(Frames(board_of(vae(), claims())).running(80, 24, 20, KEYS))
    after = shown(Frames(board_of(vae(), claims(), iter([Finished(seconds=24)]))).running(80, 24, 24, KEYS))
    assert any("61 %" in row for row in before)
    assert any("move apart" in row for row in before)
    assert not any("61 %" in row or "move apart" in row for row in after)
    assert any("✗ elbo-reached" in row for row in after)


def test_a_failure_says_what_to_do_and_keeps_its_trace_to_itself() -> None:
    failed = Failed(message="Out of memory", hint="Try --batch 64.", trace="Traceback\n  line 1")
    frames = Frames(board_of(vae(), iter([failed])))
    assert shown(frames.final(80, 24, 3))[-2:] == [" ✗ Out of memory", "   Try --batch 64."]
    assert shown(frames.final(80, 24, 3, debug=True))[-2:] == ["   Traceback", "     line 1"]
    assert shown([header(board_of(iter([failed])), 0, 80)])[0].startswith(" starting …")


def test_synthetic_data_are_named_everywhere() -> None:
    board = board_of(vae(synthetic=True), claims())
    assert "synthetic digits, 6,000 images" in shown([header(board, 0, 80)])[0]
    assert all("(synthetic digits)" in row for row in shown(claim_lines(board, 120, 9)))
    assert data_of(Started(data="blobs", synthetic=True)) == "blobs (synthetic data)"
    assert data_of(Started(synthetic=True)) == "synthetic data"
    assert data_of(Started(data="MNIST")) == "MNIST"


def test_claims_that_fail_come_first_where_room_is_short() -> None:
    board = board_of(claims(), expected=EXPECTED)
    assert shown(claim_lines(board, 60, 1))[0].startswith(" ✗ elbo-reached")
    assert claim_lines(board, 60, 0) == []


def test_claims_in_chinese() -> None:
    use_language("zh")
    try:
        assert shown(claims_in_full(board_of(claims()), 80))[0].endswith("无论编码器如何，KL 项都不会为负")
    finally:
        use_language("en")


@pytest.mark.parametrize(
    ("measured", "relation", "expected", "tolerance", "text"),
    [
        (105.93, "<=", 106.5, 0.0, "105.9 ≤ 106.5"),
        (1.00041, "≈", 1.0, 0.01, "1.0004 ≈ 1 ± 0.01"),
        (1.3e-5, "≈", 0.0, 1e-3, "1.3e-5 ≈ 0 ± 0.001"),
        (1.00041, "<", 1.0, 0.0, "1.0004 < 1"),
        (9966.2, ">", 1000, 0.0, "9,966.2 > 1,000"),
        (float("nan"), "==", 0, 0.0, "not measurable"),
    ],
)
def test_figures(measured: float, relation: Relation, expected: float, tolerance: float, text: str) -> None:
    claim = Claim(
        id="c", text={}, measured=measured, relation=relation, expected=expected, tolerance=tolerance
    )
    assert claim_figures(claim) == text


def test_progress_of_unknown_length_and_beyond_its_end() -> None:
    assert "   0 %" in shown([progress_line(Progress(done=5, total=0), 60)])[0]
    assert " 100 %" in shown([progress_line(Progress(done=7, total=5), 60)])[0]
    assert shown([progress_line(Progress(done=1, total=2), 60, paused=True)])[0].endswith("paused")


def test_the_way_out_stays_in_a_narrow_footer() -> None:
    assert shown([footer(KEYS, "", 40)]) == [" space pause   q back to the question"]
    assert shown([footer(KEYS, "", 24)]) == [" q back to the question"]
    assert shown([footer(KEYS, "saved to vae-1/", 70)])[0].endswith("question        saved to vae-1/")


def test_a_panel_may_change_its_kind() -> None:
    board = Board()
    for stream in (vae(), iter([next(others())])):
        for event in stream:
            board.add(event)
    assert list(board.panels) == ["loss", "samples", "latent", "map"]


@pytest.mark.parametrize(("width", "height"), [(60, 3), (80, 4), (110, 4), (110, 8), (160, 5)])
def test_a_claim_is_shown_whole_or_by_its_figures(width: int, height: int) -> None:
    """Half a sentence is no claim: what has no room is left out, and the failing one has it first."""
    long = [claim for claim in claims() if isinstance(claim, Claim)]
    board = board_of(iter([replace(claim, text=words(f"{claim.text['en']}, " * 3, "")) for claim in long]))
    lines = claim_lines(board, width, height)
    assert_fits(lines, width, height)
    told = " ".join(" ".join(shown(lines)).split())
    assert "…" not in told
    for claim in long:
        assert claim_figures(claim) in told
        assert told.count(claim.text["en"][:12]) in (0, 3)
    if height >= 8:
        assert told.count("Five epochs") == told.count("The KL term") == 3


def test_what_was_not_measured_is_no_number() -> None:
    claim = Claim(
        id="vanishes",
        measured=math.nan,
        expected=0.2,
        relation="<=",
        text=words("the gradient shrinks", "梯度变小"),
        why=words("there is no gradient", "根本没有梯度"),
    )
    board = board_of(iter([claim]))
    for lines in (claim_lines(board, 100, 3), claims_in_full(board, 100)):
        (line,) = shown(lines)
        assert (
            line
            == " ✗ vanishes  not measurable  because there is no gradient; claimed was: the gradient shrinks"
        )
    assert "NaN" not in str(Log()(claim))
    unsaid = board_of(iter([replace(claim, why={})]))
    assert "because the run came to no number" in shown(claims_in_full(unsaid, 120))[0]


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize(("width", "height"), [(80, 24), (120, 40), (30, 8), (9, 3)])
def test_while_a_worker_starts_one_sees_what_is_coming(lang: str, width: int, height: int) -> None:
    use_language("zh" if lang == "zh" else "en")
    try:
        about = "What the two terms of its loss do, on handwritten digits."
        coming = Coming("A VAE", about, "--beta 0", ("elbo-reached",), start=6.0, whole=24.0)
        frames = Frames(Board(("elbo-reached",)), coming=coming)
        seen = [shown(frames.running(width, height, 0.2 * turn, KEYS)) for turn in range(50)]
    finally:
        use_language("en")
    for lines in seen:
        assert len(lines) <= height
    if width >= 80:
        assert all(before != after for before, after in pairwise(seen))  # something moves all the time
        told = "\n".join(seen[0])
        for part in ("A VAE", about, "--beta 0", "elbo-reached", "0:06", "0:24"):
            assert part in told
        assert ("longer than usual" if lang == "en" else "比平时久") in "\n".join(seen[-1])


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_what_was_changed_by_hand_is_said_and_no_claim_counts_against_it(lang: str) -> None:
    use_language(lang)  # type: ignore[arg-type]
    by_hand = [replace(claim, measured=-1e9, by_hand=True) for claim in claims() if isinstance(claim, Claim)]
    changed = Changed(option="weight_decay", before=1.0, after=4.0, step=39)
    board = board_of(vae(), iter([changed, *by_hand, Finished(seconds=9)]))
    last = "\n".join(shown(Frames(board, colour=False).final(80, 40, 67)))
    said = {
        "en": "by your hand: weight decay 1 → 4 at 39",
        "zh": "手动调节后：weight decay 1 → 4（在 39 处）",
    }
    assert said[lang] in last
    assert re.search("┊weight decay 4|weight decay 4┊", last)
    assert "✗" not in last
    assert last.count("◇") == len(by_hand)
    log = Log()
    lines = [line for event in [*vae(), changed, *by_hand] if (line := log(event))]
    assert any("weight decay 1 → 4" in line for line in lines)
    assert not any("✗" in line or "✓" in line for line in lines)


def test_a_key_that_is_held_down_leaves_one_mark() -> None:
    turns = [Changed(option="beta", before=k, after=k + 1, step=39) for k in range(5)]
    text = "\n".join(shown(Frames(board_of(iter([*vae(), *turns])), colour=False).running(80, 24, 67, KEYS)))
    assert "beta 5" in text
    assert "beta 4" not in text
