"""U-Net finds shapes in noise, with its skip connections and without; and what an up-convolution is.

Ronneberger, Fischer & Brox 2015. First the sizes, counted while the paper's own network computes (572 in, 388
out), and a picture that goes through a convolution and its transpose and does not come back. Then two small
U-Nets, with and without skips, learn the same scenes of blobs, rings and lines hardly wider than a pixel.
"""

import time
from collections.abc import Iterator
from itertools import product
from typing import Annotated, Literal

import torch
from torch import Tensor
from torch.nn import functional as F

from answers.kit.acts import Acts
from answers.kit.threads import one_thread
from answers.unet.unet.scenes import BLOB, DENOISE, LINE, SEGMENT, SIDE, scenes, shown, square
from answers.unet.unet.skips import EARLY, Recipe, score, train, two_networks
from answers.unet.unet.upconvolution import convolved, most_to_fewest, sides_of, transposed, upsampled
from models.unet import UNet
from quizcli.demo.events import Claim, Event, Note, Scalars, Started, Words
from quizcli.demo.option import Option, Pace, Seed

TITLE = {"en": "U-Net, with skips and without", "zh": "U-Net：有跳跃连接与没有"}
QUICK = {"steps": 60, "depth": 2, "pace": 0.0}

LAYOUT = (("pictures", "dice"),)
PADDINGS: dict[str, Words] = {
    "valid": {"en": "valid", "zh": "不填充"},
    "same": {"en": "same", "zh": "填充"},
}
TESTED = 128  # scenes for the claims
KERNELS = 12  # convolutions that are tried backwards


def demonstrate(
    steps: Annotated[int, Option(min=30, max=5000, help={"en": "training steps", "zh": "训练步数"})] = 200,
    channels: Annotated[
        int, Option(min=4, max=64, help={"en": "channels of the top level", "zh": "顶层通道数"})
    ] = 8,
    depth: Annotated[int, Option(min=1, max=4, help={"en": "poolings", "zh": "池化次数"})] = 3,
    noise: Annotated[float, Option(min=0, max=2, help={"en": "noise in the images", "zh": "图像噪声"})] = 0.3,
    task: Annotated[
        Literal["segment", "denoise"],
        Option(help={"en": "find the shapes, or predict the noise", "zh": "分割形状，或预测噪声"}),
    ] = "segment",
    mistake: Annotated[
        Literal["none", "no-skips"],
        Option(help={"en": "take the skips from both networks", "zh": "no-skips：两个网络都去掉跳跃连接"}),
    ] = "none",
    pace: Pace = 0.06,
    seed: Seed = 0,
) -> Iterator[Event]:
    """Three acts: sizes, a convolution backwards, and two networks that learn the same scenes."""
    yield Started(layout=LAYOUT)
    generator = torch.Generator().manual_seed(seed)
    acts = Acts(2, 2, 6)
    yield from acts.play(_sizes(pace), "sizes", "尺寸")
    yield from _size_claims()
    yield from acts.play(_backwards(generator, pace), "a convolution backwards", "反着做卷积")

    recipe = Recipe(steps, channels, depth, noise, DENOISE if task == "denoise" else SEGMENT)
    networks = two_networks(recipe, mistake, seed)
    with one_thread():
        early = yield from acts.play(train(networks, recipe, generator))
        yield from _claims(networks, recipe, early, generator)
    yield Note(text=WHAT_YOU_SAW[task if mistake == "none" else mistake])


# Sizes


def _sizes(pace: float) -> Iterator[Event]:
    """How large the maps are after each layer of the paper's network: the U that gives it its name."""
    sides = {padding: sides_of(padding) for padding in ("valid", "same")}
    for layer in range(len(sides["valid"])):
        yield Scalars(
            panel="dice",
            x=layer,
            values={padding: float(side[layer]) for padding, side in sides.items()},
            names=PADDINGS,
            title={"en": "side of the maps in pixels, layer by layer", "zh": "逐层特征图的边长（像素）"},
            x_label={"en": "layers", "zh": "层"},
        )
        time.sleep(pace)


def _size_claims() -> Iterator[Event]:
    yield Claim(
        id="valid-output-is-388",
        measured=sides_of("valid")[-1],
        relation="==",
        expected=388,
        text={
            "en": "the paper's U-Net on 572 × 572 pixels: side of its output in pixels",
            "zh": "原论文的 U-Net，输入 572 × 572：输出边长（像素）",
        },
    )
    with torch.device("meta"):
        parameters = sum(parameter.numel() for parameter in UNet().parameters())
    yield Claim(
        id="has-31030658-parameters",
        measured=parameters / 1e6,
        relation="==",
        expected=31.030658,
        text={
            "en": f"its parameters in millions: {parameters:,} (1 channel in, 2 classes)",
            "zh": f"它的参数量（百万）：共 {parameters:,} 个（输入 1 个通道，2 类）",
        },
    )
    sizes = list(product((1, 7, 28), (2, 3, 4, 5), (1, 2, 3), (0, 1)))  # n, k, s, p
    yield Claim(
        id="transposed-size-follows-formula",
        measured=sum(upsampled(*size) == (size[0] - 1) * size[2] - 2 * size[3] + size[1] for size in sizes),
        relation="==",
        expected=len(sizes),
        text={
            "en": "ConvTranspose2d settings whose output is (n − 1)·s − 2p + k wide; "
            f"n = 7, k = 4, s = 2, p = 1 gives {upsampled(7, 4, 2, 1)}, the U-Net's 28, 2, 2, 0 gives "
            f"{upsampled(28, 2, 2, 0)}",
            "zh": "输出边长等于 (n − 1)·s − 2p + k 的 ConvTranspose2d 设置个数；"
            f"n = 7、k = 4、s = 2、p = 1 得 {upsampled(7, 4, 2, 1)}，U-Net 的 28、2、2、0 得 "
            f"{upsampled(28, 2, 2, 0)}",
        },
    )


