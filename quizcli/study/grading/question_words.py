"""What a question asks for: which of its words may be typed again beside the number, and which say another.

"cat 0.75" answers how much weight the label of the cat keeps, "dog 0.75" does not, though the question speaks
of both: what counts is the clause that asks.
"""

from __future__ import annotations

import re

from quizcli.study.grading.spelled_numbers import is_spelt
from quizcli.text import Text

_SENTENCE = re.compile(r"(?<=[.?!])\s+|(?<=[。？！])")
_ASKS = re.compile(r"\b(?:how|what|which|where)\b|多少|多大|几|哪")
_ASIDE = re.compile(r"\([^()]*\)|（[^（）]*）")
_CLAUSE = re.compile(r",\s|[，；]")
# What says another number, though the question may have the word too: not 8, 2 squared, half of 3, 8 多.
_DENIES = re.compile(
    r"^(?:not|no|non|never|without|false|wrong|missed|nor|below|above|squared?|root|inverse|reciprocal|half"
    r"|double|twice|log|logarithm|minus|plus)$|[不非无没未错半倍多几余]|误(?!差)|平方|开方|对数"
)
_FILLERS = frozenset(("the", "of", "for", "number", "a", "an"))
_ONE_OF = r"\b(?:each|every|per|one|an?|single)\s+(?:of (?:its|the) )?"
_ONE_OF_ZH = "(?:每|一|单|某一)个?[块层张条对]?"
_ALIKE = {
    "width": "wide",
    "length": "long",
    "height": "high",
    "size": "large",
    "宽": "边长",
    "宽度": "边长",
    "std": "standard",
    "sd": "standard",
    "prob": "probability",
    "acc": "accuracy",
    "err": "error",
}
_PLAIN_NAMES = ("answer", "ans", "result", "it", "答案", "结果", "答")
_FACTOR = re.compile(r"\bfactor\b|\btimes\b|-fold\b|倍|几分之一")
_GROWS = re.compile(r"\b(?:larger|greater|bigger|higher|rises?|increases?|grows?)\b|增|升|大")
_SHRINKS = re.compile(r"\b(?:smaller|less|fewer|lower|falls?|decreases?|shrinks?)\b|减|降|小")
_LEAST = re.compile(r"\b(?:smallest|least|minimum|lowest|low)\b|至少|最[小少低短]")
_MOST = re.compile(r"\b(?:at most|most|largest|greatest|highest|maximum)\b|至多|最[大多高长]")
_CHANGE = re.compile(r"^(缩小|减小|减少|降低|下降|增加|增大|上升|提高|升高)(到|至|为|成)?了?\s*")
_GREEK = {"alpha", "beta", "gamma", "delta", "epsilon", "lambda", "sigma", "theta", "kappa", "tau"}
_PARTICLES = {"在", "约", "大约", "为", "是"}
_PLACE = re.compile(r"\bwhich\b|第几")


def clause(text: str) -> str:
    """The part of a question that asks, in lower case; all of it where nothing asks."""
    parts = _CLAUSE.split(_sentence(text))
    return " ".join([part for part in parts if _ASKS.search(part)] or parts)


def _sentence(text: str) -> str:
    """The sentence that asks, without what stands in brackets."""
    plain = text.casefold()
    questions = [sentence for sentence in _SENTENCE.split(plain) if sentence.rstrip().endswith(("?", "？"))]
    return _ASIDE.sub("", questions[-1]) if questions else plain


def is_said(word: str, ask: Text) -> bool:
    """Whether the question asks for it: what it counts, in the singular or the plural, or shortened."""
    if _DENIES.search(word) or is_spelt(word):
        return False
    word = _ALIKE.get(word, word)
    short = word.removesuffix("s")
    return (
        word in _FILLERS
        or (len(short) > 1 and any(_begins(each, short) for each in _words(clause(ask.en))))
        or word.removeprefix("个") in clause(ask.zh)
    )


def is_name_of_it(name: str, ask: Text) -> bool:
    """Whether a name before "=" or "is" can be that of what is asked for: λ, patience; not 1 - λ, dog."""
    if name.strip() in _PLAIN_NAMES:
        return True
    words = re.findall(r"[a-z]+\d*|[\u4e00-\u9fff]+|\d+", name)
    rest = re.sub(r"[a-z\d\u4e00-\u9fff_'′(){}|\s√的αβγδεηθκλμξρστφω]", "", name)
    return not rest and all(_is_letter(word) or is_said(word, ask) or word in _PARTICLES for word in words)


def _is_letter(word: str) -> bool:
    return (len(word) == 1 and word.isalpha() and word.isascii()) or word in _GREEK


def is_for_each(word: str, ask: Text) -> bool:
    """Whether so much is asked for each of that: on each GPU, of one sequence. "" stands for anything."""
    if not word:
        return re.search(r"\b(?:each|every|per)\b|每", f"{_sentence(ask.en)} {_sentence(ask.zh)}") is not None
    short = re.escape(word.removesuffix("s"))
    if re.fullmatch("[a-z]*", word):
        return re.search(_ONE_OF + short, _sentence(ask.en)) is not None
    return re.search(_ONE_OF_ZH + r"\s*" + re.escape(word), _sentence(ask.zh)) is not None


def is_factor(ask: Text) -> bool:
    """Whether it is asked how many times as large something is. What stands beside a blank asks nothing."""
    return _in_either(_FACTOR, ask) or not ask.en.rstrip().endswith("?")


def goes_up(ask: Text) -> bool:
    """Whether the factor is one by which something is larger."""
    return _GROWS.search(clause(ask.en)) is not None


def goes_down(ask: Text) -> bool:
    """Whether the factor is one by which something is smaller."""
    return _SHRINKS.search(clause(ask.en)) is not None


def is_least(ask: Text) -> bool:
    """Whether the smallest is asked for: then "at least 3" answers it."""
    return _in_either(_LEAST, ask)


def is_most(ask: Text) -> bool:
    """Whether the largest is asked for."""
    return _in_either(_MOST, ask)


def asks_for_a_place(ask: Text) -> bool:
    """Whether it is asked the how-manieth something is."""
    return _in_either(_PLACE, ask)


def without_change(text: str, ask: Text) -> str:
    """The text without a Chinese verb of change that the question has in the same sense: 增加 33 %.

    ValueError where it says another: 缩小 0.64 % is no 缩小到 0.64 %.
    """
    change = _CHANGE.match(text)
    if change is None:
        return text
    verb, to = change[1], change[2]
    asked = re.findall(f"{verb}(到|至|为|成)?", clause(ask.zh))
    if not any(bool(each) == bool(to) for each in asked):
        raise ValueError("another change")
    return text[change.end() :]


def _in_either(pattern: re.Pattern[str], ask: Text) -> bool:
    return any(pattern.search(clause(side)) for side in (ask.en, ask.zh))


def _begins(word: str, short: str) -> bool:
    return word == short or (len(short) > 2 and word.startswith(short))


def _words(text: str) -> list[str]:
    return re.findall(r"[a-z]+\d*", text)
