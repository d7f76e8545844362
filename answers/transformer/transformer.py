"""A Transformer learns to turn sequences around, and another to write: what each part of it is for.

An encoder and a decoder of one layer each (Vaswani et al. 2017) see "b e h a" and must write "a h e b".
While they learn, the cross-attention turns into the anti-diagonal: to write the first letter, look at the
last. Then a decoder alone learns a short text by heart, one character after the other.
"""

import math
from collections.abc import Callable, Iterator
from typing import Annotated, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from answers.kit.acts import Acts
from answers.kit.cadence import every
from answers.kit.labels import STEPS
from answers.kit.seeding import weights
from answers.kit.threads import one_thread
from answers.kit.training import minimize
from models.transformer.language_model import LanguageModel
from models.transformer.transformer import Transformer
from quizcli.demo.events import Beat, Event, Heatmap, Note, Progress, Scalars, Started, Table, array, claim
from quizcli.demo.option import Option, Seed
from quizcli.demo.texts import texts
from quizcli.text import language

TITLE = {"en": "A Transformer learns to reverse and to write", "zh": "Transformer 学倒序、学写字"}
QUICK = {"steps": 200, "text_steps": 60}

says = texts(__file__)

LETTERS = "abcdefghij·"
START = len(LETTERS) - 1  # the token before the first; letters are 0, 1, 2, …
LR = 0.005  # at its highest
TESTED = 100  # sequences for the exact score
LOOKS, READINGS = 40, 16  # of the reversal and of the text
WINDOW, WRITTEN = 24, 28  # characters of a training example, and of what is written
TEXTS = {
    "en": "the query asks, the keys reply, / the softmax weighs them, low and high; / the values blend into "
    "a mean, / and that is all the head has seen. / a mask conceals what is to come, / the weights of every "
    "row have sum / of one, and heads stand side by side / to look at once both far and wide. ",
    # Wang Zhihuan, Li Bai and Meng Haoran, eighth century
    "zh": "白日依山尽，黄河入海流。欲穷千里目，更上一层楼。床前明月光，疑是地上霜。举头望明月，低头思故乡。"
    "春眠不觉晓，处处闻啼鸟。夜来风雨声，花落知多少。",
}
Slip = Literal["none", "no-shift", "no-causal-mask"]
Positions = Literal["sinusoidal", "rotary", "none"]


def demonstrate(
    steps: Annotated[int, Option(20, 5000, "steps of the reversal", "学倒序的步数")] = 320,
    text_steps: Annotated[
        int, Option(0, 5000, "steps of the text; 0: without it", "学文字的步数，0 表示不学")
    ] = 200,
    length: Annotated[int, Option(2, 12, "letters", "字母个数")] = 8,
    positions: Annotated[Positions, Option(en="positions", zh="位置编码")] = "sinusoidal",
    norm_first: Annotated[
        bool, Option(en="normalize before each sublayer", zh="先归一化（pre-norm）")
    ] = True,
    mistake: Annotated[
        Slip, Option(en="make a mistake: see which claims fall", zh="故意犯错，看哪条不成立")
    ] = "none",
    seed: Seed = 0,
) -> Iterator[Event]:
    """The reversal with its cross-attention, then a text by heart."""
    yield Started(data=says("letters", length=length), layout=(("left", "right"),))
    generator = torch.Generator().manual_seed(seed)
    with weights(seed):
        model = Transformer(START, START + 1, 32, 2, 1, 1, 64, 0.0, norm_first, positions)
        words = TEXTS[language()]
        writer = LanguageModel(len(set(words)), 48, 2, 2, 96, 0.0)
    model.causal = mistake != "no-causal-mask"
    with one_thread():
        acts = Acts(steps, max(1, 2 * text_steps))  # a step of the writing takes about twice as long
        yield from acts.play(_reversal(model, steps, length, mistake, generator))
        promised = steps >= 200 and length == 8 and positions == "sinusoidal"
        src = _sequences(500, length, generator)
        if promised:
            yield from _learnt_claims(model, src)
        yield from _decoding_claims(model, src)
        if promised and mistake != "none":
            yield _flattery_claim(model, _sequences(500, length, generator), mistake)
        if text_steps:
            yield from _looking(model, length, panel="left")
            yield from acts.play(_text(writer, words, text_steps, generator))
    yield _what_you_saw(positions, mistake)


