"""Codes on a flat map: the two directions in which they vary most, and no mirror image between two frames."""

import torch
from torch import Tensor


class PrincipalAxes:
    """The first two principal components of codes that move a little from one look to the next."""

    def __init__(self, dimensions: int) -> None:
        self.last = torch.zeros(dimensions, 2)

    def __call__(self, codes: Tensor) -> Tensor:
        """The axes (dimensions, 2) of codes (n, dimensions). Eigenvectors have no sign: that of last time."""
        _, vectors = torch.linalg.eigh(codes.T.cov())  # columns, by rising variance
        axes = vectors[:, [-1, -2]]
        self.last = axes * torch.where((axes * self.last).sum(dim=0) < 0, -1.0, 1.0)
        return self.last
