"""Judges of the code questions on recurrent networks: the cells of LSTM and GRU."""

from collections.abc import Callable, Iterator

import torch
from torch import Generator, Tensor
from torch.nn import functional as F

from quizcli.judge.case import Case, judge, trap

State = tuple[Tensor, Tensor]
Weights = tuple[Tensor, Tensor, Tensor, Tensor]


def _weights(random: Generator, gates: int, inputs: int, hidden: int) -> tuple[Tensor, ...]:
    """Of both matrices and both biases, in PyTorch's order; small, so that few gates are shut."""
    rows = gates * hidden
    shapes = [(rows, inputs), (rows, hidden), (rows,), (rows,)]
    return tuple(torch.randn(shape, generator=random) / 2 for shape in shapes)


def _far(bias: Tensor, gates: dict[int, float]) -> Tensor:
    """A bias that opens gates wide or shuts them: e to its power is more than float32 holds.

    `gates` are the places of the gates among the rows, and on which side the first unit's are.
    """
    parts = list(bias.chunk(4 if len(gates) == 3 else 3))
    for place, side in gates.items():
        parts[place] = parts[place] + 200 * parts[place].sign()
        parts[place][0] = 200 * side
    return torch.cat(parts)


def _lstm(x: Tensor, h: Tensor, c: Tensor, w_ih: Tensor, w_hh: Tensor, b_ih: Tensor, b_hh: Tensor) -> State:
    return torch.lstm_cell(x, (h, c), w_ih, w_hh, b_ih, b_hh)


def _of_gates(
    step: Callable[[Tensor, Tensor, Tensor, Tensor, Tensor], State],
) -> Callable[..., State]:
    """An LSTM cell, made of what it does with its cell state and the sums of its four gates."""

    def cell(
        x: Tensor, h: Tensor, c: Tensor, w_ih: Tensor, w_hh: Tensor, b_ih: Tensor, b_hh: Tensor
    ) -> State:
        return step(c, *(F.linear(x, w_ih, b_ih) + F.linear(h, w_hh, b_hh)).chunk(4, dim=-1))

    return cell


@trap(
    "the input and the forget gate are swapped: the rows are i, f, g, o",
    "输入门和遗忘门弄反了：各行的次序是 i、f、g、o",
)
@_of_gates
def _forget_first(c: Tensor, f: Tensor, i: Tensor, g: Tensor, o: Tensor) -> State:
    c = f.sigmoid() * c + i.sigmoid() * g.tanh()
    return o.sigmoid() * c.tanh(), c


@trap(
    "the rows are read as i, f, o, g; PyTorch has them as i, f, g, o",
    "把各行当成了 i、f、o、g；PyTorch 的次序是 i、f、g、o",
)
@_of_gates
def _candidate_last(c: Tensor, i: Tensor, f: Tensor, o: Tensor, g: Tensor) -> State:
    c = f.sigmoid() * c + i.sigmoid() * g.tanh()
    return o.sigmoid() * c.tanh(), c


@trap("the candidate goes through a sigmoid; it is tanh", "候选值用了 sigmoid，应当是 tanh")
@_of_gates
def _candidate_sigmoid(c: Tensor, i: Tensor, f: Tensor, g: Tensor, o: Tensor) -> State:
    c = f.sigmoid() * c + i.sigmoid() * g.sigmoid()
    return o.sigmoid() * c.tanh(), c


@trap("the hidden state shows c itself; it is o ⊙ tanh(c)", "隐状态直接用了 c；应当是 o ⊙ tanh(c)")
@_of_gates
def _without_tanh(c: Tensor, i: Tensor, f: Tensor, g: Tensor, o: Tensor) -> State:
    c = f.sigmoid() * c + i.sigmoid() * g.tanh()
    return o.sigmoid() * c, c


@trap(
    "the hidden state is made of the old cell state, not of the new one", "隐状态用了旧的细胞状态，应当用新的"
)
@_of_gates
def _old_state(c: Tensor, i: Tensor, f: Tensor, g: Tensor, o: Tensor) -> State:
    return o.sigmoid() * c.tanh(), f.sigmoid() * c + i.sigmoid() * g.tanh()


