"""The numbers of questions/transformer.yaml, computed."""

from collections.abc import Callable

import torch
from torch import nn


def layer_parameters() -> float:
    """Millions of parameters in PyTorch's own layer."""
    layer = nn.TransformerEncoderLayer(512, 8, 2048, device="meta")
    return sum(parameter.numel() for parameter in layer.parameters()) / 1e6


def kv_cache_size() -> float:
    """GiB of keys and values, shaped by torch without being allocated."""
    layers, heads, tokens, width = 32, 32, 4096, 128
    keys = torch.empty(layers, heads, tokens, width, dtype=torch.float16, device="meta")
    values = torch.empty_like(keys)
    return sum(part.numel() * part.element_size() for part in (keys, values)) / 2**30


NUMBERS: dict[str, Callable[[], float]] = {
    "transformer-layer-parameters": layer_parameters,
    "transformer-kv-cache-size": kv_cache_size,
}
