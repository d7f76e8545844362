"""How much a demonstration may send: the terminal keeps it all, and draws it."""

from __future__ import annotations

from quizcli.demo.events import Event, Heatmap, Images, Points
from quizcli.text import tr

LONGEST_EVENT = 64 * 2**20  # bytes, with its array
_LONGEST_TEXT = 256 * 2**10  # bytes of an event that has none
_EVENTS = 200_000  # of one run; the longest of ours has some thousands
_PANELS = 64


class Limits:
    """What one run has sent so far."""

    def __init__(self) -> None:
        self._events = 0
        self._panels: set[str] = set()

    def count(self, event: Event, size: int) -> None:
        """One more event, of so many bytes. Raises ValueError where that is more than anybody looks at."""
        self._events += 1
        if size > _LONGEST_TEXT and not isinstance(event, Images | Heatmap | Points):
            raise ValueError(tr(f"{size:,} bytes of text", f"文字有 {size:,} 字节"))
        if self._events > _EVENTS:
            raise ValueError(tr(f"more than {_EVENTS:,} of them", f"事件超过 {_EVENTS:,} 个"))
        if panel := getattr(event, "panel", ""):
            self._panels.add(panel)
            if len(self._panels) > _PANELS:
                raise ValueError(tr(f"more than {_PANELS} panels", f"面板超过 {_PANELS} 个"))
