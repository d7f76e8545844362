"""Small packs with answers that need no torch, and runs that are closed whatever happens."""

from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent, indent

import pytest

from quizcli.demo.events import Setting
from quizcli.demo.launcher import Request, Run, start
from tests.permits import permit_for

HEADER = '''"""A small answer."""
from typing import Annotated, Literal
from quizcli.demo.events import *
from quizcli.demo.events import Array
from quizcli.demo.option import Option
TITLE = {"en": "Small", "zh": "小"}
'''

Write = Callable[..., Path]
Begin = Callable[..., Run]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write an answer into a pack; `body` is that of `demonstrate(signature)`. Returns the pack's root."""

    def _write(
        body: str, signature: str = "", name: str = "small", pack: str = "pack", extra: str = ""
    ) -> Path:
        root = tmp_path / pack
        (root / "answers").mkdir(parents=True, exist_ok=True)
        function = f"def demonstrate({signature}):\n" + indent(dedent(body).strip(), "    ")
        (root / "answers" / f"{name}.py").write_text(
            f"{HEADER}\n{dedent(extra)}\n{function}\n", encoding="utf-8"
        )
        return root

    return _write


@pytest.fixture
def begin() -> Iterator[Begin]:
    """Start the answer `small` of a pack."""
    runs: list[Run] = []

    def _begin(root: Path, *, lockstep: bool = False, **settings: Setting) -> Run:
        runs.append(start(Request(str(root), "small", "answers.small", settings, permit_for(root), lockstep)))
        return runs[-1]

    yield _begin
    for run in runs:
        run.close()
