"""Answers to the code questions on recurrent networks."""

# mypy: disallow-untyped-defs=False, disallow-untyped-calls=False

import torch
from torch import nn
from torch.nn import functional as F

from tests.judge.strangers import right, wrong

LSTM, GRU = "recurrent-code-lstm-cell", "recurrent-code-gru-cell"


def _sums(x, h, w_ih, w_hh, b_ih, b_hh):
    return x @ w_ih.T + b_ih + h @ w_hh.T + b_hh


@right(LSTM)
def lstm_one_product(x, h, c, w_ih, w_hh, b_ih, b_hh):
    lstm_cell = torch.cat([x, h], 1) @ torch.cat([w_ih, w_hh], 1).t() + (b_ih + b_hh)
    i, f, g, o = torch.split(lstm_cell, h.shape[1], dim=1)
    c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
    return [torch.sigmoid(o) * torch.tanh(c), c]


@right(LSTM)
def lstm_gate_by_gate(x, h, c, w_ih, w_hh, b_ih, b_hh):
    n = h.size(1)

    def gate(k, activation):
        rows = slice(k * n, (k + 1) * n)
        return activation(F.linear(x, w_ih[rows], b_ih[rows]) + F.linear(h, w_hh[rows], b_hh[rows]))

    new = gate(1, F.sigmoid) * c + gate(0, F.sigmoid) * gate(2, F.tanh)
    return gate(3, F.sigmoid) * new.tanh(), new


@right(LSTM)
def lstm_einsum(x, h, c, w_ih, w_hh, b_ih, b_hh):
    z = torch.einsum("bi,gi->bg", x, w_ih) + torch.einsum("bh,gh->bg", h, w_hh) + b_ih + b_hh
    i, f, g, o = z.reshape(len(x), 4, -1).unbind(1)
    # every gate by tanh, as tanh(x / 2) = 2 σ(x) − 1
    i, f, o = (0.5 * (torch.tanh(gate / 2) + 1) for gate in (i, f, o))
    c = f * c + i * torch.tanh(g)
    return o * torch.tanh(c), c


@right(LSTM)
def lstm_row_by_row(x, h, c, w_ih, w_hh, b_ih, b_hh):
    hs, cs = [], []
    for x_n, h_n, c_n in zip(x, h, c, strict=True):
        i, f, g, o = (torch.mv(w_ih, x_n) + b_ih + torch.mv(w_hh, h_n) + b_hh).view(4, -1)
        cs.append(f.sigmoid() * c_n + i.sigmoid() * g.tanh())
        hs.append(o.sigmoid() * cs[-1].tanh())
    return torch.stack(hs), torch.stack(cs)


@right(LSTM)
def lstm_of_modules(x, h, c, w_ih, w_hh, b_ih, b_hh):
    sigmoid, tanh = nn.Sigmoid(), nn.Tanh()
    i, f, g, o = torch.tensor_split(_sums(x, h, w_ih, w_hh, b_ih, b_hh).float(), 4, dim=-1)
    new_c = torch.addcmul(sigmoid(f) * c.float(), sigmoid(i), tanh(g))
    return sigmoid(o) * tanh(new_c), new_c


@wrong(LSTM, told="b_hh is missing")
def lstm_one_bias(x, h, c, w_ih, w_hh, b_ih, b_hh):
    return lstm_of_sums(x @ w_ih.T + b_ih + h @ w_hh.T, c)


@wrong(LSTM, told="b_hh is missing")
def lstm_same_bias_twice(x, h, c, w_ih, w_hh, b_ih, b_hh):
    return lstm_of_sums(_sums(x, h, w_ih, w_hh, b_ih, torch.zeros_like(b_ih)), c)


def lstm_of_sums(sums, c):
    i, f, g, o = sums.chunk(4, 1)
    c = f.sigmoid() * c + i.sigmoid() * g.tanh()
    return o.sigmoid() * c.tanh(), c


@wrong(LSTM)
def lstm_hand_made_sigmoid(x, h, c, w_ih, w_hh, b_ih, b_hh):
    def sigma(z):
        return 1 / (1 + torch.exp(-z))

    i, f, g, o = _sums(x, h, w_ih, w_hh, b_ih, b_hh).chunk(4, 1)
    c = sigma(f) * c + sigma(i) * g.tanh()
    return sigma(o) * c.tanh(), c


@wrong(LSTM)
def lstm_hand_made_tanh(x, h, c, w_ih, w_hh, b_ih, b_hh):
    def tanh(z):
        return (z.exp() - (-z).exp()) / (z.exp() + (-z).exp())

    i, f, g, o = _sums(x, h, w_ih, w_hh, b_ih, b_hh).chunk(4, 1)
    c = f.sigmoid() * c + i.sigmoid() * tanh(g)
    return o.sigmoid() * tanh(c), c