def _descent(model: nn.Module, steps: int, warmup: int, loss: Callable[[], Tensor]) -> Iterator[Tensor]:
    """Adam, with a rate that rises in the first `warmup` steps and falls in the second half of all."""
    optimizer = torch.optim.Adam(model.parameters(), lr=LR, betas=(0.9, 0.98), fused=True)

    def losses() -> Iterator[Tensor]:
        for step in range(1, steps + 1):
            optimizer.param_groups[0]["lr"] = LR * min(step / warmup, 1.0, 2 * (1 - step / (steps + 1)))
            yield loss()

    return minimize(optimizer, losses())


# The reversal


def _sequences(n: int, length: int, generator: torch.Generator) -> Tensor:  # (n, length)
    return torch.randint(START, (n, length), generator=generator)


def fed(tgt: Tensor, mistake: Slip) -> Tensor:  # (B, T) -> the same
    """What the decoder is given in training."""
    return tgt if mistake == "no-shift" else shifted(tgt)


def shifted(tgt: Tensor) -> Tensor:  # (B, T) -> the same
    """The decoder's input: the target, one place to the right, with the start token in front."""
    return F.pad(tgt[:, :-1], (1, 0), value=START)


def _reversal(
    model: Transformer, steps: int, length: int, mistake: Slip, generator: torch.Generator
) -> Iterator[Event]:
    """Train on random sequences, each seen once; look at scores and cross-attention on the way."""
    test = _sequences(TESTED, length, generator)
    yield from _looking(model, length)
    between = max(5, math.ceil(steps / LOOKS))
    look = every(steps=between)
    names = {"next": says("next"), "whole": says("whole")}
    right = torch.zeros(())  # shares of letters, added up since the last look

    def loss() -> Tensor:
        src = _sequences(64, length, generator)
        tgt = src.flip(1)
        logits = model(src, fed(tgt, mistake))  # (64, length, letters)
        right.add_((logits.detach().argmax(-1) == tgt).float().mean())
        return F.cross_entropy(logits.flatten(0, 1), tgt.flatten())

    for step, _ in enumerate(_descent(model, steps, 50, loss), 1):
        if look():
            shares = {"next": right.item() / between, "whole": exact(model, test)}
            title = says("right")
            yield Scalars(panel="left", x=step, values=shares, names=names, title=title, x_label=STEPS)
            yield from _looking(model, length)
            yield Progress(done=step, total=steps, text=says("reversing"))
            right.zero_()
            yield Beat(0.6)


def exact(model: Transformer, src: Tensor) -> float:
    """Share of sequences that come out reversed without a mistake, written letter by letter."""
    written = model.generate(src, src.shape[1], start=START)
    return (written == src.flip(1)).all(dim=1).float().mean().item()


def _looking(model: Transformer, length: int, panel: str = "right") -> Iterator[Event]:
    """What is written for one source, and where the decoder looks for each letter."""
    src = (torch.arange(length)[None] * 3 + 1) % START  # (1, length)
    written = model.generate(src, length, start=START)
    looks = model.cross_attention(src, shifted(written)).mean((0, 1, 2))  # (T, S), over layers and heads
    source, target = (tuple(LETTERS[i] for i in row[0].tolist()) for row in (src, written))
    said = f"{''.join(source)} → {''.join(target)}"
    yield Heatmap(
        panel=panel,
        values=array(looks),
        low=0.0,
        high=1.0,
        x_ticks=source,
        y_ticks=target,
        x_label=says("source"),
        y_label=says("written"),
        title=says("cross-attention", said=said),
    )


@torch.no_grad()
def _learnt_claims(model: Transformer, src: Tensor) -> Iterator[Event]:  # (500, length)
    length = src.shape[1]
    text = says("reversed", letters=START, length=length)
    # Seeds 0 to 4, quick and default: at least 0.998; without positions, shift or mask: 0.
    yield claim("reverses-unseen-sequences", exact(model, src), ">=", 0.8, text=text)
    looks = model.cross_attention(src, shifted(src.flip(1))).mean((0, 1, 2))  # (T, S)
    mirrored = looks.flip(1).diagonal().mean().item()
    text = says("mirrored", length=length)  # 0.74 to 0.83; untrained or without positions 0.12 to 0.2
    yield claim("cross-attention-is-the-anti-diagonal", mirrored, ">=", 0.45, text=text)


