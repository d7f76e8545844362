"""The autoencoder: a network that copies its input through a narrow code, and so must find out what matters.

The idea is in Rumelhart, Hinton & Williams, "Learning internal representations by error propagation", 1986;
784-1000-500-250-30 and back is the network of Hinton & Salakhutdinov, "Reducing the dimensionality of data
with neural networks", Science 2006: a stack of layers, a linear code, and the same widths in reverse. Without
hidden layers it is linear, and its code spans the subspace of PCA (Baldi & Hornik, Neural Networks 2, 1989).
"""

from collections.abc import Iterable, Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from models.precision import at_least_float32


class Autoencoder(nn.Module):
    """Encoder and decoder, mirror images of each other; both end linearly, all between them are ReLUs.

    `hidden` are the encoder's hidden widths from the input to the code; () makes a linear autoencoder.
    """

    def __init__(self, in_features: int = 784, hidden: Sequence[int] = (400,), latent: int = 20) -> None:
        super().__init__()
        if min(in_features, latent, *hidden) < 1:
            raise ValueError(f"widths must be at least 1, got {in_features}, {tuple(hidden)} and {latent}")
        self.latent = latent
        widths = [in_features, *hidden, latent]
        self.encoder = _mlp(widths)
        self.decoder = _mlp(widths[::-1])

    def encode(self, x: Tensor) -> Tensor:
        """The code of each input: (B, in_features) -> (B, latent), any real numbers."""
        z: Tensor = self.encoder(x)
        return z

    def decode(self, z: Tensor) -> Tensor:
        """(B, latent) -> (B, in_features): logits of pixels, whose `torch.sigmoid` is the picture."""
        logits: Tensor = self.decoder(z)
        return logits

    def forward(self, x: Tensor) -> Tensor:
        """Encode and decode: logits of the reconstruction, (B, in_features). The target is x itself."""
        return self.decode(self.encode(x))

    @torch.no_grad()
    def sample(self, z: Tensor) -> Tensor:
        """Pictures in [0, 1] of the codes z. No prior says which codes are worth decoding."""
        return torch.sigmoid(self.decode(z))


def _mlp(widths: Sequence[int]) -> nn.Sequential:
    """Linear layers from width to width, with a ReLU between each two of them."""
    layers: list[nn.Module] = []
    for before, after in pairwise(widths):
        layers += [nn.Linear(before, after), nn.ReLU()]
    return nn.Sequential(*layers[:-1])


def autoencode(
    x: Tensor,  # (B, in_features)
    encoder: Sequence[tuple[Tensor, Tensor]],  # for each layer weight (out, in) and bias (out)
    decoder: Sequence[tuple[Tensor, Tensor]],
) -> tuple[Tensor, Tensor]:
    """What `Autoencoder` computes, from its weights: the code (B, latent) and the logits (B, in_features)."""

    def forward(x: Tensor, layers: Sequence[tuple[Tensor, Tensor]]) -> Tensor:
        for i, (weight, bias) in enumerate(layers):
            if bias.shape != weight.shape[:1]:  # it would be broadcast
                raise ValueError(
                    f"expected a bias of size {tuple(weight.shape[:1])}, got {tuple(bias.shape)}"
                )
            # h_i = W_i relu(h_{i−1}) + b_i, without the ReLU on what comes in
            x = (F.relu(x) if i > 0 else x) @ weight.mT + bias  # (B, in) -> (B, out)
        return x

    z = forward(x, encoder)  # (B, latent): linear, any real numbers
    return z, forward(z, decoder)


def reconstruction_error(logits: Tensor, x: Tensor) -> Tensor:
    """−log p(x|code) of each image in nats, shape (B,): the cross-entropies of its pixels in [0, 1], summed.

    A sum, since pixels are independent given the code. `logits` are those of the pixels, (B, in_features).
    """
    # −log p = −Σᵢ xᵢ log yᵢ + (1 − xᵢ) log(1 − yᵢ),  y = sigmoid(logits)      (Hinton & Salakhutdinov 2006)
    logits, x = at_least_float32(logits), at_least_float32(x)
    return F.binary_cross_entropy_with_logits(logits, x, reduction="none").sum(dim=1)  # (B,)


def reconstruction_loss(logits: Tensor, x: Tensor) -> Tensor:
    """The reconstruction error in nats an image, mean over the batch."""
    return reconstruction_error(logits, x).mean()


def squared_error(output: Tensor, x: Tensor) -> Tensor:
    """‖x − x̂‖² of each input, mean over the batch: for real values, and what PCA makes least."""
    # E = Σ ‖x − x̂‖²                                                          (Baldi & Hornik 1989)
    if output.shape != x.shape:  # they would be broadcast
        raise ValueError(f"expected a target of size {tuple(output.shape)}, got {tuple(x.shape)}")
    return (at_least_float32(output) - x).square().sum(dim=1).mean()


def train(autoencoder: Autoencoder, batches: Iterable[Tensor], lr: float = 1e-3) -> list[float]:
    """Teach a copy through the code, of pictures in [0, 1], (B, in_features): the loss at each batch."""
    optimizer = torch.optim.Adam(autoencoder.parameters(), lr)
    losses = []
    for x in batches:
        loss = reconstruction_loss(autoencoder(x), x)  # the target is x itself
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses
