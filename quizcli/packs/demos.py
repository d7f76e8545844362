"""The demonstrations of all packs by name: `vae` is the program's, `mine/coin` that of the pack `mine`."""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from quizcli.bank.full_names import full_name, split_name
from quizcli.demo.answer_files import names_in
from quizcli.demo.answer_source import Answer
from quizcli.demo.catalogue import find_answer, find_answers
from quizcli.demo.events import Setting
from quizcli.demo.messages import Request
from quizcli.errors import ExitStatus, QuizError
from quizcli.packs.library import require_present
from quizcli.packs.pack import Pack, builtin
from quizcli.packs.registry import Added, added_packs, find_added
from quizcli.settings import Settings
from quizcli.text import tr


def all_demonstrations(settings: Settings, tell: Callable[[str], None]) -> dict[str, Answer]:
    """All demonstrations by full name; `tell` is told in a line which packs could not be read."""
    found = find_answers(builtin().root)
    for added_pack in added_packs(settings):
        try:
            found |= {answer.name: answer for answer in _of(added_pack)}
        except QuizError as error:
            tell(error.message)
    return found


def runnable_demonstrations(settings: Settings, tell: Callable[[str], None]) -> list[Answer]:
    """All demonstrations that may run now; `tell` is told in a line which packs are left out, and why."""
    answers = all_demonstrations(settings, tell)
    for added_pack in added_packs(settings):
        own = [name for name in answers if split_name(name)[0] == added_pack.name]
        try:
            if own:
                make_request(answers[own[0]], {}, settings)
        except QuizError as error:
            tell(error.message)
            answers = {name: answer for name, answer in answers.items() if name not in own}
    return list(answers.values())


def find_demonstration(name: str, settings: Settings) -> Answer:
    """The demonstration of a name; without its pack where no other has it. QuizError where there is none."""
    owner, bare = split_name(name)
    owner = owner or _owner(bare, settings)
    if not owner:
        return find_answer(builtin().root, bare)
    return _named(owner, find_answer(_readable(find_added(owner, settings)).root, bare))


def _owner(bare: str, settings: Settings) -> str:
    """The added pack that alone has a demonstration of this name; "" where none or the program has it."""
    if bare in names_in(builtin().root):
        return ""
    owners = [
        added_pack.name for added_pack in added_packs(settings) if bare in names_in(added_pack.pack.root)
    ]
    if len(owners) > 1:
        listed = ", ".join(full_name(owner, bare) for owner in owners)
        raise QuizError(
            tr(f"several packs have {bare!r}: {listed}", f"多个题库包都有 {bare!r}：{listed}"),
            tr("Name one in full.", "请写出全名。"),
            ExitStatus.USAGE,
        )
    return "".join(owners)


def make_request(answer: Answer, chosen: dict[str, Setting], settings: Settings) -> Request:
    """What a worker is asked to run. QuizError where the person has not trusted the code of its pack."""
    root = answer.root
    owner, bare = split_name(answer.name)
    if not owner:
        return Request(str(root), bare, answer.module, chosen)
    from quizcli.packs.trust import require_trust

    return Request(str(root), bare, answer.module, chosen, require_trust(Pack(owner, root), settings))


def _of(added_pack: Added) -> list[Answer]:
    return [_named(added_pack.name, answer) for answer in find_answers(_readable(added_pack).root).values()]


def _readable(added_pack: Added) -> Pack:
    """The pack, where its folder is there and its code can be read without harm: no pipe, no huge file."""
    from quizcli.packs.trust import sources

    own = require_present(added_pack).pack
    sources(own.root)
    return own


def _named(owner: str, answer: Answer) -> Answer:
    return replace(answer, name=full_name(owner, answer.name))