# A convolution backwards


def _backwards(generator: torch.Generator, pace: float) -> Iterator[Event]:
    """Convolve a picture with stride 2, then go back with the same weights: something else arrives."""
    x = shown(noise=0.0).masks  # (1, 1, 32, 32)
    errors = []
    for _ in range(KERNELS):
        weight = torch.randn(1, 1, 3, 3, generator=generator)
        y = convolved(x, weight)  # (1, 1, 16, 16)
        back = transposed(y, weight)  # (1, 1, 32, 32)
        # The scale is free: the best one is taken before the two are compared.
        back = back * (x * back).sum() / back.square().sum().clamp(min=1e-12)
        errors.append(((x - back).norm() / x.norm()).item())
        yield square(
            [x, F.interpolate(_as_picture(y), SIDE), _as_picture(back), (x - back).abs()],
            {
                "en": f"image, convolved / back: {errors[-1]:.0%} off",
                "zh": f"原图、卷积后 / 转置回去、差：{errors[-1]:.0%}",
            },
        )
        time.sleep(2 * pace)
    yield from _backwards_claims(min(errors), generator)


def _backwards_claims(error: float, generator: torch.Generator) -> Iterator[Event]:
    yield Claim(
        id="deconvolution-is-no-inverse",
        measured=error,
        relation=">=",
        expected=0.3,  # 0.59 to 0.84; an inverse leaves 0
        text={
            "en": f"relative error after a convolution and its transpose: the smallest of {KERNELS} kernels",
            "zh": f"卷积后再做同一权重的转置卷积，与原图的相对误差：{KERNELS} 个卷积核中最小的",
        },
    )
    x, weight = (torch.randn(1, 1, n, n, generator=generator, dtype=torch.float64) for n in (SIDE, 3))
    y = torch.randn(convolved(x, weight).shape, generator=generator, dtype=torch.float64)
    there, back = (convolved(x, weight) * y).sum(), (x * transposed(y, weight)).sum()
    yield Claim(
        id="deconvolution-is-the-transpose",
        measured=((there - back).abs() / (x.norm() * transposed(y, weight).norm())).item(),
        relation="<=",
        expected=1e-12,
        text={
            "en": "⟨Cx, y⟩ and ⟨x, Cᵀy⟩ differ by (C the convolution, relative to the lengths)",
            "zh": "⟨Cx, y⟩ 与 ⟨x, Cᵀy⟩ 之差（C 为卷积，相对于向量长度）",
        },
    )
    uneven = {k: most_to_fewest(k) for k in (2, 3, 4)}
    yield Claim(
        id="kernel-three-makes-checkerboard",
        measured=uneven[3],
        relation="==",
        expected=4.0,
        text={
            "en": "contributions to a pixel, most ÷ fewest, kernel 3 and stride 2 "
            f"(kernel 2: {uneven[2]:g}, kernel 4: {uneven[4]:g})",
            "zh": "核 3、步幅 2 时，一个像素得到的贡献数，最多 ÷ 最少"
            f"（核 2：{uneven[2]:g}，核 4：{uneven[4]:g}）",
        },
    )


def _as_picture(y: Tensor) -> Tensor:
    return (y - y.min()) / (y.max() - y.min()).clamp(min=1e-12)


# With skips and without


def _claims(
    networks: list[UNet], recipe: Recipe, early: list[float], generator: torch.Generator
) -> Iterator[Event]:
    if recipe.steps < 60 or recipe.channels < 8 or recipe.depth < 2 or not 0.1 <= recipe.noise <= 0.3:
        yield Note(text=NOTHING_SETTLED)
    elif recipe.task is DENOISE:
        yield from _noise_claims(networks, recipe, generator)
    else:
        yield from _dice_claims(networks, recipe, early, generator)


def _noise_claims(networks: list[UNet], recipe: Recipe, generator: torch.Generator) -> Iterator[Event]:
    test = scenes(TESTED, generator, recipe.noise)
    with_skips, without = (score(network, test, DENOISE) for network in networks)
    yield Claim(
        id="unet-predicts-the-noise",
        measured=with_skips,
        relation=">=",
        # Seeds 0 to 4: 0.76 to 0.83 after 200 steps, 0.25 to 0.76 after 60; without skips 0.00 to two places.
        expected=0.5 if recipe.steps >= 200 else 0.1,
        text={
            "en": f"share of the noise in new scenes that the U-Net predicts (without skips: {without:z.2f})",
            "zh": f"新场景的噪声中，U-Net 预测出的占比（没有跳跃连接：{without:z.2f}）",
        },
    )