@trap(
    "the rows are read as f, i, o, g, as textbooks have them; PyTorch's are i, f, g, o",
    "按教科书的 f、i、o、g 读取各行；PyTorch 的次序是 i、f、g、o",
)
@_of_gates
def _textbook(c: Tensor, f: Tensor, i: Tensor, o: Tensor, g: Tensor) -> State:
    c = f.sigmoid() * c + i.sigmoid() * g.tanh()
    return o.sigmoid() * c.tanh(), c


@trap("the two states are returned the other way round: h first, then c", "两个状态返回反了：先 h，后 c")
@_of_gates
def _state_first(c: Tensor, i: Tensor, f: Tensor, g: Tensor, o: Tensor) -> State:
    c = f.sigmoid() * c + i.sigmoid() * g.tanh()
    return c, o.sigmoid() * c.tanh()


@trap("b_hh is missing: there are two biases", "漏了 b_hh：一共有两个偏置")
def _one_bias(x: Tensor, h: Tensor, c: Tensor, w_ih: Tensor, w_hh: Tensor, b_ih: Tensor, _: Tensor) -> State:
    return torch.lstm_cell(x, (h, c), w_ih, w_hh, b_ih, torch.zeros_like(b_ih))


@trap("b_ih is missing: there are two biases", "漏了 b_ih：一共有两个偏置")
def _other_bias(
    x: Tensor, h: Tensor, c: Tensor, w_ih: Tensor, w_hh: Tensor, _: Tensor, b_hh: Tensor
) -> State:
    return torch.lstm_cell(x, (h, c), w_ih, w_hh, torch.zeros_like(b_hh), b_hh)


@trap("b_hh is added twice, b_ih never", "b_hh 加了两次，b_ih 一次也没加")
def _other_bias_twice(
    x: Tensor, h: Tensor, c: Tensor, w_ih: Tensor, w_hh: Tensor, _: Tensor, b_hh: Tensor
) -> State:
    return torch.lstm_cell(x, (h, c), w_ih, w_hh, b_hh, b_hh)


@trap("b_ih is added twice, b_hh never", "b_ih 加了两次，b_hh 一次也没加")
def _bias_twice(
    x: Tensor, h: Tensor, c: Tensor, w_ih: Tensor, w_hh: Tensor, b_ih: Tensor, _: Tensor
) -> State:
    return torch.lstm_cell(x, (h, c), w_ih, w_hh, b_ih, b_ih)


@trap("there is no forget gate: c is kept whole, as in 1997", "没有遗忘门：c 原样保留，那是 1997 年的做法")
@_of_gates
def _without_forgetting(c: Tensor, i: Tensor, f: Tensor, g: Tensor, o: Tensor) -> State:
    c = c + i.sigmoid() * g.tanh()
    return o.sigmoid() * c.tanh(), c


@trap(
    "1 is added to the forget gate, as TensorFlow's forget_bias does; the biases are all there is",
    "遗忘门多加了 1（TensorFlow 的 forget_bias）；这里只有给出的偏置",
)
@_of_gates
def _unforgetful(c: Tensor, i: Tensor, f: Tensor, g: Tensor, o: Tensor) -> State:
    c = (f + 1).sigmoid() * c + i.sigmoid() * g.tanh()
    return o.sigmoid() * c.tanh(), c


def _sigmoid(x: Tensor) -> Tensor:
    return x.exp() / (1 + x.exp())


def _sigmoid_of_minus(x: Tensor) -> Tensor:
    return 1 / (1 + (-x).exp())


def _tanh(x: Tensor) -> Tensor:
    return (x.exp() - (-x).exp()) / (x.exp() + (-x).exp())


def _tanh_of_twice(x: Tensor) -> Tensor:
    return ((2 * x).exp() - 1) / ((2 * x).exp() + 1)


# of σ and tanh; σ alone overflows in one way, tanh in another, and who writes one may write the other
_BY_HAND = [
    (sigmoid, tanh)
    for sigmoid in (torch.sigmoid, _sigmoid, _sigmoid_of_minus)
    for tanh in (torch.tanh, _tanh, _tanh_of_twice)
][1:]
_overflowing = trap(
    "σ or tanh is made of exp by hand, which overflows: its value or its gradient is NaN",
    "σ 或 tanh 是用 exp 手写的，会溢出：值或梯度成了 NaN",
)


def _lstm_by_hand(
    sigmoid: Callable[[Tensor], Tensor], tanh: Callable[[Tensor], Tensor]
) -> Callable[..., State]:
    def step(c: Tensor, i: Tensor, f: Tensor, g: Tensor, o: Tensor) -> State:
        c = sigmoid(f) * c + sigmoid(i) * tanh(g)
        return sigmoid(o) * tanh(c), c

    return _of_gates(step)


