"""The panels of a run as PNG files. The only place that imports matplotlib, and only when it draws."""

from __future__ import annotations

import math
import re
import warnings
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from quizcli.demo.events import UNDRAWABLE, Array, Bars, Event, Heatmap, Images, Label, Points, Scalars, Words
from quizcli.demo.plain_text import unmarked
from quizcli.errors import QuizError
from quizcli.file_writing import replacing
from quizcli.text import language, tr

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

_CHINESE_FONTS = (
    "Noto Sans CJK SC",
    "Source Han Sans SC",
    "PingFang SC",
    "Microsoft YaHei",
    "WenQuanYi Zen Hei",
)
_LONGEST_NAME = 200  # bytes; with its ending, and that of a file that is not whole yet, systems allow 255
_SIDE = 600  # pixels at least across a grid of pictures


def file_of(event: Event) -> str:
    """The name of the file that the event's panel is drawn into; "" where it is not drawn."""
    if not isinstance(event, Scalars | Images | Heatmap | Points | Bars):
        return ""
    name = re.sub(r"[^\w-]+", "-", event.panel)
    if len(name.encode()) > _LONGEST_NAME:
        name = f"{name[:40]}-{zlib.crc32(event.panel.encode()):08x}"
    return name + ".png"


def draw(events: Iterable[Event], folder: Path) -> None:
    """Draw what each panel shows at the end. QuizError names those that cannot be drawn."""
    panels: dict[str, list[Any]] = {}  # the events that make up each drawing, by its file
    for event in events:
        if name := file_of(event):
            if not isinstance(event, Scalars):
                panels[name] = []
            panels.setdefault(name, []).append(event)
    mistakes = []
    for name, shown in panels.items():
        try:
            if isinstance(shown[-1], Images):
                _draw_pictures(shown[-1], folder / name)
            else:
                _draw_figure(shown, folder / name)
        except UNDRAWABLE as error:
            mistakes.append(tr(f"{name}: cannot be drawn: {error}", f"{name}：无法绘制：{error}"))
    if mistakes:
        raise QuizError(
            "\n".join(mistakes),
            tr("All others are there, and the events themselves.", "其余图像与事件记录都已写入。"),
        )


def _numbers(array: Array) -> NDArray[Any]:
    import numpy as np

    return np.frombuffer(array.data, dtype=np.dtype(array.dtype).newbyteorder("<")).reshape(array.shape)


