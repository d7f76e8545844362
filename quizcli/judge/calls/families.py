"""What PyTorch has of the same thing under another name: who may not use `conv2d` may not use `conv_tbc`.

Most kernels are found by the name that is to be avoided, which stands within theirs (`_fused_rms_norm`);
these are not. A question whose ban is to go further, as from one norm to all of them, names all of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

_CONVOLUTIONS = (
    *("conv1d", "conv2d", "conv3d", "convolution", "convtranspose", "convtbc", "convdepthwise"),
    *("convdilated", "deformconv", "qconv"),
)
_RECURRENT = ("rnnlayer", "cudnnrnn", "miopenrnn")  # one kernel for LSTM and GRU
_BOXES = ("boxiou", "interunion", "boxdiou", "iouloss")
_ATTENTION = (
    *("flashattention", "efficientattention", "cudnnattention", "fusedattention", "flexattention"),
    *("scaleddotproduct", "scaleddotattention", "multiheadattention"),
)

# By the plain name that is to be avoided: what stands within the plain names of others like it.
_FAMILIES: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(("adam", "adamw"), ("fusedadam",)),  # without a decay they are one
    **dict.fromkeys(("conv1d", "conv2d", "conv3d", "convolution"), _CONVOLUTIONS),
    **dict.fromkeys(("lstm", "lstmcell"), ("lstm", *_RECURRENT)),
    **dict.fromkeys(("gru", "grucell"), ("grucell", "quantizedgru", *_RECURRENT)),
    "dropout": ("stochasticdepth", "dropblock"),
    **dict.fromkeys(("maxpool1d", "maxpool2d", "maxpool3d"), ("maxpool", "roipool")),
    "boxiou": _BOXES,
    "scaleddotproductattention": _ATTENTION,
    "softmax": _ATTENTION,  # of the queries, where keys and values are the identity
    "logsoftmax": ("categorical",),  # the logarithm of its probabilities
    "nms": ("qnms",),
    "autograd": ("backward",),  # a formula of its own, called by hand
}


def relatives(avoid: Iterable[str]) -> list[tuple[str, str]]:
    """What stands within the names of all that is like what is to be avoided, and as what each is known.

    `avoid` are plain names.
    """
    return [(part, name) for name in avoid for part in _FAMILIES.get(name, ())]