def _dice_claims(
    networks: list[UNet], recipe: Recipe, early: list[float], generator: torch.Generator
) -> Iterator[Event]:
    # Bounds: seeds 0 to 5, in the default form and in the quick one.
    test = scenes(TESTED, generator, recipe.noise)
    with_skips, without = (score(network, test, SEGMENT) for network in networks)
    yield Claim(
        id="unet-reaches-dice",
        measured=with_skips,
        relation=">=",
        expected=0.85,  # 0.940 to 0.948, in the quick form 0.899 to 0.919; without skips 0.69 to 0.75
        text={
            "en": f"Dice on {TESTED} new scenes with skips (without: {without:.3f})",
            "zh": f"{TESTED} 幅新场景上的 Dice，有跳跃连接（没有：{without:.3f}）",
        },
    )
    yield Claim(
        id="skips-lead-early",
        measured=early[0] - early[1],
        relation=">=",
        expected=0.08,  # 0.17 to 0.91, and 0.177 to 0.213; without skips in either network exactly 0
        text={
            "en": f"Dice with skips − without, after {EARLY} steps ({early[0]:.3f} − {early[1]:.3f})",
            "zh": f"训练 {EARLY} 步后，有跳跃连接与没有的 Dice 之差（{early[0]:.3f} − {early[1]:.3f}）",
        },
    )
    blobs, lines = (scenes(TESTED, generator, recipe.noise, (kind,)) for kind in (BLOB, LINE))
    (blob, blob_without), (line, line_without) = (
        [score(network, kind, SEGMENT) for network in networks] for kind in (blobs, lines)
    )
    yield Claim(
        id="thin-lines-need-skips",
        measured=(line - line_without) - (blob - blob_without),
        relation=">=",
        expected=0.1,  # 0.40 to 0.49, and 0.21 to 0.34; without skips in either network exactly 0
        text={
            "en": f"Dice lost without skips: on lines ({line:.2f} → {line_without:.2f}) more than on blobs "
            f"({blob:.2f} → {blob_without:.2f}) by",
            "zh": f"没有跳跃连接损失的 Dice：细线（{line:.2f} → {line_without:.2f}）"
            f"比圆斑（{blob:.2f} → {blob_without:.2f}）多出多少",
        },
    )


NOTHING_SETTLED: Words = {
    "en": "These settings settle nothing about the networks: take at least 60 steps, 8 channels and 2 "
    "poolings, and noise between 0.1 and 0.3.",
    "zh": "这组设置不足以对网络下结论：请取不少于 60 步、8 个通道、2 次池化，噪声在 0.1 与 0.3 之间。",
}

WHAT_YOU_SAW: dict[str, Words] = {
    "segment": {
        "en": "What you just saw: pooling buys context and pays with place. Without skips all must pass the "
        "bottom of the U: the network knows that a shape is there, paints it blurred, and thin lines suffer "
        "most. Skips stack the fine maps beside the upsampled ones, and edges fall into place within a few "
        "dozen steps. An up-convolution enlarges with learned weights; it is the transpose of a convolution, "
        "not its inverse, and brings nothing back. Without padding 572 pixels become 388; with padding the "
        "size stays.",
        "zh": "刚才看到的：池化换来上下文，代价是位置精度。没有跳跃连接，一切都得从 U 形底部挤过去："
        "网络知道那里有东西，画出来却是糊的，细线损失最大。"
        "跳跃连接把高分辨率特征图与上采样的特征图拼在一起，几十步之内边缘就对上了。"
        "上卷积只是用学到的权重放大：它是卷积的转置，不是逆运算，丢掉的信息找不回来。"
        "不加填充时 572 变成 388，加了填充尺寸才不变。",
    },
    "denoise": {
        "en": "What you just saw: the same U-Net, another task. It maps an image to an image at full "
        "resolution, and the noise of every pixel is such an image too. Without skips that noise cannot pass "
        "the bottom of the U. This is how diffusion models use a U-Net: it predicts the noise, at many "
        "levels of noise, and is told which. So U-Nets are not for segmentation alone.",
        "zh": "刚才看到的：同一个 U-Net，换了任务。它是保持分辨率的图到图映射，"
        "每个像素上的噪声也是这样一张图；没有跳跃连接，这些噪声过不了 U 形底部。"
        "扩散模型就这样用 U-Net：让它预测各种强度的噪声，并把强度（时间步）告诉它。"
        "所以 U-Net 不只用于分割。",
    },
    "no-skips": {
        "en": "Both networks were left without skips on purpose: the first no longer leads, and the claims "
        "about skips fall.",
        "zh": "这次故意让两个网络都没有跳跃连接：第一个不再领先，关于跳跃连接的几条也就不成立。",
    },
}
