"""Random weights whose variance keeps the signal's size from layer to layer.

A unit sums fan_in products: Var(z) = fan_in · Var(w) · E[x²]. On the way back a gradient is a sum over the
fan_out units that an input feeds. In a convolution both fans count the pixels of the kernel too.

Glorot & Bengio 2010, equations 10 to 12, https://proceedings.mlr.press/v9/glorot10a.html
He et al. 2015, section 2.2, equation 10, https://arxiv.org/abs/1502.01852
"""

import math
from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor


def init_weight(shape: Sequence[int], scheme: Literal["xavier", "he"] = "he") -> Tensor:
    """A fresh weight (out, in) of a linear layer or (out, in, …) of a convolution, normal around 0.

    "xavier": Glorot & Bengio 2010, equation 12; torch.nn.init.xavier_normal_.
    "he": He et al. 2015, section 2.2, equation 10; torch.nn.init.kaiming_normal_.
    """
    kernel = math.prod(shape[2:])  # pixels of the kernel: 1 for a linear layer
    fan_in, fan_out = shape[1] * kernel, shape[0] * kernel
    # Xavier: Var(w) = 2 / (fan_in + fan_out)        He: Var(w) = 2 / fan_in, as ReLU halves E[x²]
    variance = {"xavier": 2 / (fan_in + fan_out), "he": 2 / fan_in}[scheme]
    return math.sqrt(variance) * torch.randn(*shape)
