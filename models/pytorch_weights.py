"""PyTorch's weights in our modules: what they are called there, and what they are called here.

torch.nn.MultiheadAttention keeps the three projections in one matrix, one below the other; here each is a
linear layer of its own. The layers of torch.nn.Transformer keep all their parts side by side; here the
feed-forward network, and each normalization with its sum, are modules. The numbers are the same:

    in_proj_weight                     q_proj.weight, k_proj.weight, v_proj.weight
    q_proj_weight (where kdim is given)                q_proj.weight
    in_proj_bias                       q_proj.bias, k_proj.bias, v_proj.bias
    linear1.weight, linear1.bias       feed_forward.linear1.weight, feed_forward.linear1.bias
    norm1.weight, norm1.bias           residual1.norm.weight, residual1.norm.bias

`load_state_dict` of our modules calls these functions first, as its hooks: it takes a state_dict of PyTorch's
module as well as one of ours. What has no place here, such as bias_k, it refuses like any unexpected key.
"""

from typing import Any

from torch import nn

PROJECTIONS = ("q_proj", "k_proj", "v_proj")


def split_projections(_module: nn.Module, state_dict: dict[str, Any], prefix: str, *_rest: Any) -> None:
    """In place: the projections of a torch.nn.MultiheadAttention under our names, (3 E, E) -> 3 of (E, E)."""
    for kind in ("weight", "bias"):
        packed = state_dict.pop(f"{prefix}in_proj_{kind}", None)  # (3 E, E) or (3 E)
        if packed is not None:
            for name, part in zip(PROJECTIONS, packed.chunk(3), strict=True):
                state_dict[f"{prefix}{name}.{kind}"] = part
    for name in PROJECTIONS:
        if f"{prefix}{name}_weight" in state_dict:
            state_dict[f"{prefix}{name}.weight"] = state_dict.pop(f"{prefix}{name}_weight")


def rename_parts(_module: nn.Module, state_dict: dict[str, Any], prefix: str, *_rest: Any) -> None:
    """In place: the parts of a torch.nn.TransformerEncoderLayer or …DecoderLayer under our names."""
    for key in [key for key in state_dict if key.startswith(prefix)]:
        part, _, kind = key.removeprefix(prefix).partition(".")
        if part in ("linear1", "linear2"):
            state_dict[f"{prefix}feed_forward.{part}.{kind}"] = state_dict.pop(key)
        elif part in ("norm1", "norm2", "norm3"):
            state_dict[f"{prefix}residual{part[-1]}.norm.{kind}"] = state_dict.pop(key)
