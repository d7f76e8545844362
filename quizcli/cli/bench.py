"""Where demonstrations run inside a session: a warm worker at hand, the live view, the claims kept."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from rich.console import Console

from quizcli.bank.types import DemoLink
from quizcli.screen.keys import Keyboard
from quizcli.settings import Settings
from quizcli.study.store import Store

if TYPE_CHECKING:
    from quizcli.demo.launcher import Worker
    from quizcli.screen.live import Outcome


class Bench:
    """Runs the demonstrations of one pack. Closing it ends the worker that still waits."""

    def __init__(
        self, root: Path, console: Console, keys: Keyboard, store: Store, settings: Settings
    ) -> None:
        self._root = root
        self._console = console
        self._keys = keys
        self._store = store
        self._settings = settings
        self._worker: Worker | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def warm(self) -> None:
        """Have a worker import torch in the background, so that the next run starts at once."""
        if self._worker is None and self._keys.interactive:
            from quizcli.demo.launcher import environment, warm

            self._worker = warm(environment(self._settings))

    def run(self, link: DemoLink) -> Outcome:
        """Run a demonstration with the question's settings in front of the person; keep its claims."""
        from quizcli.demo.catalogue import check_settings, find_answer
        from quizcli.demo.launcher import Request, environment, start
        from quizcli.screen.live import watch
        from quizcli.study.claims import save_claims

        settings = check_settings(find_answer(self._root, link.run), link.set)
        worker, self._worker = self._worker, None
        with start(Request(str(self._root), link.run, settings), worker, environment(self._settings)) as run:
            outcome = watch(
                run, self._console, keys=self._keys, expect=link.claims, debug=self._settings.debug
            )
        save_claims(self._store, link.run, link.set, outcome.claims, outcome.started)
        self.warm()
        return outcome

    def close(self) -> None:
        """End the waiting worker."""
        if self._worker is not None:
            self._worker.close()
            self._worker = None
