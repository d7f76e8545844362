"""The page docs/events.md: each event, its fields, and how the program draws it.

`python -m tests.event_pages > docs/events.md` writes it; a test compares, so that it cannot grow old.
"""

from __future__ import annotations

import inspect
import math
import sys
from collections.abc import Callable

import msgspec

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
    Note,
    Points,
    Progress,
    Scalars,
    Started,
    Table,
    claim,
)
from quizcli.demo.plain_text import plain_words
from quizcli.screen.demo.panel import draw_panel
from quizcli.screen.demo.state import Board
from quizcli.screen.demo.status import claim_lines, failure_lines, header, note_lines, progress_line
from quizcli.screen.terminal.segments import Line
from tests.screen.drawing import floats, grey, matrix, shown

WIDTH, HEIGHT = 64, 9
HEAD = """# The events of a demonstration

An answer is a generator of these. It never prints, draws, asks or sleeps: the live view, `--json`, `--save`,
replay and the tests all come from its events. A text is `{"en": …, "zh": …}`; a label may be a plain string
where it is the same in every language. An event with a `panel` replaces what that panel showed before
(`Scalars` extend it).

Generated from `quizcli/demo/events.py` by `python -m tests.event_pages > docs/events.md`; the pictures are
drawn by the program itself, without colours. With `--json` each event is a line; its `event` is the name in
brackets.
"""

SINE = [
    Scalars(
        panel="loss", x=x, values={"train": 2 * math.exp(-x / 9), "test": 2 * math.exp(-x / 14)}, unit="nats"
    )
    for x in range(40)
]
MORE = [Scalars(panel="loss", x=x, values={"train": 0.2, "test": 0.4}) for x in range(40, 60)]
WORDS = {"en": "What one sees here, in a sentence.", "zh": "用一句话说明看到了什么。"}
EXAMPLES: dict[type, list[Event]] = {
    Started: [Started(name="coin", device="cpu", data={"en": "1,000 throws", "zh": "投掷 1,000 次"})],
    Progress: [Progress(done=3, total=5, text={"en": "training", "zh": "训练"}, rate=1200.0, unit="images")],
    Scalars: list(SINE),
    Images: [Images(panel="digits", images=grey(3, 10, 8), title={"en": "three pictures", "zh": "三张图"})],
    Heatmap: [
        Heatmap(
            panel="weights",
            values=matrix([[0.0, 0.5, 1.0], [1.0, 0.0, 0.5]]),
            x_ticks=("a", "b", "c"),
            y_ticks=("x", "y"),
        )
    ],
    Points: [
        Points(panel="codes", xy=floats([0, 0, 1, 1, 2, 0.5], 3, 2), groups=(0, 0, 1), group_names=("A", "B"))
    ],
    Bars: [Bars(panel="shares", labels=("one", "two"), values=((3.0,), (5.0,)), unit="%")],
    Table: [
        Table(
            panel="sizes", columns=("layer", "weights"), rows=(("first", "784 × 100"), ("last", "100 × 10"))
        )
    ],
    Note: [Note(text=WORDS)],
    Claim: [
        claim("mean-settles", 0.497, "≈", 0.5, 0.02, en="the mean is near one half", zh="均值接近二分之一")
    ],
    Beat: [Beat(3)],
    Changed: [*SINE, Changed(option="beta", before=1.0, after=4.0, step=39), *MORE],
    Finished: [Finished(seconds=7.0)],
    Failed: [Failed(message="RuntimeError: it broke", hint="Try smaller settings.")],
}


def page() -> str:
    """The whole file."""
    return "\n".join([HEAD, *map(_section, EXAMPLES)]).rstrip() + "\n"


def _section(kind: type) -> str:
    config = kind.__struct_config__  # type: ignore[attr-defined]
    told = inspect.cleandoc(kind.__doc__ or "")
    fields = [f"`{field.name}`{_default(field)}" for field in msgspec.structs.fields(kind)]
    lines = [f"## {kind.__name__} (`{config.tag}`)", "", told, "", "Fields: " + ", ".join(fields) + "."]
    if picture := _picture(kind):
        lines += ["", "```text", *picture, "```"]
    return "\n".join(lines) + "\n"


def _default(field: msgspec.structs.FieldInfo) -> str:
    if field.required:
        return ""
    default = field.default if field.default is not msgspec.NODEFAULT else field.default_factory()
    return "" if default in ("", (), {}, None, False) else f" ({default})"


def _picture(kind: type) -> list[str]:
    board = Board()
    for event in EXAMPLES[kind]:
        board.add(event)
    drawn: dict[type, Callable[[], list[Line]]] = {
        Started: lambda: [header(board, 7.0, WIDTH)],
        Progress: lambda: [progress_line(EXAMPLES[Progress][0], WIDTH, paused=False)],  # type: ignore[arg-type]
        Note: lambda: note_lines(plain_words(WORDS), WIDTH, 3),
        Claim: lambda: claim_lines(board, WIDTH, 3),
        Failed: lambda: failure_lines(EXAMPLES[Failed][0], WIDTH, debug=False),  # type: ignore[arg-type]
    }
    if kind in drawn:
        return [text.rstrip() for text in shown(drawn[kind]()) if text.strip()]
    return [
        text.rstrip()
        for panel in board.panels.values()
        for text in shown(draw_panel(panel, WIDTH, HEIGHT, colour=False))
    ]


if __name__ == "__main__":
    sys.stdout.write(page())
