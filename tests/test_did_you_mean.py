"""What may have been meant by a word that is none."""

from __future__ import annotations

import pytest

from quizcli.did_you_mean import did_you_mean, in_a_row, nearest
from quizcli.text import use_language

CODES = [
    "augmentation-code-mixup",
    "attention-code-causal-mask",
    "attention-code-multi-head",
    "losses-code-softmax",
]
TOPICS = ["attention", "dropout", "gan", "normalization", "training-at-scale"]


@pytest.mark.parametrize("word", ["attention-code", "atention-code", "code-attention", "Attention-Code"])
def test_parts_of_a_name_weigh_more_than_letters_in_a_row(word: str) -> None:
    assert sorted(nearest(word, CODES)) == ["attention-code-causal-mask", "attention-code-multi-head"]


@pytest.mark.parametrize(
    ("word", "known", "found"),
    [
        ("softmax", CODES, "losses-code-softmax"),
        ("losses-code-softmx", CODES, "losses-code-softmax"),
        ("attn", TOPICS, "attention"),
        ("dropuot", TOPICS, "dropout"),
        ("norm", TOPICS, "normalization"),
        ("new_per_dya", ["new_per_day", "retention"], "new_per_day"),
    ],
)
def test_the_likeliest_comes_first(word: str, known: list[str], found: str) -> None:
    assert nearest(word, known)[0] == found


@pytest.mark.parametrize("word", ["", "xyzzy", "x" * 5000, "中文", "\udcff"])
def test_what_is_like_nothing_is_like_nothing(word: str) -> None:
    assert nearest(word, CODES + TOPICS) == []


def test_how_it_is_said() -> None:
    assert in_a_row(did_you_mean(["a", "b"]), "", "So.") == "Did you mean a or b? So."
    assert did_you_mean([]) == ""
    use_language("zh")
    try:
        assert in_a_row(did_you_mean(["a"]), "如此。") == "是否想输入 a？如此。"
    finally:
        use_language("en")
