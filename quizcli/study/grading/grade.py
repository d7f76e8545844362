"""Whether a response is right, and the grade that it proposes. Pure: no schedule, no terminal."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Sequence
from decimal import Decimal

from msgspec import Struct

from quizcli.bank.types import AnyQuestion, Choice, Cloze, Number, Order, Truth
from quizcli.study.grading.blank import fits, is_noted, places
from quizcli.study.grading.number_parser import narrow
from quizcli.study.grading.quantity import Quantity, read_quantities, unreadable
from quizcli.study.schedule.card import Rating
from quizcli.text import tr

_NO_ORDER = re.compile(
    r"[^\d\s,;:.、。<>→⇒➜➔⟶=/|#_+{}()\[\]–—~～&-]"
)  # any other sign than these between numbers
_ORDER_WORDS = re.compile(
    r"^(?:the )?(?:order|sequence|顺序|次序)\s*(?:is|是|为)?\s*[:：]?|\b(?:and|then)\b|然后|接着|最后|再|和"
)
_FIGURES = "一二三四五六七八九"

Response = bool | str | frozenset[int]  # truth; what was typed; the chosen options, counted from 0


class Verdict(Struct, frozen=True):
    """What a response came to.

    `wrong` counts from 0: the options that were ticked or left out by mistake, the blanks that were filled
    wrongly, the places of an order that hold another item. `parts` says of how many.
    """

    right: bool
    proposed: Rating
    wrong: tuple[int, ...] = ()
    parts: int = 1


def grade(question: AnyQuestion, response: Response, permutation: Sequence[int] = ()) -> Verdict:
    """Judge a response to a question that grades itself.

    Truth takes a bool; choice the chosen indexes; cloze, number and order what was typed. `permutation` says
    how the items of an order were shown: items[permutation[0]] first. Raises QuizError for what cannot be
    read (that is no wrong answer: ask again), and TypeError for a response that belongs to another kind.
    """
    match question, response:
        case Truth(correct=correct), bool():
            return verdict([response == correct])
        case Choice(choices=choices), frozenset():
            return verdict([(place in response) == choice.correct for place, choice in enumerate(choices)])
        case Cloze(), str():
            return grade_cloze(question, response)
        case Number(), str():
            return grade_number(question, response)
        case Order(), str():
            return grade_order(question, response, permutation or range(len(question.items)))
    raise TypeError(f"a {question.kind} question is not answered with {response!r}")


def grade_cloze(question: Cloze, typed: str) -> Verdict:
    """One text for each blank, separated by semicolons, each in either language; how it is spelt counts."""
    wanted = places(question)
    given = _parted(narrow(typed), len(wanted))
    if len(given) > len(wanted) and not any(given[len(wanted) :]):
        del given[len(wanted) :]  # a semicolon after the last blank
    if len(given) != len(wanted):
        raise unreadable(
            tr(
                f"Blanks: {len(wanted)}, answers: {len(given)}.",
                f"共 {len(wanted)} 个空，填了 {len(given)} 个答案。",
            ),
            tr("Separate them by ; and leave one empty with ;;", "各空用 ; 隔开，不会的留空：;;"),
        )
    right = [fits(part, place) for part, place in zip(given, wanted, strict=True)]
    for part, place, is_right in zip(given, wanted, right, strict=True):
        if not is_right and is_noted(part, place):
            raise unreadable(
                tr(f"{part!r}: is that one answer?", f"{part!r}：这是一个答案吗？"),
                tr("Leave out what stands in brackets.", "请去掉括号里的内容。"),
            )
    return verdict(right)


def _parted(typed: str, count: int) -> list[str]:
    """What was typed for each blank. Who writes no semicolon may have parted them otherwise: 4, 1, 1."""
    if ";" not in typed and count > 1:
        for separator in (r"\s*、\s*", r"\s*,(?!\d{3})\s*", r"\s*/\s*", r"\s*\|\s*"):
            if len(parts := re.split(separator, typed.strip())) == count and all(parts):
                return parts
    return [part.strip() for part in typed.split(";")]


def grade_number(question: Number, typed: str) -> Verdict:
    """A number or a short calculation, with or without its unit; right within the question's tolerance.

    Where it may be read in several ways, one of them that is right suffices.
    """
    given = read_quantities(typed, question.unit, question.ask)
    return verdict([any(_is_right(question, each) for each in given)])


def _is_right(question: Number, given: Quantity) -> bool:
    """Within the tolerance of the value, or an equal of it.

    An equal that is the same amount in another unit counts where no unit was typed, within the same share:
    0.154, but not 0.154 %, for 15.4 %. The square of the value counts where both sides of the square were
    typed: 13 × 13, but not 169. Any other equal is held to its own digits, for it is no amount that the
    tolerance was made for.
    """
    right = [(question.value, question.tolerance)]
    for other in question.accept:
        if other == question.value**2 != abs(question.value):
            if given.square:
                right.append((other, 0.0))
            continue
        base = next(((value, room) for value, room in right if _is_rescaled(other, value)), None)
        if base is None:
            right.append((other, _own_digits(question, other)))
        elif given.bare or abs(other) == abs(base[0]):
            right.append((other, base[1] * abs(other / base[0])))
    return any(_is_near(given.value, *each) for each in right)


def _own_digits(question: Number, other: float) -> float:
    """Half of what the last decimal of an equal counts, and no more than the tolerance is of the value."""
    decimals = Decimal(repr(other)).normalize().as_tuple().exponent
    step = 0.5 * 10.0**decimals if isinstance(decimals, int) and decimals < 0 else 0.0
    return min(step, question.tolerance / abs(question.value) * abs(other)) if question.value else 0.0


def _is_rescaled(other: float, value: float) -> bool:
    """Whether a number is another one in a different unit or direction, times a power of 10 or 1024."""
    if not other or not value:
        return False
    powers = (math.log10(abs(other / value)), math.log(abs(other / value), 1024))
    return abs(other) == abs(value) or any(abs(p) > 0.5 and abs(p - round(p)) < 0.01 for p in powers)


def _is_near(value: float, right: float, tolerance: float) -> bool:
    slack = 1e-9 * max(1.0, abs(right))  # 0.1 + 0.2 is as good as 0.3
    return abs(value - right) <= tolerance + slack


def grade_order(question: Order, typed: str, permutation: Sequence[int]) -> Verdict:
    """The numbers of the shown items in the right order; `typed_order` says how they may be written."""
    numbers = typed_order(typed, len(question.items))
    groups = {item - 1: group for group in question.any_order for item in group}
    return verdict(
        [
            permutation[number] == place or permutation[number] + 1 in groups.get(place, ())
            for place, number in enumerate(numbers)
        ]
    )


def typed_order(typed: str, size: int) -> list[int]:
    """The numbers that were typed, each less by 1: "2 3 1", "2/3/1", "[2, 3, 1]", or below ten items "231".

    QuizError where they do not put that many items in order.
    """
    plain = _ORDER_WORDS.sub(" ", unicodedata.normalize("NFKC", typed).casefold())
    plain = "".join(str(_FIGURES.index(sign) + 1) if sign in _FIGURES else sign for sign in plain)
    words = re.findall(r"\d" if size < 10 else r"\d+", plain)
    numbers = [int(word) - 1 for word in words]
    if sorted(numbers) != list(range(size)) or _NO_ORDER.search(plain):
        raise unreadable(
            tr(
                f"{typed.strip()!r} does not put {size} items in order.",
                f"{typed.strip()!r} 不是这 {size} 项的排列。",
            ),
            tr(f"Type each number from 1 to {size} once.", f"请把 1 到 {size} 各写一次。"),
        )
    return numbers


def verdict(parts: Sequence[bool]) -> Verdict:
    """What parts that are each right or wrong come to."""
    wrong = tuple(place for place, right in enumerate(parts) if not right)
    return Verdict(not wrong, Rating.AGAIN if wrong else Rating.GOOD, wrong, len(parts))


def grade_code(passed: bool, failures: int, *, helped: bool) -> Verdict:
    """What code that was judged comes to: good at the first attempt, hard with failures or help before."""
    if not passed:
        return Verdict(False, Rating.AGAIN, (0,))
    return Verdict(True, Rating.HARD if failures or helped else Rating.GOOD)
