"""The numbers of the bank on recurrent networks, computed anew."""

from collections.abc import Callable

from torch import nn


def lstm_parameters() -> float:
    """Count the parameters of the LSTM, in thousands."""
    return sum(parameter.numel() for parameter in nn.LSTM(100, 256).parameters()) / 1000


NUMBERS: dict[str, Callable[[], float]] = {"recurrent-lstm-parameters": lstm_parameters}