@wrong(LSTM)
def lstm_detached_state(x, h, c, w_ih, w_hh, b_ih, b_hh):
    return lstm_of_sums(_sums(x, h, w_ih, w_hh, b_ih, b_hh), c.detach())


@wrong(LSTM, told="the other way round")
def lstm_returns_c_first(x, h, c, w_ih, w_hh, b_ih, b_hh):
    h, c = lstm_of_sums(_sums(x, h, w_ih, w_hh, b_ih, b_hh), c)
    return c, h


@wrong(LSTM, told="f, i, o, g")
def lstm_of_the_textbook(x, h, c, w_ih, w_hh, b_ih, b_hh):
    f, i, o, g = _sums(x, h, w_ih, w_hh, b_ih, b_hh).chunk(4, 1)
    c = f.sigmoid() * c + i.sigmoid() * g.tanh()
    return o.sigmoid() * c.tanh(), c


@wrong(LSTM, told="")
def lstm_coupled(x, h, c, w_ih, w_hh, b_ih, b_hh):
    i, _, g, o = _sums(x, h, w_ih, w_hh, b_ih, b_hh).chunk(4, 1)
    c = (1 - i.sigmoid()) * c + i.sigmoid() * g.tanh()
    return o.sigmoid() * c.tanh(), c


@wrong(LSTM, told="")
def lstm_clamped_state(x, h, c, w_ih, w_hh, b_ih, b_hh):
    h, c = lstm_of_sums(_sums(x, h, w_ih, w_hh, b_ih, b_hh), c)
    return h, c.clamp(-50, 50)


@wrong(LSTM, told="")
def lstm_old_state_and_one_bias(x, h, c, w_ih, w_hh, b_ih, b_hh):
    i, f, g, o = (x @ w_ih.T + b_ih + h @ w_hh.T).chunk(4, 1)
    return o.sigmoid() * c.tanh(), f.sigmoid() * c + i.sigmoid() * g.tanh()


@right(GRU)
def gru_gate_by_gate(x, h, w_ih, w_hh, b_ih, b_hh):
    (w_r, w_z, w_n), (u_r, u_z, u_n) = w_ih.chunk(3), w_hh.chunk(3)
    (b_r, b_z, b_n), (d_r, d_z, d_n) = b_ih.chunk(3), b_hh.chunk(3)
    r = torch.sigmoid(x @ w_r.T + b_r + h @ u_r.T + d_r)
    z = torch.sigmoid(x @ w_z.T + b_z + h @ u_z.T + d_z)
    gru_cell = torch.tanh(x @ w_n.T + b_n + r * (h @ u_n.T + d_n))
    return gru_cell + z * (h - gru_cell)


@right(GRU)
def gru_einsum(x, h, w_ih, w_hh, b_ih, b_hh):
    n = h.shape[-1]
    gi = torch.einsum("bi,gi->bg", x, w_ih) + b_ih
    gh = torch.einsum("bh,gh->bg", h, w_hh) + b_hh
    r, z = torch.sigmoid(gi + gh)[:, : 2 * n].split(n, 1)
    return torch.lerp(torch.tanh(gi[:, 2 * n :] + r * gh[:, 2 * n :]), h, z)


@right(GRU)
def gru_row_by_row(x, h, w_ih, w_hh, b_ih, b_hh):
    rows = []
    for x_n, h_n in zip(x, h, strict=True):
        a, b = (w_ih @ x_n + b_ih).view(3, -1), (w_hh @ h_n + b_hh).view(3, -1)
        z = (a[1] + b[1]).sigmoid()
        rows.append((1 - z) * (a[2] + (a[0] + b[0]).sigmoid() * b[2]).tanh() + z * h_n)
    return torch.vstack(rows)


@right(GRU)
def gru_in_float64(x, h, w_ih, w_hh, b_ih, b_hh):
    x, state, w_ih, w_hh, b_ih, b_hh = (t.double() for t in (x, h, w_ih, w_hh, b_ih, b_hh))
    a, b = torch.addmm(b_ih, x, w_ih.T), torch.addmm(b_hh, state, w_hh.T)
    a_r, a_z, a_n = a.tensor_split(3, dim=1)
    b_r, b_z, b_n = b.tensor_split(3, dim=1)
    keep = 1 - nn.functional.softmax(torch.stack([a_z + b_z, torch.zeros_like(a_z)]), 0)[1]
    n = nn.Tanh()(a_n + torch.sigmoid(a_r + b_r) * b_n)
    return (n * (1 - keep) + state * keep).to(h.dtype)


def _gru_parts(x, h, w_ih, w_hh, b_ih, b_hh):
    return (x @ w_ih.T + b_ih).chunk(3, 1), (h @ w_hh.T + b_hh).chunk(3, 1)


