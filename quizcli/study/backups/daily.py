"""The day's backup: begun in the background by the day's first answer, finished before the program ends.

After the first answer and not before the first question, so that nobody waits for it; in a thread, so that
the next card does not either (SQLite and zlib work without Python's lock); and not at the end of the session,
since many a session ends with the window being closed.
"""

from __future__ import annotations

from threading import Thread

from quizcli.errors import QuizError
from quizcli.settings import Settings


class Daily:
    """Makes the backup of today where there is none. `trouble` is set where that failed."""

    def __init__(self, settings: Settings) -> None:
        self.trouble: QuizError | OSError | None = None
        self._settings = settings
        self._mistake: Exception | None = None
        self._thread: Thread | None = None

    def begin(self) -> None:
        """Start, once something is on the disk."""
        self._thread = Thread(target=self._make, name="daily backup")
        self._thread.start()

    def finish(self) -> None:
        """Wait for it, if it was begun."""
        if self._thread is not None:
            self._thread.join()
        if self._mistake is not None:
            raise self._mistake

    def _make(self) -> None:
        from quizcli.study.backups.archive import write
        from quizcli.study.backups.kept_backups import DAILY, has_one_of_today, thin_out

        try:
            if not has_one_of_today(self._settings.store_file):
                write(self._settings, DAILY)
                thin_out(self._settings.store_file)
        except (QuizError, OSError) as error:
            self.trouble = error
        except Exception as error:  # noqa: BLE001 - raised in the thread that waits
            self._mistake = error
