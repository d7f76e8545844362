"""Where demonstrations run inside a session: a warm worker at hand, the live view, the claims kept."""

from __future__ import annotations

from contextlib import ExitStack, suppress
from types import TracebackType
from typing import TYPE_CHECKING, Self

from msgspec.structs import replace
from rich.console import Console
from rich.text import Text as RichText

from quizcli.bank.types import AnyQuestion, Code, DemoLink
from quizcli.errors import QuizError
from quizcli.packs.library import as_asked, with_figures
from quizcli.screen.terminal.keyboard import Keyboard
from quizcli.settings import Settings
from quizcli.study.store.store import Store
from quizcli.text import tr

if TYPE_CHECKING:
    from quizcli.demo.launcher import Worker
    from quizcli.demo.recordings.kept import Earlier
    from quizcli.judge.referee.launcher import Referee
    from quizcli.screen.demo.live import Watched
    from quizcli.screen.terminal.page import Page
    from quizcli.session.code import CodeAttempts


class Bench:
    """Runs the demonstrations of all packs. Closing it ends the worker that still waits."""

    def __init__(self, console: Console, keys: Keyboard, store: Store, settings: Settings) -> None:
        self._console = console
        self._keys = keys
        self._store = store
        self._settings = settings
        self._worker: Worker | None = None
        self._referee: Referee | None = None

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

    def run(self, link: DemoLink, *, keep: bool = False) -> Watched:
        """Run a demonstration with the question's settings in front of the person; save its claims.

        With `keep` the run is kept too, to be shown `again`. QuizError where there is none of that name, or
        the person has not trusted the code of its pack.
        """
        from quizcli.demo.answer_source import check_settings
        from quizcli.demo.launcher import environment, start
        from quizcli.demo.recordings.kept import Kept
        from quizcli.packs.code_digest import code_digest
        from quizcli.packs.demos import find_demonstration, make_request
        from quizcli.screen.demo.live import watch
        from quizcli.session.worker_start import describe_start, note_duration
        from quizcli.study.claims import save_claims

        answer = find_demonstration(link.run, self._settings)
        # What was predicted is decided by the settings that the question names.
        knobs = () if keep else answer.parameters
        asked = make_request(answer, check_settings(answer, link.set), self._settings)
        asked = replace(asked, lockstep=any(knob.live for knob in knobs))
        worker, self._worker = self._worker, None
        with ExitStack() as stack:
            run = stack.enter_context(start(asked, worker, environment(self._settings)))
            if keep:  # the worker is at work meanwhile
                shelf = Kept(self._settings.runs_dir)
                keeping = shelf.keeping(link.run, link.set, code_digest(answer.root, answer.path))
                stack.callback(keeping.close)  # whatever becomes of the run
                run.tap = keeping.add
            outcome = watch(
                run,
                self._console,
                keys=self._keys,
                expect=link.claims,
                back=tr("skip: no result", "跳过，不等结果") if keep else None,
                knobs=knobs,
                coming=describe_start(answer, link.set, link.claims, self._settings),
                debug=self._settings.debug,
            )
        note_duration(link.run, link.set, outcome, self._settings)
        outcome = replace(outcome, claims=tuple(claim for claim in outcome.claims if not claim.by_hand))
        save_claims(self._store, link.run, link.set, outcome.claims, outcome.started)
        with suppress(QuizError):  # told at the next run
            self.warm()
        return outcome

    def asked(self, question: AnyQuestion) -> AnyQuestion:
        """The question with what was measured in what it asks."""
        return as_asked(question, self._settings)

    def quoted(self, question: AnyQuestion) -> AnyQuestion:
        """The question with what was measured in its prose."""
        return with_figures(question, self._settings)

    def earlier(self, link: DemoLink) -> Earlier | None:
        """The last run that was kept of a question's demonstration; None where there is none."""
        from quizcli.demo.recordings.kept import Kept
        from quizcli.packs.code_digest import code_digest
        from quizcli.packs.demos import find_demonstration

        try:
            answer = find_demonstration(link.run, self._settings)
        except QuizError:  # told where it is run
            return None
        return Kept(self._settings.runs_dir).find(link.run, link.set, code_digest(answer.root, answer.path))

    def again(self, earlier: Earlier, link: DemoLink, *, shown: bool) -> Watched:
        """What an earlier run came to; `shown` in front of the person once more. QuizError: not readable."""
        from quizcli.demo.events import Finished
        from quizcli.screen.demo.live import watch

        if not shown:
            return self._at_once(earlier)
        with earlier.again(timed=True) as run:
            back = tr("skip to its end", "直接看结果")
            seen = watch(run, self._console, keys=self._keys, expect=link.claims, back=back)
        return seen if isinstance(seen.last, Finished) and not seen.last.stopped else self._at_once(earlier)

    def _at_once(self, earlier: Earlier) -> Watched:
        """Who skips the showing of a run has its result all the same."""
        from quizcli.screen.demo.live import run_unwatched

        with earlier.again(timed=False) as run:
            return run_unwatched(run)

    def warm_referee(self) -> Referee:
        """A judge's process. It imports torch in the background, so that the first verdict comes at once."""
        if self._referee is None or not self._referee.alive:
            from quizcli.demo.launcher import environment
            from quizcli.judge.referee.launcher import Referee

            self._referee = Referee(environment(self._settings))
        return self._referee

    def write(self, question: Code, page: Page, before: CodeAttempts) -> CodeAttempts:
        """Let the person write the answer of a code question, judged at every save; `before`: what came of it
        on this card already.

        QuizError without a terminal, or where the pack's code is not trusted; OSError where the draft cannot
        be written.
        """
        if not self._keys.interactive:
            how = f"`quizcli code {question.id} --file FILE`"
            raise QuizError(tr("without a terminal nothing can be written", "非终端环境无法编写"), how)
        from quizcli.packs.library import origin
        from quizcli.packs.trust import require_trust
        from quizcli.session.code import Workplace
        from quizcli.study.drafts import Drafts

        pack = origin(question.id, self._settings).pack
        permit = require_trust(pack, self._settings)
        self.warm_referee()
        drafts = Drafts(self._settings.code_dir)
        desk = Workplace(
            page, self._keys, self.warm_referee, drafts, question, pack.root, permit, before=before
        )
        return desk.work()

    def model_answer(self, question: Code, width: int) -> list[RichText]:
        """The source of our own answer, as lines; nothing where it cannot be read."""
        from quizcli.session.model_answer import model_answer

        return model_answer(question, self._settings, width)

    def close(self) -> None:
        """End the processes that wait."""
        if self._referee is not None:
            self._referee.close()
            self._referee = None
        if self._worker is not None:
            self._worker.close()
            self._worker = None
