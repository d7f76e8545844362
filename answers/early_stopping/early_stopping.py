"""Early stopping: when to stop, and which weights to go home with.

A network fits 40 noisy points of a sine until it knows the noise by heart. Two stoppers watch its validation
loss, one with patience 1, one with more; the run itself goes on to its end, to show what they were spared.
"""

from collections.abc import Iterator
from typing import Annotated, Any, Literal, NamedTuple

import torch
from torch import Tensor, nn

from answers.kit.best_weights import Watcher
from answers.kit.labels import EPOCHS
from answers.kit.noisy_sine import Examples, examples, steep_network
from answers.kit.promises import promise
from answers.kit.threads import one_thread
from answers.kit.training import minimize
from models.early_stopping import EarlyStopping
from quizcli.demo.events import (
    Bars,
    Beat,
    Event,
    Note,
    Points,
    Progress,
    Scalars,
    Started,
    Words,
    array,
    claim,
)
from quizcli.demo.option import Option, Seed
from quizcli.demo.texts import texts

TITLE = {"en": "Early stopping: patience, and the best weights", "zh": "早停：耐心值与最佳权重"}

says = texts(__file__)

LAYOUT = (("loss", "fit"), ("test",))
TRAINING, VALIDATION, TEST, NOISE = 40, 100, 500, 0.7
STEEPNESS, LR = 4.0, 1e-3
FRAMES = 60

Slip = Literal["none", "no-copy", "no-restore"]


def demonstrate(
    patience: Annotated[int, Option(1, 500, "epochs without improvement", "耐心值（轮）")] = 30,
    min_delta: Annotated[float, Option(0, 1, "what counts as an improvement", "改善多少才算")] = 0.0,
    epochs: Annotated[int, Option(20, 3000, "epochs", "训练轮数")] = 300,
    batch: Annotated[int, Option(1, 40, "points in a batch", "批大小")] = 4,
    mistake: Annotated[
        Slip, Option(en="make a mistake: see which claims fall", zh="故意犯错，看哪条不成立")
    ] = "none",
    seed: Seed = 0,
) -> Iterator[Event]:
    """Train to the end under the eyes of two stoppers; then compare what each of them brings home."""
    yield Started(data=f"patience {patience}", layout=LAYOUT)
    generator = torch.Generator().manual_seed(seed)
    sizes = (TRAINING, NOISE), (VALIDATION, NOISE), (TEST, 0)
    data = Data(*(examples(n, noise, generator) for n, noise in sizes))
    model = steep_network(seed, STEEPNESS)
    hasty = Watcher(EarlyStopping(1, min_delta), model)
    calm = Watcher(_stopper(patience, min_delta, mistake), model)
    run = Run(data, model, hasty, calm, Log([], [], {}))
    with one_thread():
        yield from _train(run, epochs, batch, generator)
    yield _test_errors(run)
    yield from _restored_claims(run, mistake)
    promised = patience in range(20, 61) and epochs >= 300 and batch in range(2, 9) and min_delta == 0
    if (yield from promise(promised, says("not-promised"))):
        yield from _overfitting_claims(run)
    yield Note(text=_what_you_saw(mistake))


# The network and its data


class Data(NamedTuple):
    """To learn from; to decide by when to stop; to report on, once. The last is without noise."""

    training: Examples
    validation: Examples
    test: Examples


@torch.no_grad()
def error(model: nn.Module, split: Examples) -> float:
    """Mean squared error."""
    return float((model(split.x) - split.y).square().mean())


# The stoppers


class KeepsReferences(EarlyStopping):
    """The mistake "no-copy": state_dict() alone, which goes on changing with the model."""

    def _copy(self, model: nn.Module) -> dict[str, Any]:
        return model.state_dict()


def _stopper(patience: int, min_delta: float, mistake: Slip) -> EarlyStopping:
    kind = KeepsReferences if mistake == "no-copy" else EarlyStopping
    return kind(patience, min_delta, restore_best=mistake != "no-restore")


# The run


class Log(NamedTuple):
    """Losses after each epoch, and the best epoch's state_dict() as it is without a copy."""

    training: list[float]
    validation: list[float]
    uncopied: dict[str, Tensor]


class Run(NamedTuple):
    """What is trained, on what, who watches, and what was seen."""

    data: Data
    model: nn.Module
    hasty: Watcher
    calm: Watcher
    log: Log


def _train(run: Run, epochs: int, batch: int, generator: torch.Generator) -> Iterator[Event]:
    """Train for all epochs; show the losses, the fit now, and the fit of the weights kept so far."""
    data, model, hasty, calm, log = run
    x, y = data.training
    yield _fit(run)
    optimizer = torch.optim.Adam(model.parameters(), lr=LR, fused=True)
    shown = {round(epochs * (k / FRAMES) ** 1.4) for k in range(1, FRAMES + 1)}
    for epoch in range(1, epochs + 1):
        batches = torch.split(torch.randperm(TRAINING, generator=generator), batch)
        for _ in minimize(optimizer, ((model(x[rows]) - y[rows]).square().mean() for rows in batches)):
            pass
        log.training.append(error(model, data.training))
        log.validation.append(error(model, data.validation))
        for watcher in (hasty, calm):
            watcher.look(log.validation[-1], model)
        if calm.stopper.best_step == epoch:
            log.uncopied.update(model.state_dict())
        yield _losses(epoch, log, calm.stopper)
        if epoch in shown:
            yield _fit(run)
            yield _test_errors(run)
            yield Progress(done=epoch, total=epochs, text=_state(epoch, calm.stopper))
            yield Beat(0.8)


