"""Attention, step by step, in a sentence that can be read: scores, scale, mask, softmax, weighted mean.

A reader with one layer of attention learns whom "it" is about: "A cat hid a hat. It was sad." Then its
queries, keys and values are taken apart (Vaswani et al. 2017, equation 1), head by head, with causal and
padding masks, with the words shuffled, and with other weights that give the very same output (after Jain &
Wallace 2019).
"""

import math
import time
from collections.abc import Iterator
from typing import Annotated, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from answers.attention.attention.heads import Heads, attend, moved
from answers.attention.attention.other_weights import most_changed
from answers.attention.attention.pictures import NO_MASK, Pictures
from answers.attention.attention.sentences import Reader, Sentences, accuracy, learn
from answers.kit.acts import Acts
from answers.kit.threads import one_thread
from models.attention.attention import causal_mask
from models.attention.masks import padding_mask
from quizcli.demo.events import Claim, Event, Note, Progress, Scalars, Started, Words
from quizcli.demo.option import Option, Pace, Seed
from quizcli.text import language

TITLE = {"en": "Attention, step by step", "zh": "一步一步看注意力"}
QUICK = {"pace": 0.0}

LOOK = 10  # steps between two looks at the reader
NOWHERE = "·"  # padding
Mistake = Literal["none", "no-softmax", "mask-after-softmax", "inverted-mask"]


def demonstrate(
    sentence: Annotated[
        Literal["auto", "en", "zh"],
        Option(help={"en": "language of the sentence", "zh": "例句的语言"}),
    ] = "auto",
    heads: Annotated[Literal[1, 2, 4], Option(help={"en": "heads", "zh": "头数"})] = 2,
    steps: Annotated[int, Option(min=0, max=5000, help={"en": "steps of training", "zh": "训练步数"})] = 300,
    positions: Annotated[
        bool, Option(help={"en": "add positions to the words", "zh": "给词加上位置编码"})
    ] = False,
    mistake: Annotated[
        Mistake, Option(help={"en": "make a mistake: see which claims fall", "zh": "故意犯错，看哪条不成立"})
    ] = "none",
    pace: Pace = 0.12,
    seed: Seed = 0,
) -> Iterator[Event]:
    """Learn to read; one query step by step; heads; masks; another order; other weights."""
    generator = torch.Generator().manual_seed(seed)
    sentences = Sentences(language() if sentence == "auto" else sentence, generator)
    yield Started(data=sentences.written(), layout=(("weights", "beside"),))
    with torch.random.fork_rng(devices=[]):  # layers draw their weights from the global generator
        torch.manual_seed(seed)
        reader = Reader(len(sentences.vocabulary), 16, heads, positions)
    lesson = Lesson(reader, sentences, mistake, pace)
    acts = Acts(8, 3, 3, 2, 2, 2)
    with one_thread():
        yield from acts.play(lesson.learning(steps, generator), "learning whom “it” is about", "学习“它”指谁")
    yield from acts.play(lesson.one_query(), "one query, step by step", "逐步看一个查询")
    yield from acts.play(lesson.heads(), "heads", "多头")
    yield from acts.play(lesson.masks(), "masks", "掩码")
    yield from acts.play(lesson.order(generator), "the same words in another order", "打乱词序")
    yield from acts.play(lesson.other_weights(generator), "other weights, same output", "权重不同，输出相同")
    yield Note(text=WHAT_YOU_SAW["positions" if positions and mistake == "none" else mistake])


def difference(a: Tensor, b: Tensor) -> float:
    """The largest |a − b|."""
    return (a - b).abs().max().item()


