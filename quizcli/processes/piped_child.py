"""A child process with a thread at each of its three pipes: nothing that it does or leaves undone blocks us.

What it sends in frames is told as it comes, and bounded before it is read; what it prints beside them is told
in pieces; what is sent to it is written when it reads.
"""

from __future__ import annotations

import os
import queue
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import IO, TYPE_CHECKING, cast

from quizcli.processes.frames import LONGEST, frame, read_frame
from quizcli.processes.spawn import kill

if TYPE_CHECKING:
    from subprocess import Popen


class PipedChild:
    """The three ends that face us. All that is told is told in threads of its own.

    `came` is given each frame and says whether to go on; `ended` is told when no frame will come any more,
    with what is wrong with the stream, if anything is. A frame of more than `longest` bytes is not read: it
    ends the stream.
    """

    def __init__(
        self,
        process: Popen[bytes],
        came: Callable[[bytes], bool],
        ended: Callable[[str], None],
        printed: Callable[[bytes], None],
        longest: int = LONGEST,
    ) -> None:
        self.process = process
        self._came = came
        self._ended = ended
        self._printed = printed
        self._longest = longest
        self._letters: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        work = self._read_frames, self._read_printed, self._write_frames
        self._threads = [threading.Thread(target=each, name=each.__name__, daemon=True) for each in work]

    def listen(self) -> None:
        """Begin, once whoever is told is ready for it."""
        for thread in self._threads:
            thread.start()

    def send(self, payload: bytes) -> None:
        """Send a frame. A process that has gone does not hear it; the end of its frames says so."""
        self._letters.put(payload)

    def wait_until_ended(self, patience: float) -> bool:
        """Wait until no frame will come any more. Says whether it is so."""
        self._threads[0].join(patience)
        return not self._threads[0].is_alive()

    def hear_out(self, patience: float) -> None:
        """Wait until all has been told that was printed by a process that has ended."""
        self._threads[1].join(patience)

    def kill(self) -> None:
        """Kill the process and its children."""
        kill(self.process)

    def hang_up(self) -> None:
        """Close its stdin, once all is written: who listens there ends."""
        self._letters.put(None)

    def close(self) -> None:
        """Kill what is left of it and its children, reap it, and close all pipes. May be called twice."""
        self.kill()
        self.process.wait()
        self.hang_up()
        for thread in self._threads:
            thread.join(1.0)
        for thread, pipe in zip(self._threads, (self.process.stdout, self.process.stderr), strict=False):
            if not thread.is_alive():  # else a stranger holds the pipe, and to close would block
                cast("IO[bytes]", pipe).close()

    def _read_frames(self) -> None:
        pipe = cast("IO[bytes]", self.process.stdout)
        wrong = ""
        try:
            while (payload := read_frame(pipe, self._longest)) is not None:  # type: ignore[arg-type]
                if not self._came(payload):
                    break
        except OSError:
            pass  # the pipe has gone with the process
        except (ValueError, MemoryError) as error:
            wrong = str(error) or type(error).__name__
        finally:
            self._ended(wrong)

    def _write_frames(self) -> None:
        """What nobody hears any more is dropped, and the pipe closed after it."""
        inlet = cast("IO[bytes]", self.process.stdin)
        with suppress(OSError, ValueError):
            while (payload := self._letters.get()) is not None:
                inlet.write(frame(payload))
                inlet.flush()
        with suppress(OSError):  # what nobody heard may be left in the buffer
            inlet.close()

    def _read_printed(self) -> None:
        with suppress(OSError, ValueError):
            while chunk := os.read(cast("IO[bytes]", self.process.stderr).fileno(), 65_536):
                self._printed(chunk)
