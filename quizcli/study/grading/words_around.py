"""What people say around a number: patience = 3, about 0.5, at least 3, 33 % more, in total."""

from __future__ import annotations

import re

from quizcli.study.grading import question_words
from quizcli.study.grading.spelled_numbers import with_place
from quizcli.text import Text

# A name before the number: patience = 3, 0.75 * 40 = 30, answer: 3, F1 为 0.6
_EQUAL = re.compile(r"^(.*?)\s*(?<![<>!/~=])[=≈]\s*(?=[^=]*\w)(?!.*[=≈].*\w)")
_COLON = re.compile(r"^([^\W\d][^:]*):\s*(?=\S)")
_IS = re.compile(r"^([^\d=]*?\S)\s*(?:为|是|变为|变成|取|应为|等于|is)\s*(?=[-+]?[\d.])")
_OF = re.compile(r"^(?:an?\s+)?([a-z]\w+) of\s+(?=[\d.])")  # a patience of 3
_CONCLUSION = re.compile(
    r"^.*(?:,\s*(?:so|i\.e\.,?|that is,?|thus|hence|therefore)\s+|[,，]\s*(?:即|所以|共|因此|也就是)\s*"
    r"|\s*约等于\s*)(?=\S)"
)
_REASON = re.compile(r",?\s+(?:since|because)\s.*$")
_ABOUT = re.compile(
    r"^(?:(?:[~≈∼=#]|(?:about|around|roughly|approx(?:imately|\.)?|circa|ca?\.|no\.|exactly|precisely|just|only"
    r"|nearly|almost|after|at|it is|it's|is|equals|(?:by )?(?:a )?factor of|by|the last|last|the final)(?!\w)"
    r"|大约|大概|约为|约|恰好|正好|刚好|接近|将近|差不多|等于|总共|一共|总计|共|变为|变成|为|最后|在(?=.*处$))\s*)+"
)
_OR_SO = re.compile(
    r"\s*(?:左右|上下|处|or so|of them|(?:per|on each|each|a) side|(?:in )?total|in all|altogether|overall"
    r"|…|\.\.\.)$|[.。]$"
)
_LEAST = r"≥|>=|=>|\bat least|\b(?:no|not) less than|\bmin\b\.?|至少|最少|不小于|不少于|大于等于|不低于"
_MOST = r"≤|<=|=<|\bat most|\bup to|\b(?:no|not) more than|\bmax\b\.?|至多|最多|不超过|不大于|小于等于"
_OTHER = (
    r"!=|=/=|≠|>|<|\bmore than|\bless than|\bover\b|\bunder\b|\bnot\b"
    r"|不是|不等于|超过|大于|小于|不到|不足|少于"
)
_BOUND = re.compile(rf"^(?:(.*?)\s*)(?:({_LEAST})|({_MOST})|({_OTHER}))\s*(?:为|是)?\s*(?=.)")
_BOUND_BEHIND = re.compile(
    r"\s*(?:(or more|or above|at (?:the )?least|\+|以上|及以上)"
    r"|(or less|or fewer|at (?:the )?most|以下|及以下))$"
)
_ORDINAL = re.compile(r"(?<=\d)(?:st|nd|rd|th)(?= |$)|^第\s*")
_BELOW_ZERO = re.compile(r"^(?:minus|negative)\s+|^负\s*")
_MORE = re.compile(r"(?:(?<=%)|(?<=\d)|(?<=third)|(?<=half))\s*(?:(more|larger|higher)|less|fewer|lower)$")


def without_about(text: str) -> str:
    """The text without "about", 大约 and the like before it."""
    return _ABOUT.sub("", text)


def conclusion(text: str, ask: Text | None) -> str:
    """What is said in the end, without its reason: 16 + 28, so 44.

    "At least" and "at most" say no more where the smallest or the largest is asked for. ValueError for any
    other bound: that is no number.
    """
    text = _CONCLUSION.sub("", _REASON.sub("", text))
    if bound := _BOUND.match(text):
        _refuse_bound(bound[2], bound[3], ask)
        text = f"{bound[1]} = {text[bound.end() :]}" if bound[1] else text[bound.end() :]
    if bound := _BOUND_BEHIND.search(text):
        _refuse_bound(bound[1], bound[2], ask)
        text = text[: bound.start()]
    return text


def _refuse_bound(least: str | None, most: str | None, ask: Text | None) -> None:
    if ask is None or not (
        (least and question_words.is_least(ask)) or (most and question_words.is_most(ask))
    ):
        raise ValueError("a bound")


def named_apart(text: str, ask: Text | None) -> tuple[str, str]:
    """The name or calculation that stands before the number, if any, and the number."""
    for pattern in (_EQUAL, _COLON, _IS, _OF):
        called = pattern.match(text)
        if called is None or (pattern is _OF and not (ask and question_words.is_said(called[1], ask))):
            continue
        return called[1], text[called.end() :]
    return "", text


def bare_number(text: str, ask: Text | None) -> str:
    """The number alone."""
    text = _OR_SO.sub("", without_about(text))
    if ask is not None:
        text = _without_more(question_words.without_change(text, ask), ask)
    if ask is None or question_words.asks_for_a_place(ask):
        text = _ORDINAL.sub("", with_place(text) if ask is not None else text)
    return _BELOW_ZERO.sub("-", text)


def _without_more(text: str, ask: Text) -> str:
    """33 % more is 33 %, where it is asked by how many per cent something rises."""
    more = _MORE.search(text)
    if more is None or not (question_words.goes_up(ask) if more[1] else question_words.goes_down(ask)):
        return text
    return text[: more.start()]
