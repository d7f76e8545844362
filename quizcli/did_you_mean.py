"""What may have been meant by a word that is none: one way to look for it, and one way to say it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from quizcli.text import tr

_LONGEST = 80  # characters; nobody mistypes a longer word
_MOST = 20_000  # words to compare with; one comparison takes about 20 µs
_LONGEST_OF_MANY, _MOST_OF_MANY = 40, 2000  # the same where a bank may have thousands of mistakes
_LEAST_BEGINNING = 3  # letters that say which word is meant
_SHORT = 6  # letters
_LEAST, _LEAST_OF_SHORT = 0.6, 0.5  # how alike two words must be
_SAME_PART = 0.7
_AS_NEAR = 0.15  # what is so much less alike than the likeliest is not named beside it


def nearest(word: str, known: Iterable[str], most: int = 3) -> list[str]:
    """The known words that `word` may stand for, the likeliest first; none where nothing is near.

    A word that begins or holds it comes first: `attention-code` means one of `attention-code-…`. Else names
    are compared part by part, so that `atention-code` is nearer to those than to `augmentation-code-mixup`,
    which shares more letters in a row.
    """
    words = list(dict.fromkeys(known))
    typed = word.casefold()
    if not typed or len(typed) > _LONGEST or len(words) > _MOST:
        return []
    if len(typed) >= _LEAST_BEGINNING:
        begun = [one for one in words if one.casefold().startswith(typed)]
        if begun or (begun := [one for one in words if typed in one.casefold()]):
            return begun[:most]
    likely = [(likeness, one) for one in words if (likeness := _likeness(typed, one.casefold())) > 0]
    likely.sort(key=lambda pair: -pair[0])
    return [one for likeness, one in likely[:most] if likeness > likely[0][0] - _AS_NEAR]


def did_you_mean(words: Sequence[str]) -> str:
    """The question after a refusal; "" where there is nothing to suggest."""
    return (
        tr("Did you mean ", "是否想输入 ") + tr(" or ", " 或 ").join(words) + tr("?", "？") if words else ""
    )


def nearest_known(word: str, known: Iterable[str]) -> str:
    """The same as the end of a message about a word: "; did you mean 'lr'?", or nothing."""
    words = list(known)
    if len(word) > _LONGEST_OF_MANY or len(words) > _MOST_OF_MANY:
        return ""
    near = did_you_mean([repr(one) for one in nearest(word, words, 1)])
    return tr("; ", "，") + near[:1].lower() + near[1:] if near else ""


def in_a_row(*sentences: str) -> str:
    """Sentences of a hint one after the other, those that say something."""
    return tr(" ", "").join(sentence for sentence in sentences if sentence)


def _likeness(typed: str, word: str) -> float:
    """How well the parts of `typed` are found in those of `word`, as a share of its letters, or 0."""
    parts, sought = word.replace("_", "-").split("-"), typed.replace("_", "-").split("-")
    found = 0.0
    for part in sought:
        best = max(_ratio(part, other) for other in parts)
        found += len(part) * best if best >= _SAME_PART else 0
    share = found / max(1, sum(map(len, sought)))
    whole = _ratio(typed, word)
    if max(share, whole) < (_LEAST_OF_SHORT if len(typed) < _SHORT else _LEAST):
        return 0.0
    return max(share, whole) + whole / 10  # of two that hold the same parts, the one that holds little else


def _ratio(one: str, other: str) -> float:
    from difflib import SequenceMatcher  # needed where something is wrong

    return SequenceMatcher(None, other, one, autojunk=False).ratio()
