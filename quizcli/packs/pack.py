"""Packs: folders that hold `questions/`, and if wanted `answers/` and `models/`. Loading one is the hot path:

where nothing has changed since the last start, neither YAML nor the rules of banks are imported.
"""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from quizcli.bank.diagnostic import Mistake
from quizcli.bank.files import bank_files
from quizcli.bank.types import AnyQuestion, Bank
from quizcli.errors import QuizError
from quizcli.packs.cache import entries
from quizcli.text import tr


class Pack(Struct, frozen=True):
    """A folder of content. `root` goes first on `sys.path` of the worker that runs its answers."""

    name: str
    root: Path

    @property
    def questions(self) -> Path:
        """The folder of its banks."""
        return self.root / "questions"


class Loaded(Struct, frozen=True):
    """The healthy questions of a pack, bank by bank, and the mistakes of the others."""

    banks: tuple[Bank, ...]
    mistakes: tuple[Mistake, ...]


def builtin() -> Pack:
    """The pack that comes with the program: inside the installed package, or around it in a checkout."""
    package = Path(__file__).resolve().parent.parent
    installed = package / "_builtin"
    return Pack("builtin", installed if installed.is_dir() else package.parent)


def pack_at(folder: Path) -> Pack:
    """A person's own pack, named after its folder. QuizError where it holds no `questions/`."""
    root = folder.resolve()
    if not (root / "questions").is_dir():
        raise QuizError(
            tr(
                f"{folder}: no pack: it has no folder `questions`",
                f"{folder}：不是题库包，缺少 `questions` 文件夹",
            ),
            tr(
                "Put YAML banks into a folder `questions` there.",
                "请在其中新建 `questions` 文件夹并放入 YAML 题库。",
            ),
        )
    return Pack(root.name, root)


def load(pack: Pack, cache_dir: Path | None) -> Loaded:
    """Every healthy question of a pack. Without a cache folder everything is read afresh.

    A broken question hides nothing but itself, a broken bank no other bank. QuizError only where
    the folder of banks cannot be listed.
    """
    files, mistakes = bank_files(pack.questions)
    read = entries(pack.name, pack.root, files, cache_dir)
    clashes = find_clashes({entry.file: entry.ids for entry in read})
    banks = tuple(_without(entry.stored.bank, clashes) for entry in read if entry.stored is not None)
    mistakes += [mistake for entry in read for mistake in entry.mistakes]
    return Loaded(banks, tuple(mistakes + sorted(clashes.values())))


def find_clashes(ids: dict[str, dict[str, tuple[int, int]]]) -> dict[tuple[str, str], Mistake]:
    """The ids that an earlier bank has already, by (bank, id). `ids`: by bank, each id and its place."""
    owners: dict[str, str] = {}
    clashes: dict[tuple[str, str], Mistake] = {}
    for name, places in ids.items():
        for question, place in places.items():
            owner = owners.setdefault(question, name)
            if owner != name:
                message = tr(f"this id stands in {owner} already", f"这个 id 已在 {owner} 中出现")
                clashes[name, question] = Mistake(name, *place, question, message)
    return clashes


def _without(bank: Bank, clashes: dict[tuple[str, str], Mistake]) -> Bank:
    if not clashes:
        return bank
    healthy: tuple[AnyQuestion, ...] = tuple(q for q in bank.questions if (bank.path, q.id) not in clashes)
    return replace(bank, questions=healthy)
