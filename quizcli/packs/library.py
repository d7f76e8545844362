"""The banks of all packs as a person studies them: their own wording, measured numbers, added packs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from quizcli.bank.lazy_questions import ById
from quizcli.bank.types import AnyQuestion
from quizcli.errors import QuizError
from quizcli.file_reading import is_there
from quizcli.notices import tell
from quizcli.packs.pack import Loaded, Pack, builtin, load
from quizcli.settings import Settings
from quizcli.text import tr

if TYPE_CHECKING:
    from quizcli.packs.registry import Added


def every_bank(settings: Settings, tell: Callable[[str], None]) -> Loaded:
    """The healthy banks of all packs; `tell` is told in a line what was left out."""
    loaded = in_own_words(builtin(), settings.edits_dir, settings)
    if count := len(loaded.mistakes):
        tell(
            tr(
                f"{count} mistake{'s' * (count != 1)} in the banks; questions are left out "
                "(`quizcli bank check`)",
                f"题库中有 {count} 处错误，相关题目已略过（用 `quizcli bank check` 查看）",
            )
        )
    if is_there(settings.packs_file):
        loaded = _joined(loaded, settings, tell)
    return loaded


def load_banks(settings: Settings) -> Loaded:
    """The healthy banks; lines on stderr say what was left out. QuizError where nothing is left."""
    loaded = every_bank(settings, tell)
    if not any(bank.questions for bank in loaded.banks):
        raise QuizError(
            tr(f"{builtin().questions}: no questions here", f"{builtin().questions}：没有题目"),
            tr("`quizcli doctor` looks at the installation.", "`quizcli doctor` 可检查安装情况。"),
        )
    return loaded


def _joined(loaded: Loaded, settings: Settings, tell: Callable[[str], None]) -> Loaded:
    """The banks with those of added packs behind them. What is wrong with one pack is told in one line."""
    from quizcli.packs.namespace import with_full_names
    from quizcli.packs.registry import added_packs

    banks, mistakes = loaded.banks, loaded.mistakes
    for mine in added_packs(settings):
        try:
            own = in_own_words(require_present(mine).pack, edits_of(mine.name, settings), settings)
        except QuizError as error:
            tell(error.message)
            continue
        if count := len(own.mistakes):
            tell(
                tr(
                    f"{count} mistake{'s' * (count != 1)} in the pack {mine.name}; questions are left out "
                    f"(`quizcli bank check {mine.root}`)",
                    f"题库包 {mine.name} 中有 {count} 处错误，相关题目已略过"
                    f"（用 `quizcli bank check {mine.root}` 查看）",
                )
            )
        banks += with_full_names(mine.pack, own).banks
        mistakes += own.mistakes
    return Loaded(banks, mistakes)


def in_own_words(pack: Pack, edits: Path, settings: Settings) -> Loaded:
    """The healthy banks of a pack, its questions as the person has reworded them in the folder `edits`."""
    loaded = load(pack, settings.cache_dir)
    if edits.is_dir():
        from quizcli.packs.rewording import edits_at, merge_edits

        loaded = merge_edits(loaded, load(edits_at(edits), settings.cache_dir))
    return loaded


def require_present(mine: Added) -> Added:
    """The pack itself; QuizError where its folder has gone."""
    if not mine.found:
        raise QuizError(
            tr(
                f"the pack {mine.name} is no longer in {mine.root} (`quizcli pack add` its new place, "
                f"or `quizcli pack remove {mine.name}`)",
                f"题库包 {mine.name} 已不在 {mine.root}（用 `quizcli pack add` 指定新位置，"
                f"或执行 `quizcli pack remove {mine.name}`）",
            )
        )
    return mine


def edits_of(pack: str, settings: Settings) -> Path:
    """Where a person's own wording of an added pack's questions is."""
    return settings.edits_dir / "packs" / pack


def with_figures(question: AnyQuestion, settings: Settings) -> AnyQuestion:
    """The question with the numbers of its pack's record in its prose.

    Without a record that can be read they are shown as …; `quizcli bank check` says what is wrong with it.
    """
    if not question.measured:
        return question
    from quizcli.bank.figures import fill_figures
    from quizcli.bank.measured_record import load_record

    try:
        record = load_record(origin(question.id, settings).pack.root)
    except QuizError:
        record = {}
    return fill_figures(question, record)


def as_asked(question: AnyQuestion, settings: Settings) -> AnyQuestion:
    """The question as it is shown before it is answered: only few quote a number there."""
    if not question.measured:
        return question
    from quizcli.bank.figures import asks_with_figures

    return with_figures(question, settings) if asks_with_figures(question) else question


class Origin(Struct, frozen=True):
    """Where a question comes from: its pack, its id there, and where the person's wording of it is kept."""

    pack: Pack
    id: str
    edits: Path


def origin(question_id: str, settings: Settings) -> Origin:
    """Where the question of this (full) id comes from. QuizError where its pack has been removed."""
    if "/" not in question_id:
        return Origin(builtin(), question_id, settings.edits_dir)
    from quizcli.bank.full_names import split_name
    from quizcli.packs.registry import find_added

    owner, bare = split_name(question_id)
    return Origin(find_added(owner, settings).pack, bare, edits_of(owner, settings))


def follow_ups(question: AnyQuestion, questions: Mapping[str, AnyQuestion]) -> list[AnyQuestion]:
    """What an interviewer asks next, as far as the banks hold it."""
    return [questions[name] for name in question.follow if name in questions]


def all_questions(loaded: Loaded) -> ById:
    """Every question by its id, in the order of the banks."""
    return ById(loaded.banks)


def titles_of(loaded: Loaded) -> dict[str, str]:
    """The title of each topic; the program's own where an added pack has a topic of the same name."""
    return {bank.topic: str(bank.title) for bank in reversed(loaded.banks)}
