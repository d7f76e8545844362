"""A sample and its batch mates: where both come from, and how far a layer's output for it moves with them."""

import copy
from typing import NamedTuple

import torch
from torch import Tensor, nn

OFFSET = 1.0  # standard deviation of a sample's own offset, common to its features


class Population(NamedTuple):
    """Where activations come from: each feature has its own mean and spread, each sample its own offset."""

    mean: Tensor  # (features)
    std: Tensor  # (features)
    generator: torch.Generator

    def draw(self, n: int) -> Tensor:  # (n, features)
        """Some samples."""
        offset = OFFSET * torch.randn(n, 1, generator=self.generator)
        return self.mean + offset + self.std * torch.randn(n, len(self.mean), generator=self.generator)

    @property
    def var(self) -> Tensor:  # (features)
        """The true variance, which running statistics should find."""
        return self.std**2 + OFFSET**2


class Company(NamedTuple):
    """A sample that stays, and the population that its batch mates come from."""

    sample: Tensor  # (1, features)
    population: Population

    def batch(self, n: int) -> Tensor:  # (n, features)
        """A batch whose first row is the sample and whose other rows are new."""
        return torch.cat([self.sample, self.population.draw(n - 1)])


def draw_population(features: int, seed: int) -> Population:
    """Means from N(0, 4) and spreads from 0.5 to 1.5, a feature each."""
    generator = torch.Generator().manual_seed(seed)
    mean = 2.0 * torch.randn(features, generator=generator)
    std = 0.5 + torch.rand(features, generator=generator)
    return Population(mean, std, generator)


def movement(layer: nn.Module, batches: list[Tensor]) -> Tensor | None:
    """|change| of the first row's output from one batch to the next, (trials, features).

    None where the layer refuses such batches: BatchNorm in training, batches of one.
    """
    probe = copy.deepcopy(layer)  # leaves the layer's running statistics alone
    try:
        with torch.no_grad():
            outputs = torch.stack([probe(x)[0] for x in batches])  # (trials + 1, features)
    except ValueError:
        return None
    return (outputs[1:] - outputs[:-1]).abs()