_LSTM_OVERFLOWS = tuple(_overflowing(_lstm_by_hand(*pair)) for pair in _BY_HAND)


def _turned_blocks(weight: Tensor) -> Tensor:
    """The square matrix of each gate transposed."""
    width = weight.shape[1]
    return weight.view(-1, width, width).mT.reshape(-1, width)


_untransposed = trap(
    "h is multiplied by the matrices of w_hh as they are: they are square, but it is h Wᵀ",
    "h 直接乘了 w_hh 里的各个矩阵：它们是方阵，形状不报错，但应当是 h Wᵀ",
)


@_untransposed
def _lstm_untransposed(
    x: Tensor, h: Tensor, c: Tensor, w_ih: Tensor, w_hh: Tensor, b_ih: Tensor, b_hh: Tensor
) -> State:
    return torch.lstm_cell(x, (h, c), w_ih, _turned_blocks(w_hh), b_ih, b_hh)


_TWO_AXES = "The docstring has two axes, (B, H): the last one is axis 1."


@judge(
    reference=_lstm,
    traps=(
        _forget_first,
        _candidate_last,
        _textbook,
        _candidate_sigmoid,
        _without_tanh,
        _old_state,
        _unforgetful,
        _state_first,
        _one_bias,
        _bias_twice,
        _other_bias,
        _other_bias_twice,
        _without_forgetting,
        _lstm_untransposed,
        *_LSTM_OVERFLOWS,
    ),
    equivalent={
        "lstm_cell: (from_x + from_h).chunk(4, dim=-1) → (from_x + from_h).chunk(4, dim=1)": _TWO_AXES,
        "projections: (F.linear(x, weight_ih, bias_ih), F.linear(h, weight_hh, bias_hh)) → "
        "(F.linear(h, weight_hh, bias_hh), F.linear(x, weight_ih, bias_ih))": "The two are added up.",
    },
    fixed={
        "weight_ih, axis 0 of 2": "Three gates and a candidate: 4 H rows.",
        "weight_hh, axis 0 of 2": "Three gates and a candidate: 4 H rows.",
        "bias_ih, axis 0 of 1": "Three gates and a candidate: 4 H rows.",
        "bias_hh, axis 0 of 1": "Three gates and a candidate: 4 H rows.",
    },
)
def check_lstm_cell(random: Generator) -> Iterator[Case]:
    """One number, then batches; the beginning; gradients; gates that are wide open or shut."""

    def draw(batch: int, inputs: int, hidden: int) -> tuple[Tensor, ...]:
        shapes = [(batch, inputs), (batch, hidden), (batch, hidden)]
        state = (torch.randn(shape, generator=random) for shape in shapes)
        return (*state, *_weights(random, 4, inputs, hidden))

    yield Case({"en": "one input, one unit", "zh": "一个输入，一个单元"}, draw(1, 1, 1))
    yield Case({"en": "two inputs, three units", "zh": "两个输入，三个单元"}, draw(1, 2, 3))
    yield Case({"en": "a batch", "zh": "一批"}, draw(4, 5, 3))
    x, h, c, *weights = draw(2, 3, 4)
    yield Case(
        {"en": "the first step, from zeros", "zh": "第一步，初始状态为零"}, (x, 0 * h, 0 * c, *weights)
    )
    yield Case({"en": "gradients", "zh": "梯度"}, draw(2, 3, 2), grad=True)
    x, h, c, w_ih, w_hh, b_ih, b_hh = draw(3, 4, 5)
    yield Case(
        {"en": "gates wide open or shut, with gradients", "zh": "门全开或全关，含梯度"},
        (x, h, c, w_ih, w_hh, _far(b_ih, {0: 1.0, 1: 1.0, 3: 1.0}), b_hh),
        grad=True,
    )
    x, h, c, *weights = draw(3, 4, 5)
    yield Case({"en": "a cell state of 300", "zh": "上百的细胞状态"}, (x, h, 300 * c, *weights), grad=True)
    yield Case({"en": "a cell state of 10⁵", "zh": "10⁵ 大小的细胞状态"}, (x, h, 1e5 * c, *weights))
    yield Case({"en": "inputs of 1,000", "zh": "上千的输入"}, (1000 * x, h, c, *weights), tolerance=1e-3)
    yield Case({"en": "a batch, one input, one unit", "zh": "一批，一个输入，一个单元"}, draw(3, 1, 1))
    x, h, c, *weights = draw(8, 64, 64)
    yield Case(
        {"en": "a batch of 8, 64 units", "zh": "批量 8，64 个单元"},
        (x, h, c, *(w / 4 for w in weights)),
        timed=True,
    )