class Lesson:
    """The trained reader and its sentence, act by act."""

    def __init__(self, reader: Reader, sentences: Sentences, mistake: Mistake, pace: float) -> None:
        self._reader, self._sentences = reader, sentences
        self._mistake, self._pace = mistake, pace
        self._plain = mistake == "none" and isinstance(reader.positions, nn.Identity)
        self._tokens = sentences.shown()
        self._words = sentences.words(self._tokens)
        self._pictures = Pictures(self._words)
        self._noun = sentences.noun_at(thing=False)
        self._head = 0

    @torch.no_grad()
    def _project(self, tokens: Tensor) -> Heads:
        x = self._reader.embed(tokens[None])  # (1, n, WIDTH)
        return Heads(*(part[0] for part in self._reader.attention.project(x, x, x)))

    # Act 1

    def learning(self, steps: int, generator: torch.Generator) -> Iterator[Event]:
        """The weights of the shown sentence, and the guesses on unseen pairs of nouns, while it learns."""
        yield from self._look(0)
        for step, _ in enumerate(learn(self._reader, self._sentences, steps, generator), 1):
            if step % LOOK == 0:
                yield from self._look(step)
                yield Progress(done=step, total=steps)
                time.sleep(self._pace / 4)
        _, weights = attend(self._project(self._tokens), None, "none")
        self._head = int(weights[:, -1, self._noun].argmax())
        right = accuracy(self._reader, self._sentences)
        if steps >= 300 and self._plain:
            yield Claim(
                id="attention-finds-the-noun",
                measured=right,
                relation=">=",
                # Seeds 0 to 9, both languages, 1, 2 and 4 heads: at least 0.92. Who looks at all words alike
                # can only choose between the two nouns: 0.5.
                expected=0.8,
                text={
                    "en": "share of unseen sentences in which the last word finds its noun (untrained 1/16)",
                    "zh": "在没见过的句子里，末词找对名词的比例（未训练时约 1/16）",
                },
            )

    def _look(self, step: int) -> Iterator[Event]:
        words, last = self._words, self._words[-1]
        _, weights = attend(self._project(self._tokens), None, "none")
        mean = weights.mean(0)  # (n, n)
        there = mean[-1, self._noun].item()
        title = {"en": f"weights after {step} steps", "zh": f"训练 {step} 步后的权重"}
        seen = f"{last} → {words[self._noun]}: {there:.2f}"
        yield self._pictures.matrix(mean, title, {"en": seen, "zh": seen})
        yield Scalars(
            panel="beside",
            x=step,
            values={"right": accuracy(self._reader, self._sentences)},
            title={"en": "right guesses, unseen pairs", "zh": "没见过的句子上的正确率"},
            x_label={"en": "steps", "zh": "步"},
            names={"right": {"en": "right", "zh": "正确"}},
        )

    # Act 2

    def one_query(self) -> Iterator[Event]:
        """q·k, ÷ √d, softmax for the last word; then the values fade to their weights, and are summed."""
        x = self._project(self._tokens)
        out, weights = attend(x, None, self._mistake)
        q, k, v = (part[self._head] for part in x)  # (n, d)
        dots = q @ k.T  # (n, n)
        columns = [dots[-1], dots[-1] / math.sqrt(q.shape[1]), weights[self._head, -1]]
        for done in range(1, 4):
            yield self._pictures.step(done, dots, weights[self._head], q.shape[1])
            yield self._pictures.steps(columns[:done], q.shape[1])
            time.sleep(4 * self._pace)
        limit = v.abs().max().item()
        weighted = weights[self._head, -1, :, None] * v
        for shown, total in ((v, None), (weighted, out[self._head, -1])):
            yield self._pictures.values(shown, total, limit)
            time.sleep(5 * self._pace)
        yield from self._one_query_claims(x)

    def _one_query_claims(self, x: Heads) -> Iterator[Event]:
        n = len(self._words)
        masks = [None, causal_mask(n), ~padding_mask(torch.tensor([n - 2]), n)]
        ours = [attend(x, mask, self._mistake) for mask in masks]
        fused = [F.scaled_dot_product_attention(x.q, x.k, x.v, mask) for mask in masks]
        # Seeds 0 to 9, both languages, 1, 2 and 4 heads: at most 4e-7, 0 and 2e-6, what float32 leaves
        yield Claim(
            id="weights-sum-to-one",
            measured=max(difference(weights.sum(-1), torch.ones(())) for _, weights in ours),
            expected=0.0,
            tolerance=1e-5,
            text={
                "en": "every query's weights sum to 1, with and without masks (largest departure)",
                "zh": "每个查询的权重之和为 1，有无掩码都一样（最大偏差）",
            },
        )
        out, _ = ours[0]
        outside = torch.maximum(out - x.v.amax(1, keepdim=True), x.v.amin(1, keepdim=True) - out)
        yield Claim(
            id="output-is-among-the-values",
            measured=max(0.0, outside.max().item()),
            expected=0.0,
            tolerance=1e-5,
            text={
                "en": "a weighted mean lies between the smallest and largest value (how far outside)",
                "zh": "加权平均落在各个值的最小与最大之间（超出多少）",
            },
        )
        yield Claim(
            id="formula-equals-fused",
            measured=max(difference(y, z) for (y, _), z in zip(ours, fused, strict=True)),
            expected=0.0,
            tolerance=1e-4,
            text={
                "en": "softmax(QKᵀ/√d)V written out = F.scaled_dot_product_attention (largest difference)",
                "zh": "手写的 softmax(QKᵀ/√d)V = F.scaled_dot_product_attention（最大差）",
            },
        )

    # Act 3

    def heads(self) -> Iterator[Event]:
        """Each head beside the next: the same words, other weights."""
        _, weights = attend(self._project(self._tokens), None, self._mistake)
        for first in range(0, len(weights), 2):
            for panel, head in zip(("weights", "beside"), range(first, len(weights)), strict=False):
                title = {
                    "en": f"head {head + 1} of {len(weights)}",
                    "zh": f"第 {head + 1}/{len(weights)} 个头",
                }
                seen = f"{self._words[-1]} → {self._words[self._noun]}: {weights[head, -1, self._noun]:.2f}"
                yield self._pictures.matrix(weights[head], title, {"en": seen, "zh": seen}, panel)
            time.sleep(6 * self._pace)

    # Act 4

    def masks(self) -> Iterator[Event]:
        """Causal: a new last word changes nothing before it. Padding: it changes no word at all."""
        n = len(self._words)
        other = self._sentences.shown(thing=True)  # the same sentence with another last word
        rows = []
        for mask in (None, causal_mask(n)):
            before, weights = attend(self._project(self._tokens), mask, self._mistake)
            after, _ = attend(self._project(other), mask, self._mistake)
            rows.append(moved(before, after))
        hidden = weights[self._head].masked_fill(~causal_mask(n), math.nan)
        new = self._sentences.words(other)[-1]
        caption = {"en": "no word sees a later one", "zh": "谁也看不到后面的词"}
        yield self._pictures.matrix(hidden, {"en": "causal mask", "zh": "因果掩码"}, caption)
        title = {
            "en": f"“{self._words[-1]}” → “{new}”: change",
            "zh": f"“{self._words[-1]}”换成“{new}”：变化",
        }
        yield self._pictures.changes((NO_MASK, {"en": "causal", "zh": "因果掩码"}), rows, title)
        time.sleep(8 * self._pace)
        yield Claim(
            id="causal-mask-hides-the-future",
            measured=rows[1][:-1].max().item(),
            expected=0.0,
            tolerance=1e-6,  # exactly 0 in every run; without the mask 0.5 and more
            text={
                "en": "causal: another last word changes nothing before it (change ÷ largest output)",
                "zh": "因果掩码：换掉末词，前面的输出都不变（变化 ÷ 最大输出）",
            },
        )
        yield from self._padding()

    def _padding(self) -> Iterator[Event]:
        """Two words of padding behind the sentence, with the mask and without."""
        n = len(self._words)
        padded = torch.cat([self._tokens, self._tokens[:2]])  # whatever is there must not count
        alone, _ = attend(self._project(self._tokens), None, self._mistake)
        rows = []
        for mask in (None, ~padding_mask(torch.tensor([n]), n + 2)):
            out, weights = attend(self._project(padded), mask, self._mistake)
            rows.append(moved(alone, out[:, :n]))
        caption = {"en": "columns of padding get weight 0", "zh": "填充列的权重为 0"}
        pictures = Pictures((*self._words, NOWHERE, NOWHERE))
        yield pictures.matrix(weights[self._head], {"en": "padding mask", "zh": "填充掩码"}, caption)
        title = {"en": "padding added: change", "zh": "加上填充：输出的变化"}
        yield self._pictures.changes((NO_MASK, {"en": "mask", "zh": "填充掩码"}), rows, title)
        time.sleep(8 * self._pace)
        yield Claim(
            id="padding-changes-nothing",
            measured=rows[1].max().item(),
            expected=0.0,
            tolerance=1e-5,
            text={
                "en": "with a padding mask two words of padding change no output (change ÷ largest output)",
                "zh": "有填充掩码时，补两个填充词不改变任何输出（变化 ÷ 最大输出）",
            },
        )

    # Act 5

    def order(self, generator: torch.Generator) -> Iterator[Event]:
        """Shuffle the words: without positions each word's output stays what it was."""
        before, _ = attend(self._project(self._tokens), None, self._mistake)
        worst, words = torch.zeros(len(self._words)), self._words
        for _ in range(20):
            order = torch.randperm(len(words), generator=generator)
            after, weights = attend(self._project(self._tokens[order]), None, self._mistake)
            worst = worst.maximum(moved(before, after[:, order.argsort()]))
        pictures = Pictures(tuple(words[i] for i in order.tolist()))
        caption = {"en": "rows and columns move along", "zh": "行和列只是跟着换了位置"}
        yield pictures.matrix(weights[self._head], {"en": "shuffled words", "zh": "打乱词序"}, caption)
        title = {"en": "20 shuffles: change", "zh": "打乱 20 次：输出的变化"}
        yield self._pictures.changes(({"en": "largest", "zh": "最大"},), (worst,), title)
        time.sleep(6 * self._pace)
        yield Claim(
            id="attention-ignores-order",
            measured=worst.max().item(),
            expected=0.0,
            tolerance=1e-4,  # seeds 0 to 9: at most 5e-7; with positions 0.9 to 1.7
            text={
                "en": "without positions a word's output is the same in any order (change ÷ largest output)",
                "zh": "不加位置编码时，词序怎样打乱，每个词的输出都不变（变化 ÷ 最大输出）",
            },
        )

    # Act 6

    def other_weights(self, generator: torch.Generator) -> Iterator[Event]:
        """The query whose weights can change most while its output stays the same."""
        x = self._project(self._tokens)
        n, width = x.v.shape[1:]
        if self._mistake != "none":
            return  # with all the rest in doubt, this says nothing
        if width >= n - 1:
            yield Note(
                text={
                    "en": f"{n} values of {width} numbers each leave other weights no room: take 2 heads.",
                    "zh": f"{n} 个 {width} 维的值没有给别的权重留下余地：请用 2 个头。",
                }
            )
            return
        out, weights = attend(x, None, self._mistake)
        head, query, old, new = most_changed(weights, x.v, generator)
        share = 0.5 * (new - old).abs().sum().item()
        change = difference(new @ x.v[head], out[head, query])
        word = self._words[query]
        yield self._pictures.alternatives(
            old,
            new,
            title={"en": f"“{word}”: weights A and B", "zh": f"“{word}”的两组权重 A 与 B"},
            caption={"en": f"outputs differ by {change:.0e}", "zh": f"输出只差 {change:.0e}"},
        )
        moves = {"en": f"A → B moves {share:.0%}", "zh": f"A → B 挪动了 {share:.0%}"}
        yield self._pictures.exchange(old, new, moves)
        time.sleep(6 * self._pace)
        yield Claim(
            id="other-weights-same-output",
            measured=share if change < 1e-5 else math.nan,
            relation=">=",
            # Seeds 0 to 9, both languages: 0.33 to 0.73 with 2 heads, 0.56 to 0.77 with 4; with
            # positions, seeds 0 to 7, at least 0.11. Where the values leave no room it is 0.
            expected=0.05,
            why={
                "en": "no other weights were found that leave the output as it is",
                "zh": "没有找到能让输出保持不变的另一组权重",
            },
            text={
                "en": "share of a query's weight moved to other words, its output the same to 1e-5",
                "zh": "把这么多权重挪到别的词上，输出仍相同（误差小于 1e-5）",
            },
        )