def _state(epoch: int, stopper: EarlyStopping) -> Words:
    if stopper.stopped:
        return says("stopped", stop=stopper.steps, best=stopper.best_step)
    return says("waiting", epoch=epoch, waited=stopper.waited, patience=stopper.patience)


NAMES: dict[str, Words] = {
    "train": {"en": "train", "zh": "训练"},
    "validation": {"en": "validation", "zh": "验证"},
    "best": {"en": "best so far", "zh": "目前最佳"},
}


def _losses(epoch: int, log: Log, stopper: EarlyStopping) -> Scalars:
    values = {"train": log.training[-1], "validation": log.validation[-1]}
    if stopper.steps == epoch:  # the line of the best so far ends where the stopper stopped
        values["best"] = stopper.best
    return Scalars(panel="loss", x=epoch, values=values, names=NAMES, x_label=EPOCHS, title=says("losses"))


@torch.no_grad()
def _fit(run: Run) -> Points:
    """The training points, the network of this epoch, and that of the best weights so far."""
    x = run.data.test.x[::3]
    kept = run.calm.kept()
    pairs = run.data.training, (x, run.model(x)), (x, kept(x))
    groups = [torch.cat(pair, 1) for pair in pairs]  # (n, 2) each
    return Points(
        panel="fit",
        xy=array(torch.cat(groups)),
        groups=tuple(i for i, group in enumerate(groups) for _ in group),
        group_names=(
            {"en": "data", "zh": "数据"},
            {"en": "now", "zh": "当前"},
            {"en": "kept", "zh": "保存的"},
        ),
        title=says("fit"),
    )


def _test_errors(run: Run) -> Bars:
    patience = run.calm.stopper.patience
    labels = says("patience", patience=1), says("patience", patience=patience), says("never-stopped")
    networks = run.hasty.kept(), run.calm.kept(), run.model
    values = tuple((error(network, run.data.test),) for network in networks)
    return Bars(panel="test", labels=labels, values=values, title=says("test-errors"))


# The claims


def _restored_claims(run: Run, mistake: Slip) -> Iterator[Event]:
    stopper = run.calm.stopper
    handed_back = error(run.calm.kept(), run.data.validation)
    # not copied or not restored, seeds 0 to 9: 0.013 to 0.19
    lost, most = handed_back - min(run.log.validation[: stopper.steps]), stopper.min_delta + 1e-6
    text = says("best-restored", best=stopper.best_step)
    yield claim("best-weights-are-restored", lost, "<=", most, text=text)
    last = run.model.state_dict()
    text = says("no-copy", copied=_distance(stopper.best_weights or {}, last))
    yield claim("state-dict-is-no-copy", _distance(run.log.uncopied, last), "==", 0.0, text=text)
    if mistake != "none" and stopper.stopped:
        ratio = handed_back / stopper.best  # seeds 0 to 9: 1.03 to 1.36. Copied and restored: 1
        text = says("unrestored", waited=stopper.waited)
        yield claim("unrestored-weights-are-worse", ratio, ">", 1.01, text=text)


def _distance(one: dict[str, Tensor], other: dict[str, Tensor]) -> float:
    return max(((one[name] - other[name]).abs().max().item() for name in one), default=0.0)


def _overfitting_claims(run: Run) -> Iterator[Event]:
    training, test = run.log.training, run.data.test
    hasty, calm = run.hasty.stopper, run.calm.stopper
    best, early = calm.best_step, hasty.best_step
    # seeds 0 to 9: 0.20 to 0.71; batches of 2 to 8: up to 0.78. The last ones: 1
    ratio = error(run.calm.kept(), test) / error(run.model, test)
    text = says("beats-last", best=best, last=len(training))
    yield claim("restored-beats-last", ratio, "<", 0.9, text=text)
    # seeds 0 to 9: 1.7 to 16; batches of 2 to 8: from 1.6. Without noise: 1
    text = says("too-early", best=best, early=early, loss=calm.best, early_loss=hasty.best)
    yield claim("first-rise-is-too-early", best / max(1, early), ">", 1.2, text=text)
    # seeds 0 to 9: 0.45 to 0.76; batches of 2 to 8: up to 0.81
    fallen = training[-1] / training[best - 1]
    yield claim("training-loss-does-not-tell", fallen, "<", 0.92, text=says("does-not-tell", best=best))


def _what_you_saw(mistake: Slip) -> Words:
    match mistake:
        case "no-copy":
            return says("saw-no-copy")
        case "no-restore":
            return says("saw-no-restore")
    return says("what-you-saw")
