"""Images a second of VAE training on the CPU: the demonstration's own loop against the usual recipe.

The usual recipe is that of the example in pytorch/examples: torchvision's data set of PIL images, ToTensor, a
DataLoader, sigmoid and binary cross-entropy, batches of 128, Adam at 1e-3, `.item()` at every step. Ours is
the loop of `quizcli demo vae` with its default batch, in the worker's environment. Each pass has a process of
its own, in turns, on MNIST from QUIZCLI_DATA or the cache, else on synthetic digits.

    python -m tests.benchmarks.vae_epoch [--rounds 5] [--images 24000]
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.data import DataLoader

from answers.vae.vae import RECIPE, train
from models.vae import VAE
from quizcli.demo.device import choose
from tests.benchmarks.epochs import Pictures, compare

TARGET = 4.0


class ExampleVAE(nn.Module):
    """The model of the example."""

    def __init__(self) -> None:
        super().__init__()
        self.fc1 = nn.Linear(784, 400)
        self.fc21 = nn.Linear(400, 20)
        self.fc22 = nn.Linear(400, 20)
        self.fc3 = nn.Linear(20, 400)
        self.fc4 = nn.Linear(400, 784)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        h = F.relu(self.fc1(x.view(-1, 784)))
        mu, logvar = self.fc21(h), self.fc22(h)
        std = torch.exp(0.5 * logvar)
        z = mu + torch.randn_like(std) * std
        return torch.sigmoid(self.fc4(F.relu(self.fc3(z)))), mu, logvar


def example_epoch(pictures: Pictures) -> None:
    """One pass as the example makes it."""
    model = ExampleVAE()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    total = 0.0
    for data, _ in DataLoader(pictures, batch_size=128, shuffle=True):
        optimizer.zero_grad()
        reconstruction, mu, logvar = model(data)
        bce = F.binary_cross_entropy(reconstruction, data.view(-1, 784), reduction="sum")
        loss = bce - 0.5 * torch.sum(1 + logvar - mu.pow(2) - logvar.exp())
        torch.autograd.backward(loss)
        total += loss.item()
        optimizer.step()


def our_epoch(images: Tensor) -> None:
    """One pass of the loop that the demonstration runs."""
    for _ in train(VAE(), images, RECIPE._replace(epochs=1), choose("cpu")):
        pass


if __name__ == "__main__":
    compare("tests.benchmarks.vae_epoch", __doc__.partition("\n")[0], TARGET, example_epoch, our_epoch)
