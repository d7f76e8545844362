"""Early stopping: when to stop, and which weights to go home with.

A network fits 40 noisy points of a sine until it knows the noise by heart. Two stoppers watch its validation
loss, one with patience 1, one with more; the run itself goes on to its end, to show what they were spared.
"""

import time
from collections.abc import Generator, Iterator
from typing import Annotated, Any, Literal, NamedTuple

import torch
from torch import Tensor, nn

from answers.kit.best_weights import Watcher
from answers.kit.threads import one_thread
from models.early_stopping import EarlyStopping
from quizcli.demo.events import (
    Bars,
    Claim,
    Event,
    Label,
    Note,
    Points,
    Progress,
    Scalars,
    Started,
    Words,
    array,
)
from quizcli.demo.option import Option, Pace, Seed

TITLE = {"en": "Early stopping: patience, and the best weights", "zh": "早停：耐心值与最佳权重"}
QUICK = {"pace": 0.0}

LAYOUT = (("loss", "fit"), ("test",))
TRAINING, VALIDATION, TEST, NOISE, REACH = 40, 100, 500, 0.7, 4.0
HIDDEN, STEEPNESS, LR = 128, 4.0, 1e-3
FRAMES = 60

Mistake = Literal["none", "no-copy", "no-restore"]


def demonstrate(
    patience: Annotated[
        int, Option(min=1, max=500, help={"en": "epochs without improvement", "zh": "耐心值（轮）"})
    ] = 30,
    min_delta: Annotated[
        float, Option(min=0, max=1, help={"en": "what counts as an improvement", "zh": "改善多少才算"})
    ] = 0.0,
    epochs: Annotated[int, Option(min=20, max=3000, help={"en": "epochs", "zh": "训练轮数"})] = 300,
    batch: Annotated[int, Option(min=1, max=40, help={"en": "points in a batch", "zh": "批大小"})] = 4,
    mistake: Annotated[
        Mistake, Option(help={"en": "make a mistake: see which claims fall", "zh": "故意犯错，看哪条不成立"})
    ] = "none",
    pace: Pace = 0.08,
    seed: Seed = 0,
) -> Iterator[Event]:
    """Train to the end under the eyes of two stoppers; then compare what each of them brings home."""
    yield Started(data=f"patience {patience}", layout=LAYOUT)
    generator = torch.Generator().manual_seed(seed)
    data = Data(
        *(_points(n, noise, generator) for n, noise in ((TRAINING, NOISE), (VALIDATION, NOISE), (TEST, 0)))
    )
    model = _network(seed)
    hasty = Watcher(EarlyStopping(1, min_delta), model)
    calm = Watcher(_stopper(patience, min_delta, mistake), model)
    with one_thread():
        log = yield from _train(model, data, (hasty, calm), epochs, batch, generator, pace)
    yield _test_errors(data, hasty, calm, model)
    yield from _restored_claims(data, calm, model, log)
    if mistake != "none" and calm.stopper.stopped:
        yield _mistake_claim(data, calm)
    if patience in range(20, 61) and epochs >= 300 and batch in range(2, 9) and min_delta == 0:
        yield from _overfitting_claims(data, hasty, calm, model, log)
    else:
        yield NOT_PROMISED
    yield Note(text=WHAT_YOU_SAW[mistake])


# The network and its data


class Split(NamedTuple):
    """Places and heights."""

    x: Tensor  # (n, 1)
    y: Tensor  # (n, 1)


class Data(NamedTuple):
    """To learn from; to decide by when to stop; to report on, once. The last is without noise."""

    training: Split
    validation: Split
    test: Split


def _points(n: int, noise: float, generator: torch.Generator) -> Split:
    x = torch.linspace(-REACH, REACH, n)[:, None]
    return Split(x, torch.sin(x) + noise * torch.randn(n, 1, generator=generator))


def _network(seed: int) -> nn.Sequential:
    """1 → 128 → 1 with steep units that bend all over ±4: able to learn the noise by heart."""
    with torch.random.fork_rng(devices=[]):  # nn.Linear draws its weights from the global generator
        torch.manual_seed(seed)
        first, last = nn.Linear(1, HIDDEN), nn.Linear(HIDDEN, 1)
    with torch.no_grad():
        first.weight.mul_(STEEPNESS)
        first.bias.mul_(STEEPNESS * REACH)
    return nn.Sequential(first, nn.Hardtanh(), last)


@torch.no_grad()
def error(model: nn.Module, split: Split) -> float:
    """Mean squared error."""
    return float((model(split.x) - split.y).square().mean())


# The stoppers


class KeepsReferences(EarlyStopping):
    """The mistake "no-copy": state_dict() alone, which goes on changing with the model."""

    def _copy(self, model: nn.Module) -> dict[str, Any]:
        return model.state_dict()


def _stopper(patience: int, min_delta: float, mistake: Mistake) -> EarlyStopping:
    kind = KeepsReferences if mistake == "no-copy" else EarlyStopping
    return kind(patience, min_delta, restore_best=mistake != "no-restore")


# The run


