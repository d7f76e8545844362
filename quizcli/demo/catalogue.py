"""The demonstrations of a pack by name."""

from __future__ import annotations

from pathlib import Path

from quizcli.demo.answer_files import answer_files, misnamed
from quizcli.demo.answer_source import Answer, Flaw, FlawedError, read_answer
from quizcli.did_you_mean import did_you_mean, nearest
from quizcli.errors import ExitStatus, QuizError
from quizcli.file_reading import MEBIBYTE, read_text
from quizcli.text import tr

MAX_ANSWERS = 1000


def find_answers(root: Path) -> dict[str, Answer]:
    """Every demonstration of the pack at `root`, by name. One QuizError tells the mistakes of all files."""
    found, flaws = look_for_answers(root)
    if flaws:
        raise FlawedError(flaws)
    return found


def look_for_answers(root: Path) -> tuple[dict[str, Answer], list[Flaw]]:
    """Every demonstration of the pack at `root` that can be read, and what is wrong with the others."""
    found: dict[str, Answer] = {}
    flaws: list[Flaw] = []
    files = answer_files(root)
    if len(files) > MAX_ANSWERS:
        told = tr(f"more than {MAX_ANSWERS} answers", f"答案超过 {MAX_ANSWERS} 个")
        return {}, [Flaw(root / "answers", 0, told)]
    flaws += [_hyphen(path) for path in misnamed(root) if _demonstrates(path, root)]
    for file in files:
        try:
            answer = read_answer(file)
        except FlawedError as error:
            flaws += error.flaws
        else:
            if answer is None:
                continue
            if file.name in found:
                told = tr(
                    f"{found[file.name].path} is called {file.name} too",
                    f"{found[file.name].path} 也叫 {file.name}",
                )
                flaws.append(Flaw(file.path, 0, told))
            else:
                found[file.name] = answer
    return found, flaws


def _demonstrates(path: Path, root: Path) -> bool:
    try:
        return "def demonstrate(" in read_text(path, MEBIBYTE, within=root)
    except (OSError, ValueError):
        return False


def _hyphen(path: Path) -> Flaw:
    right = path.relative_to(path.parents[1]).as_posix().replace("-", "_")
    told = tr(f"names of modules have no hyphen: {right}", f"模块名不能含连字符，应为 {right}")
    return Flaw(path, 0, told)


def find_answer(root: Path, name: str) -> Answer:
    """One demonstration; only its own file is read. QuizError where there is none, with the nearest name."""
    files = answer_files(root)
    for file in files:
        if file.name == name and (answer := read_answer(file)) is not None:
            return answer
    raise QuizError(
        tr(f"there is no demonstration {name!r}", f"没有名为 {name!r} 的演示"),
        did_you_mean(nearest(name, {file.name for file in files}, 1))
        or tr("`quizcli demo` lists them.", "`quizcli demo` 列出全部演示。"),
        ExitStatus.USAGE,
    )
