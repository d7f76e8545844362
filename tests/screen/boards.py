"""Boards with something of everything on them, for tests."""

import math
from collections.abc import Iterator

from quizcli.demo.events import (
    Bars,
    Claim,
    Event,
    Heatmap,
    Images,
    Note,
    Points,
    Progress,
    Scalars,
    Started,
    Table,
)
from quizcli.screen.demo.state import Board
from tests.screen.drawing import floats, grey, matrix

LAYOUT = (("loss", "samples", "latent"),)


def words(en: str, zh: str) -> dict[str, str]:
    return {"en": en, "zh": zh}


def vae(layout: tuple[tuple[str, ...], ...] = LAYOUT, synthetic: bool = False) -> Iterator[Event]:
    """A chart, pictures and a scatter, as a VAE would show them."""
    data = "synthetic digits, 6,000 images" if synthetic else "MNIST, 60,000 images"
    yield Started(
        name="vae",
        title=words("VAE", "变分自编码器"),
        data=data,
        synthetic=synthetic,
        device="cpu",
        layout=layout,
    )
    for step in range(40):
        yield Scalars(
            panel="loss",
            x=step,
            values={"train": 100 + 80 * math.exp(-step / 9), "test": 104 + 80 * math.exp(-step / 9)},
            title=words("negative ELBO", "负 ELBO"),
            unit="nats",
            x_label="steps",
        )
    yield Images(panel="samples", images=grey(8, 28, 28), title=words("samples", "采样"))
    ring = [f(k * 0.1) for k in range(60) for f in (math.cos, math.sin)]
    yield Points(panel="latent", xy=floats(ring, 60, 2), title=words("latent means", "隐变量均值"))
    yield Progress(done=61, total=100, text=words("epoch 3/5", "第 3/5 轮"), rate=17_412.3, unit="images")


def others() -> Iterator[Event]:
    """The other kinds of panels."""
    yield Heatmap(panel="map", values=matrix([[1, 2], [3, 4]]), title=words("map", "热图"))
    yield Bars(panel="bars", labels=("a", "b"), values=((1.0,), (2.0,)), title=words("bars", "条形"))
    yield Table(panel="table", columns=("x", "y"), rows=(("1", "2"),), title=words("table", "表"))


def claims() -> Iterator[Event]:
    """One that holds, one that does not, and a note."""
    yield Note(text=words("The clusters on the right move apart.", "右侧的各个簇逐渐分开。"))
    yield Claim(
        id="kl-nonnegative",
        measured=19.83,
        expected=0,
        relation=">=",
        unit="nats",
        text=words(
            "The KL term is never negative, whatever the encoder does", "无论编码器如何，KL 项都不会为负"
        ),
    )
    yield Claim(
        id="elbo-reached",
        measured=107.2,
        expected=106.5,
        relation="<=",
        unit="nats",
        text=words("Five epochs reach the reference", "五轮训练即达到参考值"),
    )


def board_of(*streams: Iterator[Event], expected: tuple[str, ...] = ()) -> Board:
    board = Board(expected)
    for stream in streams:
        for event in stream:
            board.add(event)
    return board
