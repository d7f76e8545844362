"""Small sentences in which "it" is an animal or a thing, and a reader with one layer of attention.

"A cat hid a hat. It was sad." speaks of the cat; had it been worn, of the hat. Nothing but the last word
tells, so whoever reads that word has to look back for the noun that fits: a task for attention, small enough
to be learnt in a second.
"""

from collections.abc import Iterator
from typing import Literal, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from answers.kit.training import minimize
from models.attention.module import MultiHeadAttention
from models.transformer.positions import SinusoidalPositions

WIDTH = 8  # of the embeddings: heads of 4, narrow enough to be printed

ANIMAL, VERB, THING, STATE = "animal", "verb", "thing", "state"


class Language(NamedTuple):
    """The frame of a sentence, and the words that go into it."""

    frame: tuple[str, ...]
    words: dict[str, tuple[str, ...]]  # states: the first half of animals, the second half of things
    written: str  # the sentence shown, with {} for its last word


LANGUAGES = {
    "en": Language(
        ("a", ANIMAL, VERB, "a", THING, "it", "was", STATE),
        {
            ANIMAL: ("cat", "dog", "fox", "pig", "hen", "cow", "ape", "rat"),
            VERB: ("hid", "saw", "got", "bit"),
            THING: ("hat", "bag", "mat", "rug", "bed", "tie", "cap", "toy"),
            STATE: ("sad", "shy", "mad", "ill", "worn", "new", "torn", "flat"),
        },
        "A cat hid a hat. It was {}.",
    ),
    "zh": Language(
        (ANIMAL, VERB, "走", "了", THING, "它", "很", STATE),
        {
            ANIMAL: ("猫", "狗", "狼", "狐", "鼠", "猴", "熊", "兔"),
            VERB: ("叼", "拖", "抢", "带"),
            THING: ("鞋", "碗", "书", "球", "伞", "帽", "布", "笔"),
            STATE: ("饿", "困", "累", "渴", "旧", "新", "脏", "破"),
        },
        "猫叼走了鞋。它很{}。",
    ),
}


class Sentences:
    """All sentences of a language as numbers; a quarter of the pairs of nouns is kept for the test."""

    def __init__(self, name: Literal["en", "zh"], generator: torch.Generator) -> None:
        self.language = LANGUAGES[name]
        frame, words = self.language.frame, self.language.words
        self.vocabulary = [*dict.fromkeys(w for slot in frame for w in words.get(slot, (slot,)))]
        counts = [len(words[slot]) for slot in (ANIMAL, VERB, THING, STATE)]
        picks = torch.cartesian_prod(*[torch.arange(n) for n in counts])  # (2048, 4)
        animal, _, thing, state = picks.T
        columns = []
        for slot in frame:
            numbers = torch.tensor([self.vocabulary.index(w) for w in words.get(slot, (slot,))])
            chosen = {ANIMAL: 0, VERB: 1, THING: 2, STATE: 3}.get(slot)
            columns.append(numbers[picks[:, chosen]] if chosen is not None else numbers.expand(len(picks)))
        self.tokens = torch.stack(columns, dim=1)  # (2048, 8)
        self.of_animal = state < counts[3] // 2
        self.nouns = torch.where(self.of_animal, animal, counts[0] + thing)  # (2048), which of 16 is meant
        pairs = torch.randperm(counts[0] * counts[2], generator=generator)[: counts[0] * counts[2] // 4]
        kept = torch.isin(animal * counts[2] + thing, pairs) | ((animal == 0) & (thing == 0))
        self.train, self.test = torch.where(~kept)[0], torch.where(kept)[0]

    def shown(self, thing: bool = False) -> Tensor:  # (8)
        """The sentence to look at, about the animal or the thing; its nouns were never seen together."""
        state = self.language.words[STATE]
        words = [
            state[len(state) // 2 * thing] if slot == STATE else self.language.words.get(slot, (slot,))[0]
            for slot in self.language.frame
        ]
        return torch.tensor([self.vocabulary.index(word) for word in words])

    def written(self) -> str:
        """The sentence about the animal, as one would write it."""
        return self.language.written.format(self.language.words[STATE][0])

    def words(self, tokens: Tensor) -> tuple[str, ...]:
        """The words of a sentence (n)."""
        return tuple(self.vocabulary[token] for token in tokens.tolist())

    def noun_at(self, thing: bool) -> int:
        """The place of the animal or of the thing."""
        return self.language.frame.index(THING if thing else ANIMAL)


class Reader(nn.Module):
    """Embedding, attention, and a guess at the noun that the last word speaks of."""

    def __init__(self, vocabulary: int, nouns: int, heads: int, positions: bool) -> None:
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, WIDTH)
        self.positions = SinusoidalPositions(WIDTH) if positions else nn.Identity()
        self.attention = MultiHeadAttention(WIDTH, heads, bias=False)
        self.guess = nn.Linear(WIDTH, nouns)
        # Small vectors give nearly equal weights: the reader first learns what the words say, then where to
        # look. With vectors of size 1 it likes to look at "a" and takes that for the one noun it leaves out.
        nn.init.normal_(self.embedding.weight, std=0.3)

    def embed(self, tokens: Tensor) -> Tensor:  # (B, L) -> (B, L, WIDTH)
        """The words as vectors."""
        x: Tensor = self.positions(self.embedding(tokens))
        return x

    def forward(self, tokens: Tensor) -> Tensor:  # (B, L) -> (B, nouns)
        """Logits of the noun."""
        x = self.embed(tokens)
        out, _ = self.attention(x[:, -1:], x, x, need_weights=False)  # one query: the last word
        logits: Tensor = self.guess(out[:, 0])
        return logits


def learn(reader: Reader, sentences: Sentences, steps: int, generator: torch.Generator) -> Iterator[Tensor]:
    """Train on the pairs of nouns that are not kept for the test; yields each step's loss."""
    draws = (torch.randint(len(sentences.train), (128,), generator=generator) for _ in range(steps))
    batches = (sentences.train[draw] for draw in draws)
    losses = (F.cross_entropy(reader(sentences.tokens[rows]), sentences.nouns[rows]) for rows in batches)
    return minimize(torch.optim.Adam(reader.parameters(), lr=0.02, fused=True), losses)


@torch.no_grad()
def accuracy(reader: Reader, sentences: Sentences) -> float:
    """Share of right guesses on sentences whose nouns were never seen together."""
    guesses: Tensor = reader(sentences.tokens[sentences.test]).argmax(dim=1)
    return (guesses == sentences.nouns[sentences.test]).float().mean().item()
