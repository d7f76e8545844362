"""Whether what was typed into a blank says what belongs there: how it is spelt counts, its style does not.

Nothing here knows the subject: two names of one thing stand in a question's `accept`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct

from quizcli.bank.cloze import Blank, pieces
from quizcli.bank.types import Cloze
from quizcli.errors import QuizError
from quizcli.study.grading.number_parser import lifted, narrow
from quizcli.study.grading.quantity import read_quantities, spoken_numbers
from quizcli.study.grading.spelled_numbers import is_place
from quizcli.study.grading.units import MEASURES
from quizcli.text import Text


class Place(Struct, frozen=True):
    """A blank: what it may hold, and the text on both sides of it in English and Chinese."""

    answers: tuple[str, ...]
    before: Text
    after: Text


_GREEK = {
    ord(letter): unicodedata.name(letter).rsplit(" ", 1)[1].lower().replace("lamda", "lambda")
    for letter in "αβγδεζηθικλμνξοπρστυφχψω"
}
_FUNCTION = (
    r"(?:sine?|cos(?:ine)?|tanh|exp|log|ln|sqrt|max|min|argmax|softmax|sigmoid|sigma|relu|gelu|silu|swish"
    r"|softplus|正弦|余弦|双曲正切)"
)
_ARGUMENT = re.compile(
    rf"^({_FUNCTION})\s*(?:\(\s*(?:[a-z]|[·.…-]|theta|omega|alpha)(?:_?[a-z0-9])?\s*\)|\s(?:[xztu]|theta))$"
)
_KIND = re.compile(rf"^({_FUNCTION})\s*(?:activation|(?:activation )?function|激活函数|激活|函数)$")
_DEGREE = re.compile(
    r"^(?:变得|更加|有所|稍微|略微|稍|略)?(?:更|较|变|偏)?([大小高低多少快慢早晚强弱长短宽窄深浅好坏远近])(?:一些|一点|些|了)?$"
)
_DEGREE_BEFORE = re.compile(
    r"^(?:slightly|somewhat|a (?:little|bit)(?: bit)?|much|a lot|far|considerably|significantly)\s+"
    r"(?=\S+er$|more$|less$|increas|decreas|rais|ris|up$|down$)(.+)$"
)
_A_LITTLE = re.compile(r"^(?:稍微|略微|稍有|略有|有所|稍|略)(.{2,4})$")
_MODULE = re.compile(
    r"^(?:(?:torch\.)?nn\.(?:functional\.)?|torch\.|f\.)(?=[a-z_])(.+?)(?:\(\))?$"
)  # nn.SiLU
_ONE_OF_THEM = re.compile(r"^(?:(?:single|individual|each|every)\s+|单个|每个|每一个|单一)(.+)$")
_OTHER_NAME = re.compile(
    r"^([^()]+?)\s*\((?:(?:即|也叫|也称|又叫|又称|亦称|也就是|或者?|=)\s*"
    r"|(?:i\.e\.,?|a\.?k\.?a\.?|also|or|that is,?|called)\s+)*([^()]+|\([^()]+\))\)$",
    re.IGNORECASE,
)
_NOTE = re.compile(r"^([^()]+?)\s*\([^()]+\)$")
_TIMES_SIGN = re.compile(r"(?<=[\w)²³])\s*[*·×⋅]\s*(?=[^\W\d_]|\()")  # 2*(N-1), x·σ(x), but 3×9 is no 39
_SIDE_BY_SIDE = re.compile(
    r"(?:\s*,\s*|\s+)(?:or|i\.e\.,?|a\.?k\.?a\.?|also (?:called|known as)|that is,?)\s+"
    r"|\s*,?\s*(?:或者|或|即|也就是|也叫|也称|又叫|又称|亦称)\s*|\s*[/,、=]\s*|\s+",
    re.IGNORECASE,
)
_STOPS = re.compile(r"[,.;:!?，。；：！？、“”]")
_NOT = re.compile(r"\b(?:no|not|never|non|without|un)\b|[不非无没未]")
_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyz")
_LONGEST = 200  # characters that stand beside the answer
_REPEATED = 4  # words, or Chinese signs, of the text that may be typed again with the answer
_FACTOR = re.compile(r"^(?:by|times|(?:a )?factor(?: of)?|exactly|just|only|恰好|正好|[×*]|x(?=\s*[\d.]))\s*")
_NO_COUNT = re.compile(r"[<>≤≥]|at least|at most|至少|至多|^第|^#|\d(?:st|nd|rd|th)$")
_TWO_NUMBERS = re.compile(r"^([\d.,]+)\s+\((?!\1\))[\d.,]+\)$")  # 0 (1) is no answer yet
_MEASURED = re.compile(f"([{MEASURES}])$")
_SIZE = re.compile(r"\d\s*(?:[x×*]|by|乘以?)\s*\d")  # a kernel of 5×5 is one of width 5, which is not 25
_DECIMAL = re.compile(r"^0*\.?0*([\d.]+?)\s*%?$")


def places(question: Cloze) -> list[Place]:
    """The blanks of the text in use, each with its answer in either language and the equals of it.

    Blanks of the two texts belong together by their group and by their place among those of that group.
    """
    en, zh = dict(_keyed(question.text.en)), dict(_keyed(question.text.zh))
    own = en if str(question.text) == question.text.en else zh
    found = []
    for key in own:
        sides = [texts.get(key, own[key]) for texts in (en, zh)]
        answers = (*(side[0] for side in sides), *question.accept.get(key[0], ()))
        before, after = (Text(*(side[n] for side in sides)) for n in (1, 2))
        found.append(Place(answers, before, after))
    return found


def fits(typed: str, place: Place) -> bool:
    """Whether it may stand in that place."""
    if len(typed) > _LONGEST + max(map(len, place.answers)):
        return False  # a pasted page says no blank, and takes seconds to look at in every way
    said = _is_answer(typed, place) or _are_names(typed, place)
    return said or any(_is_amount(typed, value, place.answers) for value in _amounts(typed, place))


def is_noted(typed: str, place: Place) -> bool:
    """Whether it fits but for a note in brackets, which may say more, or something else: 4 (double)."""
    noted = _NOTE.match(narrow(typed).strip())
    return noted is not None and fits(noted[1], place)


def normalized(text: str) -> str:
    """What counts of a typed answer: not case, spaces, width, brackets, formula marks, final punctuation.

    A Greek letter is its name, and a raised number is a power: 2² is not 22.
    """
    plain = re.sub("[‐‑‒–—−]", "-", _plain(text)).replace("、", ",").replace("&", " and ")
    plain = re.sub(r"[][(){}$\\_`'\"‘’“”「」《》]", "", plain)
    plain = re.sub(r"^\s*(?:the|an|a)\s+(?=\S)", "", plain)
    plain = re.sub(r"\s+", "", plain)
    plain = re.sub(r"(?<=[^\W\d])-(?=[^\W\d])", "", plain)  # feed-forward is feedforward, n-1 is not n1
    return re.sub(r"(?<=.)[.,:!?。]+$", "", plain)


def _plain(text: str) -> str:
    folded = unicodedata.normalize("NFKC", lifted(text)).casefold().replace("√", "sqrt")
    return folded.replace("ς", "σ").translate(_GREEK)


def _keyed(text: str) -> Iterator[tuple[tuple[str, int], tuple[str, str, str]]]:
    """Of each blank its key, and its answer with what stands before and behind it."""
    seen: dict[str, int] = {}
    parts = ["", *pieces(text), ""]
    for before, blank, after in zip(parts, parts[1:], parts[2:], strict=False):
        if isinstance(blank, Blank):
            seen[blank.group] = seen.get(blank.group, 0) + 1
            sides = [side if isinstance(side, str) else "" for side in (before, after)]
            yield (blank.group, seen[blank.group]), (blank.answer, sides[0], sides[1])


def _is_answer(typed: str, place: Place) -> bool:
    known = {
        _without_of(form) for answer in place.answers for form in (normalized(answer), _multiplied(answer))
    }
    forms = map(_without_of, _forms(typed, place))
    return any(form in known or _is_inflected(form, known) for form in forms)


def _multiplied(text: str) -> str:
    """`normalized`, without signs of multiplication where none is needed: 2*(N-1)/N is 2(N-1)/N."""
    return normalized(_TIMES_SIGN.sub("", _plain(text)))


def _without_of(text: str) -> str:
    return text.removesuffix("的").removesuffix("了") if len(text) > 1 else text


def _forms(typed: str, place: Place) -> Iterator[str]:
    """What was typed, and that without what says no more: an argument, a degree, the words at the blank."""
    plain = _plain(typed).strip()
    whole = normalized(typed)
    yield whole
    yield _multiplied(typed)
    for pattern in (_ARGUMENT, _KIND, _DEGREE, _DEGREE_BEFORE, _A_LITTLE, _MODULE, _ONE_OF_THEM):
        if found := pattern.match(plain):
            yield normalized(found[1])
    for side in (place.after.en, place.after.zh):
        words = _words(_STOPS.split(side, maxsplit=1)[0])
        for said in _runs(words[:size] for size in range(1, _REPEATED + 1)):
            yield whole.removesuffix(said)
    for side in (place.before.en, place.before.zh):
        words = _words(_STOPS.split(side)[-1])
        for said in _runs(words[-size:] for size in range(1, _REPEATED + 1)):
            if len(said) > 1:  # the 低 of 降低 says something else
                yield whole.removeprefix(said)


def _words(text: str) -> list[str]:
    """Chinese signs one by one, anything else up to the next space."""
    return re.findall(r"[\u4e00-\u9fff]|[^\s\u4e00-\u9fff]+", text)


def _runs(runs: Iterable[Sequence[str]]) -> Iterator[str]:
    """What stands beside the blank, as `normalized` writes it; not what denies: "not biased" after "not"."""
    for run in runs:
        text = "".join(map(normalized, run))
        if re.match(r"[^\W\d_]", text) and text not in _LETTERS and not _NOT.search(" ".join(run).casefold()):
            yield text


def _is_inflected(word: str, known: set[str]) -> bool:
    """Whether it is the plural of one that is known, or its singular, or another form of its verb."""
    if any(_is_plural(word, other) or _is_plural(other, word) for other in known):
        return True
    stems = _stems(word)
    return any(stems & _stems(other) for other in known)


def _stems(word: str) -> set[str]:
    """What quadruple, quadruples, quadrupled and quadrupling have in common; nothing of short words: bias."""
    if not re.fullmatch("[a-z]{6,}", word):
        return set()
    found = {word, word.removesuffix("e")}
    for ending in ("es", "s", "ed", "d", "ing"):
        if word.endswith(ending) and len(word) - len(ending) >= 5:
            found |= {word.removesuffix(ending), word.removesuffix(ending).removesuffix("e")}
    return found


def _is_plural(plural: str, word: str) -> bool:
    if not re.search("[a-z]{3}$", word) or plural.endswith(("ss", "us", "is", "as")):  # bias
        return False
    if re.search("[^aeiou]y$", word):
        return plural == word[:-1] + "ies"
    return plural == word + ("es" if re.search("(?:s|x|z|ch|sh)$", word) else "s")


def _are_names(typed: str, place: Place) -> bool:
    """Whether it is several names side by side, "sigmoid (σ)", and each of them fits.

    Numbers only in brackets or alone: "twice 2" is 4.
    """
    text = narrow(typed).strip()
    other = _OTHER_NAME.match(text)
    names = [name for name in (other.groups() if other else _SIDE_BY_SIDE.split(text)) if name]
    if len({normalized(name) for name in names}) < max(2, len(names)):
        return False
    if not other and any(_amounts(name, place) or re.search(r"\d", name) for name in names):
        return False  # twice 2Ψ
    return all(fits(name, place) for name in names)


def _amounts(typed: str, place: Place) -> list[float]:
    """The number that was typed, as a factor, or with the word behind it that the text has there too.

    More than one where it may be read in several ways; none where it is no number.
    """
    plain = narrow(typed).strip().casefold()
    measure = _MEASURED.search(plain)
    if _NO_COUNT.search(plain) or is_place(plain) or _TWO_NUMBERS.match(plain):
        return []
    if measure and not place.after.zh.lstrip().startswith(measure[1]):
        return []
    said = Text(" ".join(_words(place.after.en)[:3]), place.after.zh[:6])
    try:
        found = read_quantities(_FACTOR.sub("", plain), None, said, notes=False)
    except QuizError:
        return []
    return [quantity.value for quantity in found]


def _is_amount(typed: str, value: float, answers: Sequence[str]) -> bool:
    amounts = [*answers[:2], *(answer for answer in answers[2:] if not _SIZE.search(answer))]
    return any(_is_equal(typed, value, answer) for answer in amounts)


def _is_equal(typed: str, value: float, answer: str) -> bool:
    """1,000 is 1000, .5 is 1/2, 三 is 3; 0.667 is 2/3, which no decimal is, rounded to three digits."""
    try:
        right = spoken_numbers(answer)[0]
    except ValueError:
        return False
    slack = 1e-9 * max(1.0, abs(right))
    decimal = _DECIMAL.match(narrow(typed).strip())
    if decimal and abs(right - round(right, 6)) > slack:
        digits = decimal[1].replace(".", "")
        if len(digits) >= 3 and abs(right) > slack:
            return f"{value:.{len(digits)}g}" == f"{right:.{len(digits)}g}"
    return abs(value - right) <= slack
