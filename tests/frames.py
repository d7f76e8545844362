"""The pictures of the README: real frames of the real program, as SVG.

    python -m tests.frames [FOLDER]

Runs the program in a pseudo-terminal and draws what stands on its screen.
"""

from __future__ import annotations

import sys
import tempfile
from io import StringIO
from pathlib import Path

from pyte.screens import Char
from rich.console import Console
from rich.style import Style
from rich.terminal_theme import TerminalTheme
from rich.text import Text as RichText

from tests.terminal import Terminal

COLUMNS, ROWS = 100, 30
MOMENTS = {"vae": "epoch 5/7", "gan": "8 of 8 modes, 9", "norm-and-depth": "2/4"}  # what stands on the frame
CODE = "attention-code-scaled-dot-product"
UNSCALED = """import torch


def attention(q, k, v, attn_mask=None):
    scores = q @ k.mT
    if attn_mask is not None:
        scores = scores.masked_fill(~attn_mask, float("-inf"))
    weights = torch.softmax(scores, dim=-1)
    return weights @ v, weights
"""
_THEME = TerminalTheme(
    (24, 24, 28),
    (212, 212, 216),
    [
        (29, 31, 33),
        (215, 86, 92),
        (111, 174, 90),
        (207, 160, 60),
        (77, 143, 214),
        (176, 110, 192),
        (63, 167, 176),
        (197, 200, 198),
    ],
)
_NAMES = {"brown": "yellow", "default": "default"}  # pyte's words for Rich's


def as_svg(terminal: Terminal, title: str) -> str:
    """The screen of a terminal as an SVG picture."""
    console = Console(
        record=True,
        width=COLUMNS,
        file=StringIO(),
        force_terminal=True,
        color_system="truecolor",
        legacy_windows=False,
    )
    for row in terminal.cells():
        line = RichText()
        for cell in row:
            line.append(cell.data, _style(cell))
        console.print(line, no_wrap=True, overflow="ignore", crop=False)
    return console.export_svg(title=title, theme=_THEME)


def _style(cell: Char) -> Style:
    def colour(name: str) -> str:
        return (
            f"#{name}"
            if len(name) == 6 and all(c in "0123456789abcdef" for c in name)
            else _NAMES.get(name, name)
        )

    return Style(color=colour(cell.fg), bgcolor=colour(cell.bg), bold=cell.bold, italic=cell.italics)


def main(folder: str = "docs") -> None:
    """Draw an answered question, a judged one, and demonstrations in their course."""
    target = Path(folder)
    target.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as home:
        env = {"VISUAL": "true", "HOME": home, "QUIZCLI_HOME": f"{home}/quizcli", "QUIZCLI_LANG": "en"}
        quizcli = str(Path(sys.executable).with_name("quizcli"))

        def run(*arguments: str) -> Terminal:
            return Terminal([quizcli, *arguments], env=env, cwd=Path(home), columns=COLUMNS, rows=ROWS)

        with run("quiz", "--topic", "vae", "--kind", "truth", "--seed", "1", "-n", "1") as terminal:
            terminal.wait_for("quit")
            terminal.send("1")
            terminal.settle()
            (target / "question.svg").write_text(as_svg(terminal, "quizcli"), encoding="utf-8")
        with run("code", CODE) as terminal:
            terminal.wait_for("x begin again")
            (Path(home) / "quizcli" / "data" / "code" / f"{CODE}.py").write_text(UNSCALED, encoding="utf-8")
            terminal.wait_for("judged in", timeout=60)
            terminal.settle()
            (target / "code.svg").write_text(as_svg(terminal, f"quizcli code {CODE}"), encoding="utf-8")
        for name, moment in MOMENTS.items():
            with run("demo", name) as terminal:
                terminal.wait_for(moment, timeout=300)
                picture = as_svg(terminal, f"quizcli demo {name}")
            (target / f"{name}.svg").write_text(picture, encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
