"""Answers to the code questions on convolution and pooling."""

# mypy: disallow-untyped-defs=False, disallow-untyped-calls=False

import numpy as np
import torch
from torch.nn import functional as F

from tests.judge.strangers import right, wrong

CONV, POOL = "convolution-code-conv2d", "convolution-code-max-pool"


@right(CONV)
def conv2d_pixel_by_pixel(x, weight, bias=None, stride=1, padding=0):
    x = F.pad(x, (padding, padding, padding, padding))
    n, _, h, w = x.shape
    o, _, kh, kw = weight.shape
    convolution = torch.zeros(n, o, (h - kh) // stride + 1, (w - kw) // stride + 1)
    for i in range(convolution.shape[2]):
        for j in range(convolution.shape[3]):
            patch = x[:, :, i * stride : i * stride + kh, j * stride : j * stride + kw]
            for k in range(o):
                convolution[:, k, i, j] = (patch * weight[k]).sum((1, 2, 3))
    return convolution if bias is None else convolution + bias[None, :, None, None]


@right(CONV)
def conv2d_im2col(x, weight, bias=None, stride=1, padding=0):
    columns = F.unfold(x, weight.shape[2:], padding=padding, stride=stride)
    out = weight.flatten(1) @ columns
    if bias is not None:
        out = out + bias[:, None]
    size = [(s + 2 * padding - k) // stride + 1 for s, k in zip(x.shape[2:], weight.shape[2:], strict=True)]
    return out.view(len(x), len(weight), *size)


@right(CONV)
def conv2d_numpy(x, weight, bias=None, stride=1, padding=0):
    image = np.pad(x.numpy(), ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    windows = np.lib.stride_tricks.sliding_window_view(image, weight.shape[2:], axis=(2, 3))
    windows = windows[:, :, ::stride, ::stride]
    y = np.tensordot(windows, weight.numpy(), axes=([1, 4, 5], [1, 2, 3])).transpose(0, 3, 1, 2)
    return torch.from_numpy(y + (0 if bias is None else bias.numpy().reshape(1, -1, 1, 1)))


@right(CONV)
def conv2d_shift_and_add(x, weight, bias=None, stride=1, padding=0):
    n, c, h, w = x.shape
    canvas = x.new_zeros(n, c, h + 2 * padding, w + 2 * padding)
    canvas[:, :, padding : padding + h, padding : padding + w] = x
    kh, kw = weight.shape[-2:]
    rows, cols = (h + 2 * padding - kh) // stride + 1, (w + 2 * padding - kw) // stride + 1
    conv2d = x.new_zeros(n, len(weight), rows, cols).double()
    for u in range(kh):
        for v in range(kw):
            part = canvas[:, :, u : u + stride * rows : stride, v : v + stride * cols : stride]
            conv2d += torch.einsum("nchw,oc->nohw", part[:, :, :rows, :cols], weight[:, :, u, v])
    return conv2d.float() + (0.0 if bias is None else bias.reshape(1, -1, 1, 1))


@right(CONV)
def conv2d_seven_loops(x, weight, bias=None, stride=1, padding=0):
    kernels, image = weight.tolist(), F.pad(x, (padding,) * 4).tolist()
    (n, c, h, w), (o, _, kh, kw) = x.shape, weight.shape
    rows, cols = (h + 2 * padding - kh) // stride + 1, (w + 2 * padding - kw) // stride + 1
    y = torch.empty(n, o, rows, cols)
    for b in range(n):
        for k in range(o):
            for i in range(rows):
                for j in range(cols):
                    total = 0.0 if bias is None else bias[k].item()
                    for d in range(c):
                        for u in range(kh):
                            row = image[b][d][i * stride + u]
                            for v in range(kw):
                                total += row[j * stride + v] * kernels[k][d][u][v]
                    y[b, k, i, j] = total
    return y


@wrong(CONV, told="bias is left out")
def conv2d_without_bias(x, weight, bias=None, stride=1, padding=0):
    return conv2d_im2col(x, weight, None, stride, padding)


@wrong(CONV, told="zeros are not added")
def conv2d_unpadded(x, weight, bias=None, stride=1, padding=0):
    return conv2d_im2col(x, weight, bias, stride)


@wrong(CONV, told="stride is not used")
def conv2d_stride_ignored(x, weight, bias=None, stride=1, padding=0):
    return conv2d_im2col(x, weight, bias, 1, padding)


@wrong(CONV, told="kernel is flipped")
def conv2d_mathematical(x, weight, bias=None, stride=1, padding=0):
    return conv2d_shift_and_add(x, torch.flip(weight, (-1, -2)), bias, stride, padding)


@wrong(CONV, told="averaged over the channels")
def conv2d_channels_averaged(x, weight, bias=None, stride=1, padding=0):
    y = conv2d_im2col(x, weight, None, stride, padding) / x.shape[1]
    return y if bias is None else y + bias.view(1, -1, 1, 1)


@wrong(CONV)
def conv2d_first_channel(x, weight, bias=None, stride=1, padding=0):
    return conv2d_im2col(x[:, :1], weight[:, :1], bias, stride, padding)


@wrong(CONV, told="")
def conv2d_bias_for_each_channel(x, weight, bias=None, stride=1, padding=0):
    return conv2d_im2col(x, weight, None if bias is None else bias * x.shape[1], stride, padding)


@wrong(CONV)
def conv2d_square_images(x, weight, bias=None, stride=1, padding=0):
    y = conv2d_im2col(x, weight, bias, stride, padding)
    return y.reshape(len(y), len(weight), y.shape[3], y.shape[2])


@wrong(CONV)
def conv2d_stride_of_rows(x, weight, bias=None, stride=1, padding=0):
    return conv2d_im2col(x, weight, bias, 1, padding)[:, :, ::stride]


@wrong(CONV, told="")
def conv2d_replicated(x, weight, bias=None, stride=1, padding=0):
    return conv2d_im2col(F.pad(x, (padding,) * 4, mode="replicate"), weight, bias, stride)


@wrong(CONV)
def conv2d_one_pixel_of_padding(x, weight, bias=None, stride=1, padding=0):
    return conv2d_im2col(x, weight, bias, stride, min(padding, 1))


@wrong(CONV)
def conv2d_stride_two_at_most(x, weight, bias=None, stride=1, padding=0):
    return conv2d_im2col(x, weight, bias, min(stride, 2), padding)


@wrong(CONV, told="")
def conv2d_kernel_transposed(x, weight, bias=None, stride=1, padding=0):
    return conv2d_im2col(x, weight.transpose(2, 3), bias, stride, padding)


@wrong(CONV)
def conv2d_hanging_over(x, weight, bias=None, stride=1, padding=0):
    h, w = ((s + 2 * padding - k) % stride for s, k in zip(x.shape[2:], weight.shape[2:], strict=True))
    more = ((stride - w) % stride, (stride - h) % stride)
    padded = F.pad(x, (padding, padding + more[0], padding, padding + more[1]))
    return conv2d_im2col(padded, weight, bias, stride)


@wrong(CONV)
def conv2d_in_place(x, weight, bias=None, stride=1, padding=0):
    y = conv2d_im2col(x, weight, bias, stride, padding)
    weight /= 2
    return y


@right(POOL)
def pool_loops(x, kernel_size, stride=None, padding=0):
    stride = stride or kernel_size
    max_pool2d = F.pad(x, (padding,) * 4, value=-float("inf")).tolist()
    rows, cols = ((s + 2 * padding - kernel_size) // stride + 1 for s in x.shape[2:])
    return torch.tensor(
        [
            [
                [
                    [
                        max(
                            plane[i * stride + u][j * stride + v]
                            for u in range(kernel_size)
                            for v in range(kernel_size)
                        )
                        for j in range(cols)
                    ]
                    for i in range(rows)
                ]
                for plane in image
            ]
            for image in max_pool2d
        ]
    )


@right(POOL)
def pool_numpy(x, kernel_size, stride=None, padding=0):
    stride = kernel_size if stride is None else stride
    around = ((0, 0), (0, 0), (padding, padding), (padding, padding))
    image = np.pad(x.numpy().astype(np.float64), around, constant_values=-np.inf)
    view = np.lib.stride_tricks.sliding_window_view(image, (kernel_size, kernel_size), axis=(2, 3))
    return torch.tensor(view[:, :, ::stride, ::stride].max(axis=(-1, -2)))


@wrong(POOL)
def pool_lowest_number(x, kernel_size, stride=None, padding=0):
    if stride is None:
        stride = kernel_size
    x = F.pad(x, [padding] * 4, "constant", torch.finfo(x.dtype).min)
    b, c, h, w = x.shape
    columns = F.unfold(x.view(b * c, 1, h, w), kernel_size, stride=stride)
    values, _ = columns.max(dim=1)
    return values.view(b, c, (h - kernel_size) // stride + 1, (w - kernel_size) // stride + 1)


@right(POOL)
def pool_by_maximum(x, kernel_size, stride=None, padding=0):
    stride = kernel_size if stride is None else stride
    n, c, h, w = x.shape
    rows, cols = (h + 2 * padding - kernel_size) // stride + 1, (w + 2 * padding - kernel_size) // stride + 1
    canvas = torch.full((n, c, h + 2 * padding, w + 2 * padding), float("-inf"))
    canvas[:, :, padding : padding + h, padding : padding + w] = x
    out = torch.full((n, c, rows, cols), float("-inf"))
    for u in range(kernel_size):
        for v in range(kernel_size):
            part = canvas[:, :, u : u + (rows - 1) * stride + 1 : stride]
            out = torch.maximum(out, part[..., v : v + (cols - 1) * stride + 1 : stride])
    return out


@right(POOL)
def pool_clipped_windows(x, kernel_size, stride=None, padding=0):
    stride = stride if stride is not None else kernel_size
    h, w = x.shape[-2:]
    rows = range(-padding, h + padding - kernel_size + 1, stride)
    cols = range(-padding, w + padding - kernel_size + 1, stride)
    lines = []
    for r in rows:
        band = x[:, :, max(r, 0) : r + kernel_size]
        lines.append(torch.stack([band[..., max(q, 0) : q + kernel_size].amax((2, 3)) for q in cols], -1))
    return torch.stack(lines, dim=2)


def _pooled(x, kernel_size, stride=None, padding=0, fill=float("-inf")):
    stride = kernel_size if stride is None else stride
    x = F.pad(x, (padding,) * 4, value=fill)
    return x.unfold(2, kernel_size, stride).unfold(3, kernel_size, stride).amax((-1, -2))


@wrong(POOL, told="padded with 0")
def pool_zeros(x, kernel_size, stride=None, padding=0):
    return _pooled(x, kernel_size, stride, padding, fill=0.0)


@wrong(POOL, told="not low enough")
def pool_minus_billion(x, kernel_size, stride=None, padding=0):
    return _pooled(x, kernel_size, stride, padding, fill=-1e9)


@wrong(POOL, told="not low enough")
def pool_minus_ten_thousand(x, kernel_size, stride=None, padding=0):
    return _pooled(x, kernel_size, stride, padding, fill=-1e4)


@wrong(POOL, told="not low enough")
def pool_minus_one(x, kernel_size, stride=None, padding=0):
    return _pooled(x, kernel_size, stride, padding, fill=-1.0)


@wrong(POOL, told="stride is not used")
def pool_side_by_side(x, kernel_size, stride=None, padding=0):
    return _pooled(x, kernel_size, None, padding)


@wrong(POOL, told="move on by 1")
def pool_stride_one(x, kernel_size, stride=None, padding=0):
    return _pooled(x, kernel_size, stride or 1, padding)


@wrong(POOL, told="no padding")
def pool_unpadded(x, kernel_size, stride=None, padding=0):
    return _pooled(x, kernel_size, stride)


@wrong(POOL, told="one side")
def pool_one_sided(x, kernel_size, stride=None, padding=0):
    return _pooled(F.pad(x, (0, padding, 0, padding), value=float("-inf")), kernel_size, stride)


@wrong(POOL, told="smallest")
def pool_minimum(x, kernel_size, stride=None, padding=0):
    return -_pooled(-x, kernel_size, stride, padding)


@wrong(POOL)
def pool_rows_only(x, kernel_size, stride=None, padding=0):
    x = F.pad(x, (padding,) * 4, value=float("-inf"))
    return x.unfold(2, kernel_size, stride or kernel_size).amax(-1)


@wrong(POOL)
def pool_over_channels(x, kernel_size, stride=None, padding=0):
    return _pooled(x, kernel_size, stride, padding).amax(1, keepdim=True)


@wrong(POOL)
def pool_stride_two_at_least(x, kernel_size, stride=None, padding=0):
    return _pooled(x, kernel_size, max(2, stride or kernel_size), padding)


@wrong(POOL)
def pool_square(x, kernel_size, stride=None, padding=0):
    side = min(x.shape[-2:])
    return _pooled(x[..., :side, :side], kernel_size, stride, padding)


@wrong(POOL)
def pool_by_magnitude(x, kernel_size, stride=None, padding=0):
    return _pooled(x.abs(), kernel_size, stride, padding)


@wrong(POOL)
def max_pool_padded_with_the_least_number(x, kernel_size, stride=None, padding=0):
    x = F.pad(x, (padding,) * 4, value=torch.finfo(x.dtype).min)
    step = stride or kernel_size
    return x.unfold(2, kernel_size, step).unfold(3, kernel_size, step).amax((-2, -1))


@wrong(CONV, "without a transpose")
def conv_not_transposed(x, weight, bias=None, stride=1, padding=0):
    columns = F.unfold(x, weight.shape[2:], padding=padding, stride=stride).transpose(1, 2)
    y = columns @ weight.flatten(1).T
    y = y if bias is None else y + bias
    return y.reshape(len(x), len(weight), (x.shape[2] + 2 * padding - weight.shape[2]) // stride + 1, -1)


@right(POOL)
def max_pool_padded_with_the_least_pixel(x, kernel_size, stride=None, padding=0):
    x = F.pad(x, (padding,) * 4, value=x.min().item())  # every window holds a pixel
    step = stride or kernel_size
    return x.unfold(2, kernel_size, step).unfold(3, kernel_size, step).amax((-2, -1))


@wrong("convolution-code-conv2d")
def conv_of_rounded_sizes(x, weight, bias=None, stride=1, padding=0):
    x = F.pad(x, (padding,) * 4)
    (h, w), (kh, kw) = x.shape[-2:], weight.shape[-2:]
    sizes = round((h - kh) / stride + 1), round((w - kw) / stride + 1)
    x = F.pad(x, (0, stride, 0, stride))
    y = torch.zeros(len(x), len(weight), *sizes)
    for i in range(sizes[0]):
        for j in range(sizes[1]):
            window = x[:, :, i * stride : i * stride + kh, j * stride : j * stride + kw]
            y[:, :, i, j] = torch.einsum("nchw,ochw->no", window, weight)
    return y if bias is None else y + bias[:, None, None]


@wrong("convolution-code-max-pool", told="move on by 2")
def max_pool_by_two(x, kernel_size, stride=None, padding=0):
    x = F.pad(x, [padding] * 4, value=-torch.inf)
    step = 2 if stride is None else stride
    return x.unfold(2, kernel_size, step).unfold(3, kernel_size, step).amax((-1, -2))


@wrong(POOL)
def pool_strides_up_to_3(x, kernel_size, stride=None, padding=0):
    return F.max_pool2d(x, kernel_size, stride and min(stride, 3), padding)