def _gru(x: Tensor, h: Tensor, w_ih: Tensor, w_hh: Tensor, b_ih: Tensor, b_hh: Tensor) -> Tensor:
    return torch.gru_cell(x, h, w_ih, w_hh, b_ih, b_hh)


def _rows(x: Tensor, weight: Tensor, bias: Tensor) -> tuple[Tensor, ...]:
    """The three sums of one matrix, reset, update, candidate."""
    return F.linear(x, weight, bias).chunk(3, dim=-1)


@trap(
    "the reset gate acts on h before the matrix, as in Cho et al.; PyTorch's acts on W h + b",
    "重置门乘在了矩阵之前的 h 上，那是 Cho 等人的写法；PyTorch 乘在 W h + b 上",
)
def _reset_first(x: Tensor, h: Tensor, w_ih: Tensor, w_hh: Tensor, b_ih: Tensor, b_hh: Tensor) -> Tensor:
    (r_x, z_x, n_x), (r_h, z_h, _) = _rows(x, w_ih, b_ih), _rows(h, w_hh, b_hh)
    r, z = (r_x + r_h).sigmoid(), (z_x + z_h).sigmoid()
    _, _, n_h = _rows(r * h, w_hh, b_hh)
    return (1 - z) * (n_x + n_h).tanh() + z * h


@trap(
    "b_hn stays outside of the reset gate; it is r ⊙ (W h + b_hn)",
    "b_hn 放在了重置门外面；应当是 r ⊙ (W h + b_hn)",
)
def _bias_outside(x: Tensor, h: Tensor, w_ih: Tensor, w_hh: Tensor, b_ih: Tensor, b_hh: Tensor) -> Tensor:
    (r_x, z_x, n_x), (r_h, z_h, n_h) = _rows(x, w_ih, b_ih), _rows(h, w_hh, b_hh)
    r, z, bias = (r_x + r_h).sigmoid(), (z_x + z_h).sigmoid(), b_hh.chunk(3)[2]
    return (1 - z) * (n_x + r * (n_h - bias) + bias).tanh() + z * h


@trap(
    "the update gate is used the other way round: in PyTorch z keeps the old state",
    "更新门用反了：PyTorch 里 z 乘的是旧状态",
)
def _update_reversed(x: Tensor, h: Tensor, w_ih: Tensor, w_hh: Tensor, b_ih: Tensor, b_hh: Tensor) -> Tensor:
    (r_x, z_x, n_x), (r_h, z_h, n_h) = _rows(x, w_ih, b_ih), _rows(h, w_hh, b_hh)
    r, z = (r_x + r_h).sigmoid(), (z_x + z_h).sigmoid()
    return z * (n_x + r * n_h).tanh() + (1 - z) * h


@trap(
    "reset and update gate are swapped: the rows are r, z, n",
    "重置门和更新门弄反了：各行的次序是 r、z、n",
)
def _update_first(x: Tensor, h: Tensor, w_ih: Tensor, w_hh: Tensor, b_ih: Tensor, b_hh: Tensor) -> Tensor:
    (z_x, r_x, n_x), (z_h, r_h, n_h) = _rows(x, w_ih, b_ih), _rows(h, w_hh, b_hh)
    r, z = (r_x + r_h).sigmoid(), (z_x + z_h).sigmoid()
    return (1 - z) * (n_x + r * n_h).tanh() + z * h


@trap(
    "the reset gate multiplies the input's part too; it acts on what comes from h alone",
    "重置门把输入那部分也乘了；它只作用在来自 h 的部分",
)
def _reset_all(x: Tensor, h: Tensor, w_ih: Tensor, w_hh: Tensor, b_ih: Tensor, b_hh: Tensor) -> Tensor:
    (r_x, z_x, n_x), (r_h, z_h, n_h) = _rows(x, w_ih, b_ih), _rows(h, w_hh, b_hh)
    r, z = (r_x + r_h).sigmoid(), (z_x + z_h).sigmoid()
    return (1 - z) * (r * (n_x + n_h)).tanh() + z * h