WHAT_YOU_SAW: dict[str, Words] = {
    "none": {
        "en": "What you just saw: softmax(QKᵀ/√d)V. Each query is compared with every key, the scores are "
        "scaled, masked and turned into weights that sum to 1, and the output is the weighted mean of the "
        "values. Every head has its own weights. A mask sets scores to −∞ before the softmax. Attention by "
        "itself knows no order, so positions must be added. And weights say where a head looks, not why the "
        "model decides: other weights can give the very same output.",
        "zh": "刚才看到的：softmax(QKᵀ/√d)V。每个查询与所有键比较，得分经过缩放、掩码，变成和为 1 的权重，"
        "输出就是值的加权平均。每个头各有一组权重。掩码是在 softmax 之前把得分设为 −∞。注意力本身不知道"
        "词序，所以要另加位置信息。权重只说明这个头看了哪里，不等于模型这样判断的理由："
        "换一组权重，输出可以完全一样。",
    },
    "positions": {
        "en": "Positions were added to the words, so a word's output now depends on where it stands: the "
        "claim about order falls, and that is what positions are for. All the rest is as before.",
        "zh": "这次给词加上了位置编码，一个词的输出与它站在哪里有关：关于词序的那条不再成立，"
        "而这正是位置编码的用处。其余都和原来一样。",
    },
    "no-softmax": {
        "en": "The softmax was left out on purpose: scores of any size and sign multiply the values. That is "
        "no mean of anything, and it is not what F.scaled_dot_product_attention computes.",
        "zh": "这次故意去掉了 softmax：得分可正可负、大小不限，直接去乘值。这样得到的不是平均，"
        "也不是 F.scaled_dot_product_attention 的结果。",
    },
    "mask-after-softmax": {
        "en": "The mask was applied after the softmax on purpose: the weights left over no longer sum to 1, "
        "and the hidden words still count in the denominator, so the future leaks through.",
        "zh": "这次故意在 softmax 之后才加掩码：剩下的权重之和不再是 1，被遮住的词仍留在分母里，"
        "未来的信息照样泄漏。",
    },
    "inverted-mask": {
        "en": "The mask was inverted on purpose, as happens when one written for nn.MultiheadAttention "
        "(True: may not look) goes to F.scaled_dot_product_attention (True: may look). No error, only wrong "
        "results.",
        "zh": "这次故意把掩码弄反了：把写给 nn.MultiheadAttention 的掩码（True 表示不许看）传给 "
        "F.scaled_dot_product_attention（True 表示可以看）就会这样。不会报错，只有结果是错的。",
    },
}
