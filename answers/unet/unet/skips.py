"""Two small U-Nets, one with skip connections and one without, learn the same scenes step by step."""

from collections.abc import Generator, Iterator
from itertools import repeat, tee
from typing import NamedTuple

import torch
from torch import Tensor

from answers.kit.cadence import every
from answers.kit.labels import STEPS
from answers.kit.seeding import weights
from answers.kit.training import minimize
from answers.unet.unet.scenes import LINE, SEGMENT, Scenes, Task, scenes, shown, square
from models.unet import UNet
from quizcli.demo.events import Bars, Event, Progress, Scalars, Words

DICE: Words = {"en": "Dice on new scenes", "zh": "新场景上的 Dice"}
PREDICTED: Words = {"en": "share of the noise predicted", "zh": "预测出的噪声占比"}
SEEN: Words = {"en": "image, target / with skips, without", "zh": "图像、目标 / 有跳跃连接、没有"}
NAMES: dict[str, Words] = {  # of the curves: both networks, all shapes and lines alone
    "skips": {"en": "skips", "zh": "有跳跃"},
    "skips, lines": {"en": "skips, lines", "zh": "有跳跃，细线"},
    "none": {"en": "none", "zh": "无跳跃"},
    "none, lines": {"en": "none, lines", "zh": "无跳跃，细线"},
}
BATCH, LR = 16, 0.005
EARLY = 50  # the step after which the networks are first compared
LOOKS = 40  # how often they are looked at while they learn
WATCHED = 32  # scenes for the curves


class Recipe(NamedTuple):
    """What is trained, and on what."""

    steps: int
    channels: int
    depth: int
    noise: float
    task: Task


def two_networks(recipe: Recipe, mistake: str, seed: int) -> list[UNet]:
    """One with skips (unless that is the mistake) and one without."""
    networks = []
    for skips in (mistake != "no-skips", False):
        with weights(seed):
            network = UNet(1, 1, recipe.channels, recipe.depth, padding="same", skips=skips)
        networks.append(network.to(memory_format=torch.channels_last))
    return networks


def train(
    networks: list[UNet], recipe: Recipe, generator: torch.Generator
) -> Generator[Event, None, list[float]]:
    """Train all networks on the same scenes; returns their Dice early on."""
    watch = _Watch(networks, recipe, generator)
    # Another kind of event takes the place of the curve of sizes: the next curve begins a new chart.
    names = tuple(NAMES.values())
    yield Bars(panel="dice", labels=names, values=((0.0,),) * len(names), title=watch.title)
    yield from watch.look(0)
    drawn = (scenes(BATCH, generator, recipe.noise) for _ in range(recipe.steps))
    descents = map(_descent, networks, repeat(recipe.task), tee(drawn, len(networks)))
    look = every(steps=-(-recipe.steps // LOOKS))
    early: list[float] = []
    for step, _ in enumerate(zip(*descents, strict=True), 1):
        if step == EARLY:
            early = [score(network, watch.all, recipe.task) for network in networks]
        if look() or step == recipe.steps:
            yield from watch.look(step)
            yield Progress(done=step, total=recipe.steps, text={"en": "training", "zh": "训练"})
    return early


def _descent(network: UNet, task: Task, batches: Iterator[Scenes]) -> Iterator[Tensor]:
    losses = (task.loss(network(batch.images), batch) for batch in batches)
    return minimize(torch.optim.Adam(network.parameters(), LR, fused=True), losses)


class _Watch:
    """Scenes that are looked at again and again while the networks learn from others."""

    def __init__(self, networks: list[UNet], recipe: Recipe, generator: torch.Generator) -> None:
        self._networks = networks
        self._task = recipe.task
        self.title = DICE if recipe.task is SEGMENT else PREDICTED
        self.all = scenes(WATCHED, generator, recipe.noise)
        self._lines = scenes(WATCHED, generator, recipe.noise, (LINE,))
        self._picture = shown(recipe.noise)

    def look(self, step: int) -> Iterator[Event]:
        """The curves, and the same scene as both networks see it."""
        values: dict[str, float] = {}
        for network, name in zip(self._networks, ("skips", "none"), strict=True):
            values[name] = score(network, self.all, self._task)
            values[f"{name}, lines"] = score(network, self._lines, self._task)
        yield Scalars(panel="dice", x=step, values=values, names=NAMES, title=self.title, x_label=STEPS)
        scene = self._picture
        with torch.no_grad():
            seen = [self._task.picture(network(scene.images), scene) for network in self._networks]
        yield square([scene.images, self._task.target(scene), *seen], SEEN)


@torch.no_grad()
def score(network: UNet, scene: Scenes, task: Task) -> float:
    """How well a network does the task: 1 at best."""
    return task.score(network(scene.images), scene).item()