@trap("b_hh is missing: there are two biases", "漏了 b_hh：一共有两个偏置")
def _gru_one_bias(x: Tensor, h: Tensor, w_ih: Tensor, w_hh: Tensor, b_ih: Tensor, b_hh: Tensor) -> Tensor:
    return torch.gru_cell(x, h, w_ih, w_hh, b_ih, torch.zeros_like(b_hh))


@trap(
    "both the reset gate acts on h before the matrix, and the update gate is used the other way round",
    "两处不同：重置门乘在了矩阵之前的 h 上，更新门也用反了",
)
def _of_chung(x: Tensor, h: Tensor, w_ih: Tensor, w_hh: Tensor, b_ih: Tensor, b_hh: Tensor) -> Tensor:
    (r_x, z_x, n_x), (r_h, z_h, _) = _rows(x, w_ih, b_ih), _rows(h, w_hh, b_hh)
    r, z = (r_x + r_h).sigmoid(), (z_x + z_h).sigmoid()
    _, _, n_h = _rows(r * h, w_hh, b_hh)
    return z * (n_x + n_h).tanh() + (1 - z) * h


@trap("the candidate is made without a reset gate", "候选值没有用重置门")
def _without_reset(x: Tensor, h: Tensor, w_ih: Tensor, w_hh: Tensor, b_ih: Tensor, b_hh: Tensor) -> Tensor:
    (_, z_x, n_x), (_, z_h, n_h) = _rows(x, w_ih, b_ih), _rows(h, w_hh, b_hh)
    z = (z_x + z_h).sigmoid()
    return (1 - z) * (n_x + n_h).tanh() + z * h


@trap("there is no update gate: the candidate alone is the new state", "没有用更新门：新状态就是候选值本身")
def _without_update(x: Tensor, h: Tensor, w_ih: Tensor, w_hh: Tensor, b_ih: Tensor, b_hh: Tensor) -> Tensor:
    (r_x, _, n_x), (r_h, _, n_h) = _rows(x, w_ih, b_ih), _rows(h, w_hh, b_hh)
    return (n_x + (r_x + r_h).sigmoid() * n_h).tanh()


@trap("the candidate goes through a sigmoid; it is tanh", "候选值用了 sigmoid，应当是 tanh")
def _gru_sigmoid(x: Tensor, h: Tensor, w_ih: Tensor, w_hh: Tensor, b_ih: Tensor, b_hh: Tensor) -> Tensor:
    (r_x, z_x, n_x), (r_h, z_h, n_h) = _rows(x, w_ih, b_ih), _rows(h, w_hh, b_hh)
    r, z = (r_x + r_h).sigmoid(), (z_x + z_h).sigmoid()
    return (1 - z) * (n_x + r * n_h).sigmoid() + z * h


@trap("the candidate goes through no tanh", "候选值没有经过 tanh")
def _gru_linear(x: Tensor, h: Tensor, w_ih: Tensor, w_hh: Tensor, b_ih: Tensor, b_hh: Tensor) -> Tensor:
    (r_x, z_x, n_x), (r_h, z_h, n_h) = _rows(x, w_ih, b_ih), _rows(h, w_hh, b_hh)
    r, z = (r_x + r_h).sigmoid(), (z_x + z_h).sigmoid()
    return (1 - z) * (n_x + r * n_h) + z * h


@trap("the candidate goes through a ReLU; it is tanh", "候选值用了 ReLU，应当是 tanh")
def _gru_relu(x: Tensor, h: Tensor, w_ih: Tensor, w_hh: Tensor, b_ih: Tensor, b_hh: Tensor) -> Tensor:
    (r_x, z_x, n_x), (r_h, z_h, n_h) = _rows(x, w_ih, b_ih), _rows(h, w_hh, b_hh)
    r, z = (r_x + r_h).sigmoid(), (z_x + z_h).sigmoid()
    return (1 - z) * (n_x + r * n_h).relu() + z * h


@_untransposed
def _gru_untransposed(x: Tensor, h: Tensor, w_ih: Tensor, w_hh: Tensor, b_ih: Tensor, b_hh: Tensor) -> Tensor:
    return torch.gru_cell(x, h, w_ih, _turned_blocks(w_hh), b_ih, b_hh)


