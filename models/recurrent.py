"""Recurrent cells: one step from the state so far and a new input to the new state.

Gates are numbers between 0 and 1 that say, unit by unit, how much passes. The LSTM keeps a cell state c that
is only scaled and added to, and shows a part of it as h. The GRU has no second state: h itself is a mixture
of what it was and of a candidate.

Arguments are those of torch.nn.LSTMCell and torch.nn.GRUCell: the matrices of all gates lie one below the
other, in the order of the comments.

Hochreiter & Schmidhuber 1997, "Long short-term memory"; forget gate: Gers, Schmidhuber & Cummins 2000
Cho et al. 2014, https://arxiv.org/abs/1406.1078
"""

from torch import Tensor
from torch.nn import functional as F


def lstm_cell(
    x: Tensor,  # (B, I)
    h: Tensor,  # (B, H)
    c: Tensor,  # (B, H)
    weight_ih: Tensor,  # (4 H, I): input gate, forget gate, candidate, output gate
    weight_hh: Tensor,  # (4 H, H)
    bias_ih: Tensor,  # (4 H)
    bias_hh: Tensor,  # (4 H)
) -> tuple[Tensor, Tensor]:
    """The next hidden state and the next cell state, (B, H) each."""
    if c.shape != h.shape:  # one state would be broadcast to all inputs
        raise ValueError(f"expected states of one size, got {tuple(h.shape)} and {tuple(c.shape)}")
    from_x, from_h = projections(4, x, h, weight_ih, weight_hh, bias_ih, bias_hh)  # (B, 4 H) each
    i, f, g, o = (from_x + from_h).chunk(4, dim=-1)  # (B, H) each
    # c′ = σ(f) ⊙ c + σ(i) ⊙ tanh(g)
    c = f.sigmoid() * c + i.sigmoid() * g.tanh()
    # h′ = σ(o) ⊙ tanh(c′)
    return o.sigmoid() * c.tanh(), c


def gru_cell(
    x: Tensor,  # (B, I)
    h: Tensor,  # (B, H)
    weight_ih: Tensor,  # (3 H, I): reset gate, update gate, candidate
    weight_hh: Tensor,  # (3 H, H)
    bias_ih: Tensor,  # (3 H)
    bias_hh: Tensor,  # (3 H)
) -> Tensor:
    """The next hidden state, (B, H).

    As in PyTorch the reset gate acts on W h + b. In Cho et al. 2014, equation 8, it acts on h, before W.
    """
    from_x, from_h = projections(3, x, h, weight_ih, weight_hh, bias_ih, bias_hh)  # (B, 3 H) each
    r_x, z_x, n_x = from_x.chunk(3, dim=-1)  # (B, H) each
    r_h, z_h, n_h = from_h.chunk(3, dim=-1)  # (B, H) each
    r, z = (r_x + r_h).sigmoid(), (z_x + z_h).sigmoid()
    # n = tanh(W_n x + b + r ⊙ (U_n h + b))
    n = (n_x + r * n_h).tanh()
    # h′ = (1 − z) ⊙ n + z ⊙ h
    return (1 - z) * n + z * h


def projections(
    gates: int,
    x: Tensor,  # (B, I)
    h: Tensor,  # (B, H)
    weight_ih: Tensor,  # (gates · H, I)
    weight_hh: Tensor,  # (gates · H, H)
    bias_ih: Tensor,  # (gates · H)
    bias_hh: Tensor,  # (gates · H)
) -> tuple[Tensor, Tensor]:
    """What the input and the state each say to all gates, (B, gates · H) each.

    Raises ValueError where sizes do not fit, as PyTorch does.
    """
    if h.shape[:-1] != x.shape[:-1]:  # one state would be broadcast to all inputs
        raise ValueError(f"inputs {tuple(x.shape)} do not fit a state {tuple(h.shape)}")
    if not len(weight_ih) == len(weight_hh) == gates * h.shape[-1]:
        raise ValueError(f"weights must have {gates} · {h.shape[-1]} rows")
    if not bias_ih.shape == bias_hh.shape == weight_ih.shape[:1]:
        raise ValueError(
            f"biases must have size {len(weight_ih)}, got {tuple(bias_ih.shape)}, {tuple(bias_hh.shape)}"
        )
    # W x + b    U h + b
    return F.linear(x, weight_ih, bias_ih), F.linear(h, weight_hh, bias_hh)
