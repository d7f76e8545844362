"""Two small U-Nets, one with skip connections and one without, learn the same scenes step by step."""

from collections.abc import Generator, Iterator
from typing import NamedTuple

import torch

from answers.unet.unet.scenes import LINE, SEGMENT, Scenes, Task, scenes, shown, square
from models.unet import UNet
from quizcli.demo.events import Bars, Event, Progress, Scalars, Words

DICE: Words = {"en": "Dice on new scenes", "zh": "新场景上的 Dice"}
PREDICTED: Words = {"en": "share of the noise predicted", "zh": "预测出的噪声占比"}
CURVES = (("skips", "skips, lines"), ("none", "none, lines"))  # of both networks: all shapes, lines alone
NAMES: dict[str, Words] = {
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
    with torch.random.fork_rng(devices=[]):  # layers draw their weights from the global generator
        for skips in (mistake != "no-skips", False):
            torch.manual_seed(seed)
            network = UNet(1, 1, recipe.channels, recipe.depth, padding="same", skips=skips)
            networks.append(network.to(memory_format=torch.channels_last))
    return networks


def train(
    networks: list[UNet], recipe: Recipe, generator: torch.Generator
) -> Generator[Event, None, list[float]]:
    """Train all networks on the same scenes; returns their Dice early on."""
    watch = _Watch(networks, recipe, generator)
    optimizers = [torch.optim.Adam(network.parameters(), LR, fused=True) for network in networks]
    yield from watch.reset()
    yield from watch.look(0)
    early: list[float] = []
    for step in range(1, recipe.steps + 1):
        batch = scenes(BATCH, generator, recipe.noise)
        for network, optimizer in zip(networks, optimizers, strict=True):
            loss = recipe.task.loss(network(batch.images), batch)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
        if step == EARLY:
            early = [score(network, watch.all, recipe.task) for network in networks]
        if step % -(-recipe.steps // LOOKS) == 0 or step == recipe.steps:
            yield from watch.look(step)
            yield Progress(done=step, total=recipe.steps, text={"en": "training", "zh": "训练"})
    return early


class _Watch:
    """Scenes that are looked at again and again while the networks learn from others."""

    def __init__(self, networks: list[UNet], recipe: Recipe, generator: torch.Generator) -> None:
        self._networks = networks
        self._task = recipe.task
        self._title = DICE if recipe.task is SEGMENT else PREDICTED
        self.all = scenes(WATCHED, generator, recipe.noise)
        self._lines = scenes(WATCHED, generator, recipe.noise, (LINE,))
        self._picture = shown(recipe.noise)

    def reset(self) -> Iterator[Event]:
        """Another kind of event takes the place of the curve of sizes: the next curve begins a new chart."""
        yield Bars(
            panel="dice", labels=tuple(NAMES.values()), values=((0.0,),) * len(NAMES), title=self._title
        )

    def look(self, step: int) -> Iterator[Event]:
        """The curves, and the same scene as both networks see it."""
        values: dict[str, float] = {}
        for network, (name, lines) in zip(self._networks, CURVES, strict=True):
            values[name] = score(network, self.all, self._task)
            values[lines] = score(network, self._lines, self._task)
        steps = {"en": "steps", "zh": "步"}
        yield Scalars(panel="dice", x=step, values=values, names=NAMES, title=self._title, x_label=steps)
        scene = self._picture
        with torch.no_grad():
            seen = [self._task.picture(network(scene.images), scene) for network in self._networks]
        yield square(
            [scene.images, self._task.target(scene), *seen],
            {"en": "image, target / with skips, without", "zh": "图像、目标 / 有跳跃连接、没有"},
        )


@torch.no_grad()
def score(network: UNet, scene: Scenes, task: Task) -> float:
    """How well a network does the task: 1 at best."""
    return task.score(network(scene.images), scene).item()