@wrong(GRU, told="b_hh is missing")
def gru_one_bias(x, h, w_ih, w_hh, b_ih, b_hh):
    return gru_row_by_row(x, h, w_ih, w_hh, b_ih, 0 * b_hh)


@wrong(GRU, told="acts on h before the matrix")
def gru_of_2014(x, h, w_ih, w_hh, b_ih, b_hh):
    (a_r, a_z, a_n), (b_r, b_z, _) = _gru_parts(x, h, w_ih, w_hh, b_ih, b_hh)
    r, z = (a_r + b_r).sigmoid(), (a_z + b_z).sigmoid()
    n = (a_n + (r * h) @ w_hh.chunk(3)[2].T + b_hh.chunk(3)[2]).tanh()
    return (1 - z) * n + z * h


@wrong(GRU, told="both")
def gru_of_the_blog(x, h, w_ih, w_hh, b_ih, b_hh):
    (a_r, a_z, a_n), (b_r, b_z, _) = _gru_parts(x, h, w_ih, w_hh, b_ih, b_hh)
    r, z = (a_r + b_r).sigmoid(), (a_z + b_z).sigmoid()
    n = (a_n + (r * h) @ w_hh.chunk(3)[2].T + b_hh.chunk(3)[2]).tanh()
    return (1 - z) * h + z * n


@wrong(GRU)
def gru_hand_made_sigmoid(x, h, w_ih, w_hh, b_ih, b_hh):
    (a_r, a_z, a_n), (b_r, b_z, b_n) = _gru_parts(x, h, w_ih, w_hh, b_ih, b_hh)
    r, z = 1 / (1 + torch.exp(-a_r - b_r)), 1 / (1 + torch.exp(-a_z - b_z))
    return (1 - z) * (a_n + r * b_n).tanh() + z * h


@wrong(GRU)
def gru_detached(x, h, w_ih, w_hh, b_ih, b_hh):
    with torch.no_grad():
        return gru_row_by_row(x, h, w_ih, w_hh, b_ih, b_hh)


@wrong(GRU)
def gru_detached_gate(x, h, w_ih, w_hh, b_ih, b_hh):
    (a_r, a_z, a_n), (b_r, b_z, b_n) = _gru_parts(x, h, w_ih, w_hh, b_ih, b_hh)
    r, z = (a_r + b_r).sigmoid().detach(), (a_z + b_z).sigmoid()
    return (1 - z) * (a_n + r * b_n).tanh() + z * h


@wrong(GRU, told="without a reset gate")
def gru_without_reset(x, h, w_ih, w_hh, b_ih, b_hh):
    (_, a_z, a_n), (_, b_z, b_n) = _gru_parts(x, h, w_ih, w_hh, b_ih, b_hh)
    z = (a_z + b_z).sigmoid()
    return (1 - z) * (a_n + b_n).tanh() + z * h


@wrong(GRU, told="the other way round")
def gru_update_reversed(x, h, w_ih, w_hh, b_ih, b_hh):
    (a_r, a_z, a_n), (b_r, b_z, b_n) = _gru_parts(x, h, w_ih, w_hh, b_ih, b_hh)
    return h + (a_z + b_z).sigmoid() * ((a_n + (a_r + b_r).sigmoid() * b_n).tanh() - h)


@wrong(GRU, told="")
def gru_swapped_and_reversed(x, h, w_ih, w_hh, b_ih, b_hh):
    (a_z, a_r, a_n), (b_z, b_r, b_n) = _gru_parts(x, h, w_ih, w_hh, b_ih, b_hh)
    return h + (a_z + b_z).sigmoid() * ((a_n + (a_r + b_r).sigmoid() * b_n).tanh() - h)


@wrong(GRU, told="")
def gru_clamped_state(x, h, w_ih, w_hh, b_ih, b_hh):
    return gru_row_by_row(x, h, w_ih, w_hh, b_ih, b_hh).clamp(-50, 50)


# Matrices and functions of the gates


def _h_as_it_is(h, weight):
    """h by each of the square matrices, none transposed: what one gets who cuts w_hh first."""
    return torch.cat([h @ matrix for matrix in weight.split(h.shape[1])], 1)


@wrong(LSTM, told="matrices of w_hh as they are")
def lstm_matrices_as_they_are(x, h, c, w_ih, w_hh, b_ih, b_hh):
    i, f, g, o = (x @ w_ih.T + b_ih + _h_as_it_is(h, w_hh) + b_hh).chunk(4, 1)
    c = f.sigmoid() * c + i.sigmoid() * g.tanh()
    return o.sigmoid() * c.tanh(), c