class Log(NamedTuple):
    """Losses after each epoch, and the best epoch's state_dict() as it is without a copy."""

    training: list[float]
    validation: list[float]
    uncopied: dict[str, Tensor]


def _train(
    model: nn.Module,
    data: Data,
    watchers: tuple[Watcher, Watcher],
    epochs: int,
    batch: int,
    generator: torch.Generator,
    pace: float,
) -> Generator[Event, None, Log]:
    """Train for all epochs; show the losses, the fit now, and the fit of the weights kept so far."""
    calm = watchers[1]
    yield _fit(data, model, calm)
    optimizer = torch.optim.Adam(model.parameters(), lr=LR, fused=True)
    log = Log([], [], {})
    shown = {round(epochs * (k / FRAMES) ** 1.4) for k in range(1, FRAMES + 1)}
    for epoch in range(1, epochs + 1):
        for rows in torch.split(torch.randperm(TRAINING, generator=generator), batch):
            loss = (model(data.training.x[rows]) - data.training.y[rows]).square().mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        log.training.append(error(model, data.training))
        log.validation.append(error(model, data.validation))
        for watcher in watchers:
            watcher.look(log.validation[-1], model)
        if calm.stopper.best_step == epoch:
            log.uncopied.update(model.state_dict())
        yield _losses(epoch, log, calm.stopper)
        if epoch in shown:
            yield _fit(data, model, calm)
            yield _test_errors(data, *watchers, model)
            yield Progress(done=epoch, total=epochs, text=_state(epoch, calm.stopper))
            time.sleep(pace)
    return log


def _state(epoch: int, stopper: EarlyStopping) -> Words:
    if stopper.stopped:
        best, stop = stopper.best_step, stopper.steps
        return {"en": f"stopped at {stop}, best {best}", "zh": f"已停于第 {stop} 轮，最佳第 {best} 轮"}
    return {
        "en": f"epoch {epoch}, waited {stopper.waited}/{stopper.patience}",
        "zh": f"第 {epoch} 轮，已等 {stopper.waited}/{stopper.patience}",
    }


NAMES: dict[str, Words] = {
    "train": {"en": "train", "zh": "训练"},
    "validation": {"en": "validation", "zh": "验证"},
    "best": {"en": "best so far", "zh": "目前最佳"},
}


def _losses(epoch: int, log: Log, stopper: EarlyStopping) -> Scalars:
    values = {"train": log.training[-1], "validation": log.validation[-1]}
    if stopper.steps == epoch:  # the line of the best so far ends where the stopper stopped
        values["best"] = stopper.best
    return Scalars(
        panel="loss",
        x=epoch,
        values=values,
        names=NAMES,
        x_label={"en": "epochs", "zh": "轮"},
        title={"en": "loss; best so far, until the stop", "zh": "损失；“目前最佳”止于停止处"},
    )


@torch.no_grad()
def _fit(data: Data, model: nn.Module, calm: Watcher) -> Points:
    """The training points, the network of this epoch, and that of the best weights so far."""
    x = data.test.x[::3]
    kept = calm.kept()
    groups = [torch.cat(pair, 1) for pair in (data.training, (x, model(x)), (x, kept(x)))]  # (n, 2) each
    return Points(
        panel="fit",
        xy=array(torch.cat(groups)),
        groups=tuple(i for i, group in enumerate(groups) for _ in group),
        group_names=(
            {"en": "data", "zh": "数据"},
            {"en": "now", "zh": "当前"},
            {"en": "kept", "zh": "保存的"},
        ),
        title={"en": "the fit now, and with the weights kept", "zh": "当前的拟合，与保存下来的拟合"},
    )


def _test_errors(data: Data, hasty: Watcher, calm: Watcher, model: nn.Module) -> Bars:
    kept = calm.kept()
    rows: list[tuple[Label, nn.Module]] = [
        ({"en": "patience 1", "zh": "耐心值 1"}, hasty.kept()),
        ({"en": f"patience {calm.stopper.patience}", "zh": f"耐心值 {calm.stopper.patience}"}, kept),
        ({"en": "never stopped", "zh": "从不停止"}, model),
    ]
    return Bars(
        panel="test",
        labels=tuple(label for label, _ in rows),
        values=tuple((error(network, data.test),) for _, network in rows),
        title={"en": "test error of what each would bring home", "zh": "各自带回的权重，测试误差"},
    )


# The claims


def _restored_claims(data: Data, calm: Watcher, model: nn.Module, log: Log) -> Iterator[Event]:
    stopper = calm.stopper
    yield Claim(
        id="best-weights-are-restored",
        measured=error(calm.kept(), data.validation) - min(log.validation[: stopper.steps]),
        relation="<=",
        expected=stopper.min_delta + 1e-6,  # not copied or not restored, seeds 0 to 9: 0.013 to 0.19
        text={
            "en": f"validation loss handed back − the best up to the stop (epoch {stopper.best_step})",
            "zh": f"交回的权重的验证损失 − 停止前的最佳值（第 {stopper.best_step} 轮）",
        },
    )
    kept = calm.stopper.best_weights or {}
    last = model.state_dict()
    yield Claim(
        id="state-dict-is-no-copy",
        measured=_distance(log.uncopied, last),
        relation="==",
        expected=0.0,
        text={
            "en": f"best = model.state_dict() against the last weights: largest difference "
            f"({_distance(kept, last):.2g} for a copy)",
            "zh": f"best = model.state_dict() 与最后权重的最大差别（复制过的差 {_distance(kept, last):.2g}）",
        },
    )


def _mistake_claim(data: Data, calm: Watcher) -> Claim:
    return Claim(
        id="unrestored-weights-are-worse",
        measured=error(calm.kept(), data.validation) / calm.stopper.best,
        relation=">",
        expected=1.01,  # seeds 0 to 9: 1.03 to 1.36. Copied and restored: 1
        text={
            "en": f"validation loss of the weights handed back ÷ the best {calm.stopper.waited} epochs ago",
            "zh": f"交回的权重的验证损失 ÷ {calm.stopper.waited} 轮之前的最佳值",
        },
    )


def _distance(one: dict[str, Tensor], other: dict[str, Tensor]) -> float:
    return max(((one[name] - other[name]).abs().max().item() for name in one), default=0.0)


def _overfitting_claims(
    data: Data, hasty: Watcher, calm: Watcher, model: nn.Module, log: Log
) -> Iterator[Event]:
    best = calm.stopper.best_step
    yield Claim(
        id="restored-beats-last",
        measured=error(calm.kept(), data.test) / error(model, data.test),
        relation="<",
        expected=0.9,  # seeds 0 to 9: 0.20 to 0.71; batches of 2 to 8: up to 0.78. The last ones: 1
        text={
            "en": f"test error of the weights of epoch {best} ÷ of epoch {len(log.training)}",
            "zh": f"测试误差：第 {best} 轮的权重 ÷ 第 {len(log.training)} 轮的权重",
        },
    )
    yield Claim(
        id="first-rise-is-too-early",
        measured=best / max(1, hasty.stopper.best_step),
        relation=">",
        expected=1.2,  # seeds 0 to 9: 1.7 to 16; batches of 2 to 8: from 1.6. Without noise: 1
        text={
            "en": f"epoch {best} ÷ epoch {hasty.stopper.best_step}, where patience 1 gave up: validation "
            f"loss {calm.stopper.best:.2f} instead of {hasty.stopper.best:.2f}",
            "zh": f"第 {best} 轮 ÷ 第 {hasty.stopper.best_step} 轮（耐心值 1 停在这里）："
            f"验证损失 {calm.stopper.best:.2f}，而不是 {hasty.stopper.best:.2f}",
        },
    )
    yield Claim(
        id="training-loss-does-not-tell",
        measured=log.training[-1] / log.training[best - 1],
        relation="<",
        expected=0.92,  # seeds 0 to 9: 0.45 to 0.76; batches of 2 to 8: up to 0.81
        text={
            "en": f"training loss of the last epoch ÷ of epoch {best}: it falls while validation gets worse",
            "zh": f"训练损失：最后一轮 ÷ 第 {best} 轮。验证变差，它照样下降",
        },
    )


WHAT_YOU_SAW: dict[str, Words] = {
    "none": {
        "en": "What you just saw: the training loss falls to the end, the validation loss falls, trembles "
        "and rises again. Stopping at its first rise is too early, because single epochs are noisy: wait "
        "until there has been no new best for “patience” epochs. By then the weights are that many epochs "
        "past the best, so a copy of the best ones is kept and restored. The best validation loss is a "
        "little too good, since it was picked; the number to report comes from test data, once.",
        "zh": "刚才看到的：训练损失一路下降，验证损失先降，再抖动着回升。一升就停太早，因为单轮的验证损失有"
        "噪声；要等连续 patience 轮都没有刷新最佳再停。这时的权重已经比最佳点晚了 patience 轮，所以要另存一"
        "份最佳权重，停下后恢复。最佳验证损失是挑出来的，略微偏乐观；对外报告的数字应在测试集上只测一次。",
    },
    "no-copy": {
        "en": "The best weights were kept without a copy on purpose: state_dict() returns the live tensors, "
        "which the optimizer changes in place. What was restored were the weights of the stop. Use "
        "copy.deepcopy.",
        "zh": "这次故意没有复制最佳权重：state_dict() 返回的就是正在训练的张量，优化器会就地修改。"
        "恢复出来的其实是停止时的权重。应使用 copy.deepcopy。",
    },
    "no-restore": {
        "en": "The best weights were not restored on purpose: what one goes home with are the weights of the "
        "stop, a whole patience past the best.",
        "zh": "这次故意没有恢复最佳权重：带回的是停止时的权重，比最佳点晚了整整一个耐心值。",
    },
}
NOT_PROMISED = Note(
    text={
        "en": "How much early stopping gains is claimed for patience 20 to 60, at least 300 epochs, batches "
        "of at most 8 and min_delta 0 only.",
        "zh": "早停带来多少好处，只在耐心值 20–60、至少 300 轮、批大小 2–8、min_delta 为 0 时断言。",
    }
)
