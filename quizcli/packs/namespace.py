"""The questions of added packs beside those of the program: their ids, links and demonstrations by full name.

A card of the pack `mine` is `mine/id`, always, not only where the bare id is taken: so the next release of
the program, or another pack, can bring a question of the same id without taking over anybody's progress.
"""

from __future__ import annotations

from msgspec.structs import replace

from quizcli.bank.full_names import full_name
from quizcli.bank.types import AnyQuestion, Bank
from quizcli.demo.answer_files import names_in
from quizcli.packs.pack import Loaded, Pack


def with_full_names(pack: Pack, loaded: Loaded) -> Loaded:
    """The banks of an added pack, in full names. A demonstration that the pack lacks is the program's."""
    own = names_in(pack.root)
    ids = frozenset(question.id for bank in loaded.banks for question in bank.questions)
    return Loaded(tuple(_bank(pack.name, bank, own, ids) for bank in loaded.banks), loaded.mistakes)


def _bank(pack: str, bank: Bank, demonstrations: frozenset[str], ids: frozenset[str]) -> Bank:
    return replace(
        bank, questions=tuple(_question(pack, question, demonstrations, ids) for question in bank.questions)
    )


def _question(pack: str, question: AnyQuestion, own: frozenset[str], ids: frozenset[str]) -> AnyQuestion:
    demo = question.demo
    if demo is not None and demo.run in own:
        demo = replace(demo, run=full_name(pack, demo.run))
    follow = tuple(full_name(pack, name) for name in question.follow)
    needs = tuple(full_name(pack, name) if name in ids else name for name in question.needs)  # else a topic
    return replace(question, id=full_name(pack, question.id), follow=follow, needs=needs, demo=demo)