@wrong(GRU, told="matrices of w_hh as they are")
def gru_matrices_as_they_are(x, h, w_ih, w_hh, b_ih, b_hh):
    r_x, z_x, n_x = (x @ w_ih.T + b_ih).chunk(3, 1)
    r_h, z_h, n_h = (_h_as_it_is(h, w_hh) + b_hh).chunk(3, 1)
    r, z = (r_x + r_h).sigmoid(), (z_x + z_h).sigmoid()
    return (1 - z) * (n_x + r * n_h).tanh() + z * h


def _sigmoid_by_hand(a):
    return 1 / (1 + torch.exp(-a))


@wrong(LSTM, told="exp by hand")
def lstm_sigmoid_by_hand(x, h, c, w_ih, w_hh, b_ih, b_hh):
    i, f, g, o = _sums(x, h, w_ih, w_hh, b_ih, b_hh).chunk(4, 1)
    c = _sigmoid_by_hand(f) * c + _sigmoid_by_hand(i) * g.tanh()
    return _sigmoid_by_hand(o) * c.tanh(), c


@wrong(GRU, told="exp by hand")
def gru_tanh_by_hand(x, h, w_ih, w_hh, b_ih, b_hh):
    r_x, z_x, n_x = (x @ w_ih.T + b_ih).chunk(3, 1)
    r_h, z_h, n_h = (h @ w_hh.T + b_hh).chunk(3, 1)
    n = n_x + _sigmoid_by_hand(r_x + r_h) * n_h
    z = _sigmoid_by_hand(z_x + z_h)
    return (1 - z) * (n.exp() - (-n).exp()) / (n.exp() + (-n).exp()) + z * h


@wrong(GRU, told="no tanh")
def gru_whose_candidate_is_linear(x, h, weight_ih, weight_hh, bias_ih, bias_hh):
    gates_x, gates_h = x @ weight_ih.T + bias_ih, h @ weight_hh.T + bias_hh
    i_r, i_z, i_n = gates_x.chunk(3, 1)
    h_r, h_z, h_n = gates_h.chunk(3, 1)
    update = torch.sigmoid(i_z + h_z)
    candidate = i_n + torch.sigmoid(i_r + h_r) * h_n
    return candidate + update * (h - candidate)


@wrong(GRU)
def gru_of_one_unit_squeezed(x, h, weight_ih, weight_hh, bias_ih, bias_hh):
    return torch.gru_cell(x, h, weight_ih, weight_hh, bias_ih, bias_hh).squeeze(-1)


@wrong("recurrent-code-lstm-cell")
def lstm_state_clamped_at_1000(x, h, c, w_ih, w_hh, b_ih, b_hh):
    i, f, g, o = F.linear(x, w_ih, b_ih).add(F.linear(h, w_hh, b_hh)).chunk(4, 1)
    c = (f.sigmoid() * c + i.sigmoid() * g.tanh()).clamp(-1000, 1000)
    return o.sigmoid() * c.tanh(), c


@wrong(LSTM, told="forget_bias")
def lstm_of_tensorflow(x, h, c, w_ih, w_hh, b_ih, b_hh):
    i, f, g, o = (x @ w_ih.T + h @ w_hh.T + b_ih + b_hh).chunk(4, 1)
    c = torch.sigmoid(f + 1.0) * c + torch.sigmoid(i) * torch.tanh(g)
    return torch.sigmoid(o) * torch.tanh(c), c


@wrong(GRU, told="no update gate")
def gru_without_update_gate(x, h, w_ih, w_hh, b_ih, b_hh):
    r_x, _, n_x = F.linear(x, w_ih, b_ih).chunk(3, 1)
    r_h, _, n_h = F.linear(h, w_hh, b_hh).chunk(3, 1)
    return torch.tanh(n_x + torch.sigmoid(r_x + r_h) * n_h)


# Gates wide open or shut, as the docstring says


@wrong("recurrent-code-lstm-cell", told="overflow")
def lstm_own_sigmoid(x, h, c, w_ih, w_hh, b_ih, b_hh):
    hidden = h.size(-1)
    g = F.linear(x, w_ih, b_ih) + F.linear(h, w_hh, b_hh)

    def sg(t):
        return 1 / (1 + torch.exp(-t))

    i, f, n, o = torch.split(g, hidden, -1)
    c2 = sg(f) * c + sg(i) * torch.tanh(n)
    return sg(o) * torch.tanh(c2), c2


@wrong(LSTM, told="b_ih is missing")
def lstm_without_the_first_bias(x, h, c, w_ih, w_hh, b_ih, b_hh):
    return lstm_of_sums(x @ w_ih.T + h @ w_hh.T + b_hh, c)


@wrong(LSTM, told="b_hh is added twice")
def lstm_second_bias_twice(x, h, c, w_ih, w_hh, b_ih, b_hh):
    return lstm_of_sums(_sums(x, h, w_ih, w_hh, b_hh, b_hh), c)
