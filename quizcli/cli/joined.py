"""The packs that a person has added, beside the one that comes with the program."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from quizcli.bank.namespace import named_after
from quizcli.bank.packs import Loaded
from quizcli.bank.registry import Added, added
from quizcli.cli.opened import in_own_words
from quizcli.errors import QuizError
from quizcli.settings import Settings
from quizcli.text import tr

Tell = Callable[[str], None]


def joined(loaded: Loaded, settings: Settings, tell: Tell) -> Loaded:
    """The banks with those of added packs behind them. What is wrong with one pack is told in one line."""
    banks, mistakes = loaded.banks, loaded.mistakes
    for one in added(settings):
        try:
            own = in_own_words(present(one).pack, edits_of(one.name, settings), settings)
        except QuizError as error:
            tell(error.message)
            continue
        if count := len(own.mistakes):
            tell(
                tr(
                    f"{count} mistake{'s' * (count != 1)} in the pack {one.name}; questions are left out "
                    f"(`quizcli bank check {one.root}`)",
                    f"题库包 {one.name} 中有 {count} 处错误，相关题目已略过"
                    f"（用 `quizcli bank check {one.root}` 查看）",
                )
            )
        banks += named_after(one.pack, own).banks
        mistakes += own.mistakes
    return Loaded(banks, mistakes)


def present(one: Added) -> Added:
    """The pack itself; QuizError where its folder has gone."""
    if not one.found:
        raise QuizError(
            tr(
                f"the pack {one.name} is no longer in {one.root} (`quizcli pack add` its new place, "
                f"or `quizcli pack remove {one.name}`)",
                f"题库包 {one.name} 已不在 {one.root}（用 `quizcli pack add` 指定新位置，"
                f"或执行 `quizcli pack remove {one.name}`）",
            )
        )
    return one


def edits_of(pack: str, settings: Settings) -> Path:
    """Where a person's own wording of an added pack's questions is."""
    return settings.edits_dir / "packs" / pack
