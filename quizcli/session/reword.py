"""`e`: the question in the person's own editor. Only what is sound is taken over; nothing typed is lost."""

from __future__ import annotations

import re
from pathlib import Path

from rich.text import Text as RichText

from quizcli.bank.files import MAX_BYTES
from quizcli.errors import QuizError, message_and_hint
from quizcli.file_reading import read_regular, read_text
from quizcli.file_writing import make_folder, replace_file
from quizcli.packs.rewording import edits_at, excerpt
from quizcli.screen.terminal import theme
from quizcli.screen.terminal.keyboard import Keyboard
from quizcli.screen.terminal.page import Page
from quizcli.session.editor import open_editor
from quizcli.session.waiting import next_key
from quizcli.text import tr


def edit_question(bank: Path, question_id: str, folder: Path, page: Page, keys: Keyboard) -> str:
    """Let the person reword a question until it is sound or they leave it. Returns what came of it.

    The wording goes into `folder` (quizcli.packs.rewording); the bank stays as it is. What is left unsound
    stays there too, as a draft with which the next edit goes on.
    """
    kept = edits_at(folder).questions / f"{question_id}.yaml"
    draft = folder / kept.name
    try:
        original = excerpt(read_text(bank, MAX_BYTES), question_id)
        make_folder(kept.parent)
        before = read_text(kept, MAX_BYTES) if kept.exists() else original
        if not draft.exists():
            replace_file(draft, before.encode())
        while True:
            with keys.suspended():
                open_editor(draft, line_of(draft, question_id))
            written = read_regular(draft, MAX_BYTES)
            mistakes = mistakes_in(draft, written, question_id)
            if not mistakes:
                after = written.decode("utf-8-sig").replace("\r\n", "\n")  # lines may end as on Windows
                return _taken_over(draft, kept, after, before, original)
            if not _wants_to_mend(mistakes, page, keys):
                return tr(f"not taken over; e goes on with {draft}", f"未采用；按 e 可继续修改 {draft}")
    except (QuizError, OSError, LookupError) as error:
        gone = tr(f"{bank}: the question is no longer there", f"{bank}：这道题已不在其中")
        message = gone if isinstance(error, LookupError) else message_and_hint(error)
        offer = [(tr("any key", "任意键"), tr("back to the question", "回到题目"))]
        _read_out([message], page, keys, offer)
        return ""


def _taken_over(draft: Path, kept: Path, after: str, before: str, original: str) -> str:
    if after == original:
        kept.unlink(missing_ok=True)
        draft.unlink()
    else:
        draft.replace(kept)
    if after == before:
        return tr("nothing changed", "没有改动")
    if after == original:
        return tr("back in the bank's own words", "已恢复题库原文")
    return tr(
        f"edited; e changes it again, u does not undo it. Your wording is in {kept}",
        f"已修改；再按 e 可继续改，u 不撤销修改。你的版本存于 {kept}",
    )


def _wants_to_mend(mistakes: list[str], page: Page, keys: Keyboard) -> bool:
    again = ("e", tr("edit again", "继续编辑"))
    offer = [again, (tr("any other key", "其他键"), tr("leave it as a draft", "先不采用，留作草稿"))]
    return _read_out(mistakes, page, keys, offer) == "e"


def _read_out(wrong: list[str], page: Page, keys: Keyboard, offer: list[tuple[str, str]]) -> str:
    def lines() -> list[RichText]:
        return [RichText(), *(RichText(f" {one}", style=theme.BAD) for one in wrong[: page.height - 4])]

    page.turn(lines())
    return next_key(page, keys, offer, lines)


def mistakes_in(path: Path, data: bytes, question_id: str) -> list[str]:
    """The mistakes of an edited question, each as one line."""
    from quizcli.bank.reading.reader import read

    reading = read(data, path.name)
    mistakes = [str(mistake) for mistake in reading.mistakes]
    found = [question.id for question in reading.bank.questions] if reading.bank else []
    if not mistakes and found != [question_id]:
        mistakes = [
            tr(
                f"{path.name}: must hold one question, {question_id}: your progress hangs on its id",
                f"{path.name}：只能有一道题 {question_id}：学习进度以 id 为准",
            )
        ]
    return mistakes


def line_of(path: Path, question_id: str) -> int:
    """The line on which a question's id stands, counted from 1; the first line where it cannot be found."""
    wanted = re.compile(rf"^\s*(-\s+)?id:\s*['\"]?{re.escape(question_id)}['\"]?\s*(#.*)?$")
    text = read_regular(path, MAX_BYTES).decode("utf-8", "replace")  # a draft may be in any encoding
    for number, line in enumerate(text.splitlines(), start=1):
        if wanted.match(line):
            return number
    return 1
