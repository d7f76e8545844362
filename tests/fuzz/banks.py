"""Banks: YAML that is nearly right, and bytes that are nearly YAML."""

from __future__ import annotations

import random
from pathlib import Path

from quizcli.bank.checking.content import Outside, check
from quizcli.bank.reading.reader import read
from quizcli.errors import QuizError
from quizcli.screen.cards.answer import answer_lines
from quizcli.screen.cards.question import question_lines
from quizcli.screen.latex.layout import unshowable
from tests.fuzz.program import PATIENCE, at_most
from tests.places import GOOD_BANK

GOOD = GOOD_BANK.read_bytes()
PIECES = [
    *(b": ", b"- ", b"[", b"]", b"{", b"}", b"\n", b"  "),
    *(b"\t", b"|", b">", b"&a ", b"*a", b"!!python/object:os"),
    *(b"!!binary ", b"? ", b"%YAML 9\n", b"---\n", b"...\n"),
    *(b"#", b"'", b'"', b"\\x", b"\x00", b"\xff\xfe", b"\xc3"),
    *(b"no", b"on", b"12:30", b"010", b"1e-3", b"1e999", b".nan"),
    *(b"-.inf", b"0x1F", b"1_000", b"~", b"null", b"=", b"<<"),
    *(b"2001-01-01", b"99999999999999999999", b"kind: code\n"),
    *(b"correct: maybe\n", b"choices: []\n", b"en: ", b"zh: "),
    *(b"$\\frac{", b"$$", b"{{c1::", b"}}", b"`", b"```"),
    *(b"\xe2\x80\xae", b"\xf3\xa0\x81\x81", b"\x1b[2J", b"\xed\xa0\x80"),
    *(b"id: dropout-recall\n", b"follow: [x]\n", b"level: 9\n"),
    *(b"avoid: [a.b]\n", b"judged: [speed]\n", b"- " * 200),
    *(b"[" * 3000, b"{a: " * 500, b"x" * 70000, b"\xe4\xb8\xad" * 3000, b"&a [*a]", b"<<: *a\n"),
]  # fmt: skip


def one(folder: Path, seed: int) -> list[str]:
    """One bank, read, checked and drawn; what is wrong with it must be told at a place."""
    chance = random.Random(seed)
    data = GOOD
    for _ in range(chance.choice((1, 1, 2, 3, 8, 40))):
        data = _changed(data, chance)
    try:
        with at_most(PATIENCE):
            return _told(data)
    except (QuizError, Exception) as error:  # noqa: BLE001 - that is what is looked for
        return [f"{type(error).__name__}: {error}"]


def _told(data: bytes) -> list[str]:
    reading = read(data, "questions/x.yaml")
    found = list(reading.mistakes)
    if reading.bank is not None:
        outside = Outside({}, lambda answer, settings: None, unshowable)
        found += check([reading.bank], {"questions/x.yaml": reading.places}, outside)
        for question in reading.bank.questions:
            for width in (40, 80):
                question_lines(question, width, list(range(99))[: len(getattr(question, "items", ()))])
                answer_lines(question, width)
    lines = data.count(b"\n") + data.count(b"\r") + data.count(b"\xc2\x85") + data.count(b"\xe2\x80") + 1
    wrong = [m for m in found if not 1 <= m.line <= lines or m.column < 1 or not str(m).strip()]
    said = [str(mistake) for mistake in wrong]
    if reading.bank is None and not reading.mistakes:
        said.append("nothing was read, and nothing is wrong")
    return said


def _changed(data: bytes, chance: random.Random) -> bytes:
    place = chance.randrange(len(data) + 1)
    other = chance.randrange(len(data) + 1)
    first, last = sorted((place, min(other, place + 200)))
    match chance.randrange(7):
        case 0:
            return data[:place] + bytes([chance.randrange(256)]) + data[place + 1 :]
        case 1:
            return data[:first] + data[last:]
        case 2:
            return data[:place] + data[first:last] + data[place:]
        case 3:
            lines = data.split(b"\n")
            chance.shuffle(lines) if chance.random() < 0.1 else lines.pop(chance.randrange(len(lines)))
            return b"\n".join(lines)
        case 4:
            return data[:place]
        case _:
            return data[:place] + chance.choice(PIECES) + data[place:]
