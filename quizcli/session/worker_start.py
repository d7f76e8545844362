"""What a person is told of a demonstration while its worker starts, and how long the last run took."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress

from quizcli.demo.answer_source import Answer
from quizcli.demo.events import Finished, Setting
from quizcli.demo.timings import Timing, Timings
from quizcli.demo.typed_settings import as_options
from quizcli.screen.demo.live import Watched
from quizcli.screen.demo.starting import Coming
from quizcli.settings import Settings
from quizcli.text import language

_FILE = "timings.json"
_WARM = 0.5  # seconds: a worker that was ready says nothing of how long one takes to start


def describe_start(
    answer: Answer, chosen: Mapping[str, Setting], claims: Sequence[str], settings: Settings
) -> Coming:
    """What will run: of the claims those that it is run for, else all that it may measure."""
    summary = answer.summary if language() == "en" else ""  # docstrings are English
    timings = Timings(settings.runs_dir / _FILE)
    last = timings.of(answer.name, chosen)
    return Coming(
        title=str(answer.title),
        about="" if summary.casefold().startswith(answer.title.en.casefold()) else summary,
        settings=as_options(chosen),
        claims=tuple(claims) or answer.claims,
        start=last.start if last else timings.start(),
        whole=last.whole if last else None,
    )


def note_duration(name: str, chosen: Mapping[str, Setting], outcome: Watched, settings: Settings) -> None:
    """Remember how long a run took that came to its end."""
    if isinstance(outcome.last, Finished) and not outcome.last.stopped:
        timings = Timings(settings.runs_dir / _FILE)
        cold = outcome.start if outcome.start > _WARM else timings.start() or outcome.start
        with suppress(OSError):  # where it cannot be written only a guess is lost
            timings.note(name, chosen, Timing(cold, max(outcome.seconds, outcome.last.seconds)))