def _gru_by_hand(
    sigmoid: Callable[[Tensor], Tensor], tanh: Callable[[Tensor], Tensor]
) -> Callable[..., Tensor]:
    def cell(x: Tensor, h: Tensor, w_ih: Tensor, w_hh: Tensor, b_ih: Tensor, b_hh: Tensor) -> Tensor:
        (r_x, z_x, n_x), (r_h, z_h, n_h) = _rows(x, w_ih, b_ih), _rows(h, w_hh, b_hh)
        r, z = sigmoid(r_x + r_h), sigmoid(z_x + z_h)
        return (1 - z) * tanh(n_x + r * n_h) + z * h

    return cell


_GRU_OVERFLOWS = tuple(_overflowing(_gru_by_hand(*pair)) for pair in _BY_HAND)


@judge(
    reference=_gru,
    traps=(
        _reset_first,
        _bias_outside,
        _update_reversed,
        _update_first,
        _reset_all,
        _gru_one_bias,
        _of_chung,
        _without_reset,
        _without_update,
        _gru_sigmoid,
        _gru_linear,
        _gru_relu,
        _gru_untransposed,
        *_GRU_OVERFLOWS,
    ),
    equivalent={
        "gru_cell: from_x.chunk(3, dim=-1) → from_x.chunk(3, dim=1)": _TWO_AXES,
        "gru_cell: from_h.chunk(3, dim=-1) → from_h.chunk(3, dim=1)": _TWO_AXES,
    },
    fixed={
        "weight_ih, axis 0 of 2": "Two gates and a candidate: 3 H rows.",
        "weight_hh, axis 0 of 2": "Two gates and a candidate: 3 H rows.",
        "bias_ih, axis 0 of 1": "Two gates and a candidate: 3 H rows.",
        "bias_hh, axis 0 of 1": "Two gates and a candidate: 3 H rows.",
    },
)
def check_gru_cell(random: Generator) -> Iterator[Case]:
    """One input and two units, then batches; the beginning; gradients; gates that are wide open or shut."""

    def draw(batch: int, inputs: int, hidden: int) -> tuple[Tensor, ...]:
        shapes = [(batch, inputs), (batch, hidden)]
        state = (torch.randn(shape, generator=random) for shape in shapes)
        return (*state, *_weights(random, 3, inputs, hidden))

    x, h, w_ih, w_hh, b_ih, b_hh = draw(1, 1, 2)
    b_ih[:2] += torch.tensor([2.0, -2.0])  # the reset gates differ, so that it matters what they act on
    yield Case({"en": "one input, two units", "zh": "一个输入，两个单元"}, (x, h, w_ih, w_hh, b_ih, b_hh))
    yield Case({"en": "two inputs, three units", "zh": "两个输入，三个单元"}, draw(1, 2, 3))
    yield Case({"en": "a batch", "zh": "一批"}, draw(4, 5, 3))
    x, h, *weights = draw(2, 3, 4)
    yield Case({"en": "the first step, from zeros", "zh": "第一步，初始状态为零"}, (x, 0 * h, *weights))
    yield Case({"en": "gradients", "zh": "梯度"}, draw(2, 3, 2), grad=True)
    x, h, w_ih, w_hh, b_ih, b_hh = draw(3, 4, 5)
    yield Case(
        {"en": "gates wide open or shut, with gradients", "zh": "门全开或全关，含梯度"},
        (x, h, w_ih, w_hh, _far(b_ih, {0: 1.0, 1: -1.0}), b_hh),
        grad=True,
    )
    x, h, *weights = draw(3, 4, 5)
    yield Case({"en": "a state of 300", "zh": "上百的状态"}, (x, 300 * h, *weights), tolerance=1e-3)
    yield Case({"en": "inputs of 1,000", "zh": "上千的输入"}, (1000 * x, h, *weights), tolerance=1e-3)
    yield Case({"en": "one input, one unit", "zh": "一个输入，一个单元"}, draw(1, 1, 1))
    yield Case({"en": "a batch, one unit", "zh": "一批，一个单元"}, draw(3, 2, 1))
    x, h, *weights = draw(8, 64, 64)
    yield Case(
        {"en": "a batch of 8, 64 units", "zh": "批量 8，64 个单元"},
        (x, h, *(w / 4 for w in weights)),
        timed=True,
    )