def _draw_pictures(event: Images, path: Path) -> None:
    """The grid of pictures alone, enlarged without blur, grey lines between them."""
    import numpy as np
    from PIL import Image

    pictures = _numbers(event.images)  # (batch, height, width[, 3])
    if event.images.dtype == "float32":
        pictures = (np.nan_to_num(pictures).clip(0, 1) * 255).round().astype(np.uint8)
    if pictures.ndim == 3:
        pictures = pictures[..., None].repeat(3, axis=-1)
    batch, height, width, _ = pictures.shape
    columns = min(batch, event.columns or math.ceil(math.sqrt(batch)))
    rows = math.ceil(batch / columns)
    grid = np.full((rows * (height + 1) - 1, columns * (width + 1) - 1, 3), 128, np.uint8)
    for k, picture in enumerate(pictures):
        top, left = k // columns * (height + 1), k % columns * (width + 1)
        grid[top : top + height, left : left + width] = picture
    scale = max(1, _SIDE // max(grid.shape))
    with replacing(path) as stream:
        Image.fromarray(grid.repeat(scale, 0).repeat(scale, 1)).save(stream, "PNG")


def _draw_figure(events: list[Any], path: Path) -> None:
    import matplotlib
    from matplotlib.figure import Figure

    chinese = _chinese_fonts()
    with (
        matplotlib.rc_context({"font.family": ["DejaVu Sans", *chinese]}),
        # a letter that no font here has becomes a box; that is no reason to print warnings
        warnings.catch_warnings(action="ignore", category=UserWarning),
    ):
        figure = Figure(figsize=(7, 4.5), dpi=150, layout="constrained")
        axes = figure.subplots()
        axes.spines[["top", "right"]].set_visible(False)
        last = events[-1]
        match last:
            case Heatmap():
                _draw_heatmap(axes, last, bool(chinese))
            case Points():
                _draw_points(axes, last, bool(chinese))
            case Bars():
                _draw_bars(axes, last, bool(chinese))
            case _:
                _draw_curves(axes, events, bool(chinese))
        title: Words = next((event.title for event in reversed(events) if event.title), {})
        axes.set_title(_said(title, bool(chinese)) or last.panel, loc="left")
        with replacing(path) as stream:
            figure.savefig(stream, format="png")


def _chinese_fonts() -> list[str]:
    from matplotlib.font_manager import fontManager

    here = {font.name for font in fontManager.ttflist}
    return [name for name in _CHINESE_FONTS if name in here]


def _said(words: Label, chinese: bool) -> str:
    """The words in the language in use; in English where no font here has Chinese."""
    text = words if isinstance(words, str) else words.get(language() if chinese else "en", "")
    return unmarked(text)


def _draw_curves(axes: Axes, events: list[Scalars], chinese: bool) -> None:
    names: dict[str, Label] = {name: name for event in events for name in event.values}
    for event in events:
        names |= event.names
    for name, called in names.items():
        points = [(event.x, event.values[name]) for event in events if name in event.values]
        marker = "o" if len(points) == 1 else None
        axes.plot(*zip(*points, strict=True), label=_said(called, chinese), marker=marker)
    if any(event.log for event in events):
        axes.set_yscale("log")
    axes.set_xlabel(_said(next((event.x_label for event in reversed(events) if event.x_label), ""), chinese))
    axes.set_ylabel(_said(next((event.unit for event in reversed(events) if event.unit), ""), chinese))
    axes.legend(frameon=False, loc="upper left", bbox_to_anchor=(1, 1))


def _draw_heatmap(axes: Axes, event: Heatmap, chinese: bool) -> None:
    import numpy as np
    from matplotlib.ticker import MaxNLocator

    values = _numbers(event.values)
    finite = values[np.isfinite(values)]
    low = event.low if event.low is not None else finite.min(initial=math.inf)
    high = event.high if event.high is not None else finite.max(initial=-math.inf)
    if event.diverging:
        high = max(abs(low), abs(high))
        low = -high
    drawn = low <= high < math.inf  # else every cell is empty
    image = axes.imshow(
        values,
        aspect="auto",
        interpolation="nearest",
        cmap="RdBu_r" if event.diverging else "viridis",
        vmin=low if drawn else 0,
        vmax=high if drawn else 1,
    )
    assert axes.figure is not None
    axes.figure.colorbar(image, ax=axes)
    for axis, ticks in ((axes.xaxis, event.x_ticks), (axes.yaxis, event.y_ticks)):
        axis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        if ticks:
            axis.set_ticks(range(len(ticks)), [_said(tick, chinese) for tick in ticks])
    axes.set_xlabel(_said(event.x_label, chinese))
    axes.set_ylabel(_said(event.y_label, chinese))


def _draw_points(axes: Axes, event: Points, chinese: bool) -> None:
    import numpy as np

    xy = _numbers(event.xy)  # (n, 2)
    groups = np.asarray(event.groups or [0] * len(xy))
    for group in sorted(set(groups.tolist())):
        named = 0 <= group < len(event.group_names)
        axes.scatter(
            xy[groups == group, 0],
            xy[groups == group, 1],
            s=8,
            marker="os^Dv*Pp<>"[group % 10],
            label=_said(event.group_names[group], chinese) if named else str(group),
        )
    axes.set_aspect("equal", adjustable="datalim")
    if event.groups:
        axes.legend(frameon=False, loc="upper left", bbox_to_anchor=(1, 1))


def _draw_bars(axes: Axes, event: Bars, chinese: bool) -> None:
    places = range(len(event.labels))
    left = [0.0] * len(event.labels)
    for k, part in enumerate(event.parts or ("",)):
        widths = [row[k] if math.isfinite(row[k]) else 0.0 for row in event.values]
        axes.barh(places, widths, left=left, label=_said(part, chinese))
        left = [a + b for a, b in zip(left, widths, strict=True)]
    axes.set_yticks(places, [_said(label, chinese) for label in event.labels])
    axes.invert_yaxis()
    axes.set_xlabel(_said(event.unit, chinese))
    if event.parts:
        axes.legend(frameon=False, loc="upper left", bbox_to_anchor=(1, 1))
