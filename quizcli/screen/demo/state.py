"""What a demonstration has said so far: the latest of each panel, whole curves, notes, claims, its end."""

from __future__ import annotations

from collections.abc import Sequence

from quizcli.demo.events import (
    Bars,
    Beat,
    Changed,
    Claim,
    Event,
    Failed,
    Finished,
    Heatmap,
    Images,
    Label,
    Note,
    Points,
    Progress,
    Scalars,
    Started,
    Table,
    Words,
)
from quizcli.demo.spoken_settings import spoken_option, spoken_setting
from quizcli.screen.charts.line_chart import Curve


class Curves:
    """A chart panel: its curves so far, and how they are to be labelled."""

    def __init__(self, panel: str) -> None:
        self.panel = panel
        self.title: Words = {}
        self.unit: Label = ""
        self.x_label: Label = ""
        self.log = False
        self.names: dict[str, Words] = {}
        self.curves: dict[str, Curve] = {}
        self.marks: list[tuple[float, str]] = []  # where on x something was changed by hand, and to what

    def add(self, event: Scalars) -> None:
        """One more point on each curve the event names. Labels need not be repeated."""
        self.title = event.title or self.title
        self.unit = event.unit or self.unit
        self.x_label = event.x_label or self.x_label
        self.log = event.log or self.log
        self.names |= event.names
        for name, value in event.values.items():
            self.curves.setdefault(name, Curve()).add(event.x, value)

    def mark(self, event: Changed) -> None:
        """Remember a change at the last point. Each chart has an x axis of its own."""
        x = max((curve.xs[-1] for curve in self.curves.values()), default=event.step)
        while self.marks and self.marks[-1][0] == x:  # a key that is held down
            self.marks.pop()
        value = event.after if isinstance(event.after, bool | str) else spoken_setting(event.after)
        self.marks.append((x, f"{spoken_option(event.option)} {value}".lower()))  # characters of one cell


Panel = Curves | Images | Heatmap | Points | Bars | Table


class Board:
    """The state of a demonstration, fed with its events. `expected`: ids of claims it should measure."""

    def __init__(self, expected: Sequence[str] = ()) -> None:
        self._expected = tuple(expected)
        self.started: Started | None = None
        self.progress: Progress | None = None
        self.panels: dict[str, Panel] = {}  # in the order they opened
        self.versions: dict[str, int] = {}  # how often each panel changed
        self.notes: list[Note] = []
        self.claims: dict[str, Claim] = {}
        self.changes: list[Changed] = []  # by hand
        self.last: Finished | Failed | None = None

    @property
    def outstanding(self) -> list[str]:
        """The expected claims that have not been measured."""
        return [id_ for id_ in self._expected if id_ not in self.claims]

    def add(self, event: Event) -> None:
        """Take one event in. Nothing is drawn or converted here: many events may come between two frames."""
        match event:
            case Started():
                self.started = event
                if event.note:
                    self.add(Note(text=event.note))
            case Progress():
                self.progress = event
            case Note():
                self.notes += [event] if event not in self.notes[-1:] else []
            case Claim():
                self.claims[event.id] = event
            case Finished() | Failed():
                self.last = event
            case Changed():
                self.changes.append(event)
                for name, panel in self.panels.items():
                    if isinstance(panel, Curves):
                        panel.mark(event)
                        self._changed(name)
            case Beat():
                pass  # time is the business of who shows it
            case Scalars():
                curves = self.panels.get(event.panel)
                if not isinstance(curves, Curves):
                    curves = self.panels[event.panel] = Curves(event.panel)
                curves.add(event)
                self._changed(event.panel)
            case _:
                self.panels[event.panel] = event
                self._changed(event.panel)

    def _changed(self, panel: str) -> None:
        self.versions[panel] = self.versions.get(panel, 0) + 1