@torch.no_grad()
def _decoding_claims(model: Transformer, src: Tensor) -> Iterator[Event]:  # (500, length)
    """What holds of any Transformer, trained or not."""
    length, tgt = src.shape[1], src.flip(1)
    changed = tgt.clone()
    changed[:, -1] = (changed[:, -1] + 1) % START  # the last letter: as input, only its own place may see it
    before, after = (model(src, F.pad(t, (1, 0), value=START)) for t in (tgt, changed))
    change = (
        (after - before)[:, :-1].abs().max().item()
    )  # exactly 0 in every run; without the mask 1 and more
    yield claim("decoder-sees-no-future", change, "≈", 0.0, 1e-4, text=says("decoder-sees-no-future"))
    plain = model.generate(src, length, start=START, use_cache=False)
    cached = model.generate(src, length, start=START)
    differ = (plain != cached).float().mean().item()  # 0 in every run; two equal logits may be rounded apart
    text = says("cache", length=length, uncached=length * (length + 1) // 2)
    yield claim("cache-changes-nothing", differ, "<=", 0.002, text=text)


@torch.no_grad()
def _flattery_claim(model: Transformer, src: Tensor, mistake: Slip) -> Event:  # (500, length)
    tgt = src.flip(1)
    training = (model(src, fed(tgt, mistake)).argmax(-1) == tgt).float().mean().item()
    writing = exact(model, src)
    # Seeds 0 to 4, quick and default: 1.0 without shift or without mask; with both at most 0.01. Without
    # the mask two of twelve seeds, 5 and 9, learn to write all the same (0.76, 0.04): nothing forbids it.
    text = says("right-in-training", training=training, writing=writing)
    return claim("right-in-training-wrong-in-writing", training - writing, ">=", 0.8, text=text)


# The text


def _text(model: LanguageModel, words: str, steps: int, generator: torch.Generator) -> Iterator[Event]:
    """A decoder alone learns a text by heart; what it writes after more and more steps."""
    alphabet = sorted(set(words))
    tokens = torch.tensor([alphabet.index(c) for c in words])
    kept: list[tuple[str, ...]] = []
    milestones = {max(1, round(steps * share)) for share in (0.05, 0.1, 0.2, 0.35, 0.6)}
    look = every(steps=max(8, math.ceil(steps / READINGS)))

    def loss() -> Tensor:
        starts = torch.randint(len(tokens) - WINDOW, (16, 1), generator=generator)
        return _nats(model, tokens[starts + torch.arange(WINDOW + 1)])

    for step, nats in enumerate(_descent(model, steps, 20, loss), 1):
        if look() or step in milestones or step == steps:
            written = model.generate(tokens[None, :2], WRITTEN - 2)[0].tolist()
            row = (str(step), f"{nats.item():.2f}", "".join(alphabet[i] for i in written))
            columns = (says("step"), "nats", "")
            yield Table(panel="right", columns=columns, rows=(*kept, row), title=says("writes"))
            yield Progress(done=step, total=steps, text=says("writing"))
            kept += [row] if step in milestones else []
            yield Beat(1.8)
    if steps >= 60:
        yield _text_claim(model, tokens, len(alphabet))


def _nats(model: LanguageModel, rows: Tensor) -> Tensor:  # (n, WINDOW + 1)
    """The loss a character, each predicted from those before it in its row."""
    return F.cross_entropy(model(rows[:, :-1]).flatten(0, 1), rows[:, 1:].flatten())


@torch.no_grad()
def _text_claim(model: LanguageModel, tokens: Tensor, characters: int) -> Event:
    loss = _nats(model, tokens.unfold(0, WINDOW + 1, 1)).item()
    text = says("text-loss", loss=loss, characters=characters)
    # 60 steps: 0.42 to 0.48, 200 steps: 0.06; untrained 1.1
    return claim("text-loss-falls", loss / math.log(characters), "<=", 0.6, text=text)


def _what_you_saw(positions: Positions, mistake: Slip) -> Note:
    match mistake:
        case "no-shift":
            return Note(text=says("saw-no-shift"))
        case "no-causal-mask":
            return Note(text=says("saw-no-causal-mask"))
    return Note(text=says("saw-no-positions") if positions == "none" else says("what-you-saw"))
