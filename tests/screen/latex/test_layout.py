"""Formulas: what a reader of papers expects to see, row by row."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from quizcli.screen.latex.layout import display, inline, inline_parts, unshowable
from quizcli.screen.terminal.text_box import Box
from quizcli.text import use_language

ON_ONE_ROW = [
    (r"\frac{1}{2}", "1/2"),
    (r"\frac12 x", "(1/2)x"),
    (r"\sqrt{d_k}", "√dₖ"),
    (r"\sqrt{\pi/(\pi-1)}", "√(π/(π − 1))"),
    (r"\sqrt[3]{x}", "³√x"),
    (r"\hat{x}=\frac{x-\mu}{\sqrt{\sigma^2+\epsilon}}", "x̂ = (x − μ)/√(σ² + ϵ)"),
    (r"\text{softmax}\left(\frac{QK^\top}{\sqrt{d_k}}\right)V", "softmax(QKᵀ/√dₖ)V"),
    (r"D_{\mathrm{KL}}(q \,\|\, p) \ge 0", "D_KL(q ‖ p) ≥ 0"),
    (r"\lVert w\rVert_1 + \lambda\|w\|_2^2", "‖w‖₁ + λ‖w‖₂²"),
    (r"\sum_{i=1}^n x_i", "∑ᵢ₌₁ⁿ xᵢ"),
    (r"z = \mu + \sigma\odot\epsilon,\ \epsilon\sim\mathcal{N}(0, I)", "z = μ + σ ⊙ ϵ, ϵ ∼ 𝒩(0, I)"),
    (r"p_\theta(x\mid z)", "p_θ(x | z)"),
    (r"q(z|x)", "q(z|x)"),
    (r"\nabla_\theta L", "∇_θ L"),
    (r"\min_G\max_D V(D,G)", "min_G max_D V(D, G)"),
    (r"-\log 2", "−log 2"),
    (r"2\ln 2\approx 1.386", "2 ln 2 ≈ 1.386"),
    (r"O(n\log n)", "O(n log n)"),
    (r"W\in\mathbb{R}^{d\times k}", "W ∈ ℝᵈˣᵏ"),
    (r"x_{t-1}, x_{<t}, a_{i,j}, x^{(i)}", "xₜ₋₁, x_<t, aᵢ,ⱼ, x⁽ⁱ⁾"),
    (r"d_{\text{model}} = 512", "d_model = 512"),
    (r"f'(x), D^*(x)", "f′(x), D*(x)"),
    (r"e^{-x^2/2}", "e^(−x²/2)"),
    (r"\exp\left(-\frac{(x-\mu)^2}{2\sigma^2}\right)", "exp(−(x − μ)²/(2σ²))"),
    (r"\log\frac{p}{q}", "log(p/q)"),
    (r"\frac{\partial L}{\partial w}", "∂L/∂w"),
    (r"\frac{p(x)}{q(x)}", "p(x)/q(x)"),
    (r"\frac{a/b}{c}", "(a/b)/c"),
    (r"\tilde{x}, \bar{x}, \hat y, \boldsymbol{\mu}, \mathbf{x}", "x̃, x̄, ŷ, 𝛍, 𝐱"),
    (r"\operatorname{softmax}(x)_i", "softmax(x)ᵢ"),
    (r"x \in \{0,1\}, 50\%", "x ∈ {0, 1}, 50%"),
    (r"1.2\times 10^{-3}", "1.2 × 10⁻³"),
    (r"60{,}000", "60,000"),
    (r"\bigl< x \bigr> < \left<y\right>", "⟨x⟩ < ⟨y⟩"),
    # a script that holds a script
    (r"V^{\pi_\theta}(s)", "V^(π_θ)(s)"),
    (r"e^{z_j}", "e^(zⱼ)"),
    (r"x_{i_j} {x_i}_j {x^2}^3 {x_i}^2", "x_(iⱼ)(xᵢ)ⱼ(x²)³xᵢ²"),
    (r"a^{b'} x_{i'} f'", "a^(b′)x_(i′)f′"),
    (r"W^{[l]} x^{\hat y} \theta^{\ast}", "W^[l]x^ŷ θ*"),
    # what follows a fraction or a root is not taken for a part of it
    (r"\frac{2}{\sqrt{\pi}}\int_0^x e^{-t^2}\,dt", "(2/√π) ∫₀ˣ e^(−t²) dt"),
    (r"\frac1N\sum_i x_i, \frac12\log x, {\frac ab}c", "(1/N) ∑ᵢ xᵢ, (1/2) log x, (a/b)c"),
    (r"\sqrt{2}\pi, \sqrt{2}(x), \sqrt{(a+b)}c", "√2 π, √2 (x), √(a + b)c"),
    # colours, fonts, and what is not seen
    (r"\textcolor{red}{a} + \textcolor[HTML]{FF0000}{b} + {\color{blue} c}", "a + b + c"),
    (r"{\rm KL}(p) + {\bf x} + {\cal L} + \rm{i.i.d.}", "KL(p) + 𝐱 + ℒ + i.i.d."),
    (r"\pmb{\phi} \boldsymbol\nabla \mathfrak{g} \mathds{1}", "𝛟𝛁𝔤𝟙"),
    ("a\u200b =\tb\ufeff", "a = b"),
    ("x\\\tz \\hspace{1em} y \\kern2pt z \\mathstrut\\label{eq:a}", "x z  yz"),
    # text with more in it
    (r"\text{if $x_i > 0$ and \textbf{any} \alpha, 5\%~of}", "if xᵢ > 0 and any α, 5% of"),
    (r"\mbox{s.t. }\,x \text{a\_b} \textrm{caf\'e}", "s.t.  x a_b café"),
    (r"\text{by \cite{he} and \eqref{a}, see \ref{fig:b}; \LaTeX}", "by [he] and (a), see fig:b; LaTeX"),
    # strokes, arrows, operators
    (r"a \not= b \not\in C \not\subset D, \cancel{x}", "a ≠ b ∉ C ⊄ D, x̸"),
    (r"\overrightarrow{x_i} + \vec v + \overleftarrow{h}", "x⃗ᵢ + v⃗ + h⃖"),
    (r"x \xrightarrow{d} y \xleftarrow{} z", "x ─d→ y ← z"),
    (r"\mathop{\rm argmax}_x f \mathbin{@} g", "argmaxₓ f @ g"),
    (r"a \bmod b \equiv c \pmod n", "a mod b ≡ c (mod n)"),
    (r"{a \over b} + {x+1 \over y}", "a/b + (x + 1)/y"),
    (r"\Big( x \Big) \big\| y \big\|", "(x)‖y‖"),
    (r"x = y \tag{2.1}", "x = y    (2.1)"),
    (r"a < b, \propto, (\le)", "a < b, ∝, (≤)"),
    (r"θ ≤ 1", "θ ≤ 1"),
    (r"\text{重构项} + \beta \cdot \text{KL}", "重构项 + β · KL"),
    ("", ""),
]


@pytest.mark.parametrize(("latex", "row"), ON_ONE_ROW)
def test_formulas_within_text_take_one_row(latex: str, row: str) -> None:
    assert inline(latex) == Box.of(row)
    assert unshowable(latex) is None


def _drawn(boxes: tuple[Box, ...]) -> str:
    return "\n".join(row.rstrip() for box in boxes for row in box.rows)


TALL = [
    (
        r"\frac{QK^\top}{\sqrt{d_k}}",
        """
  QKᵀ
 ╶───╴
  √dₖ
""",
    ),
    (
        r"D_{KL} = -\frac{1}{2}\sum_{j=1}^{J}\left(1+\log\sigma_j^2\right)",
        """
          1   J
 D_KL = −╶─╴  ∑  (1 + log σⱼ²)
          2  j=1
""",
    ),
    (
        r"\left(1+\frac{1}{n}\right)^n",
        """
 ⎛     1 ⎞ⁿ
 ⎜1 + ╶─╴⎟
 ⎝     n ⎠
""",
    ),
    (
        r"\sqrt{\frac{2}{n}}",
        """
  ┌───╴
  │ 2
  │╶─╴
 ╲│ n
""",
    ),
    (
        r"f(x)=\begin{cases}x & x>0\\ \alpha x & x\le 0\end{cases}",
        """
        ⎧x   x > 0
 f(x) = ⎨
        ⎩αx  x ≤ 0
""",
    ),
    (
        r"\begin{pmatrix}\cos\theta&-\sin\theta\\ \sin\theta&\cos\theta\end{pmatrix}",
        """
 ⎛cos θ  −sin θ⎞
 ⎝sin θ  cos θ ⎠
""",
    ),
    (
        r"\underbrace{\log p(x)}_{\text{evidence}} \ge \text{ELBO}",
        """
 log p(x) ≥ ELBO
 ╰──┬───╯
 evidence
""",
    ),
    (
        r"\hat y = \underset{k}{\arg\max}\ z_k",
        """
 ŷ = arg max zₖ
        k
""",
    ),
    (
        r"\begin{aligned} L &= L_1 + L_2 \\ &= \tfrac{a}{b} \end{aligned}",
        """
 L = L₁ + L₂

      a
   = ╶─╴
      b
""",
    ),
]


TALL += [
    (
        r"\mathrm{softmax}\Bigg(\frac{QK^\top}{\sqrt{d_k}}\Bigg)V",
        """
        ⎛ QKᵀ ⎞
 softmax⎜╶───╴⎟V
        ⎝ √dₖ ⎠
""",
    ),
    (
        r"\Big[ \frac{a}{b} \,\Big|\, s \Big]^2 + \left\langle \frac{x}{y} \right\rangle",
        """
 ⎡ a  │  ⎤²   ╱ x ╲
 ⎢╶─╴ │ s⎥  + ⟨╶─╴⟩
 ⎣ b  │  ⎦    ╲ y ╱
""",
    ),
    (
        r"{n \choose k} = {a \atop b}",
        """
 ⎛n⎞   a
 ⎜ ⎟ =
 ⎝k⎠   b
""",
    ),
    (
        r"\begin{eqnarray} a &=& b \\ &=& c \newline & & + d \end{eqnarray}",
        """
 a = b
   = c
   + d
""",
    ),
    (
        r"\overrightarrow{AB} = \underbracket{\frac{a}{b}}",
        """
 ─→    a
 AB = ╶─╴
       b
      └─┘
""",
    ),
    (
        r"\left[\begin{array}{c|c} A & b \\ \hline 0 & 1 \end{array}\right]",
        """
 ⎡A│ b⎤
 ⎢─┼──⎥
 ⎣0│ 1⎦
""",
    ),
    (
        r"\left\{ \begin{array}{ll} 1 & \mbox{if $x>0$} \\ 0 & \mbox{else} \end{array} \right.",
        """
 ⎧1  if x > 0
 ⎨
 ⎩0  else
""",
    ),
    (
        r"\begin{align} y &= Wx \tag{1} \\ &\quad + b \end{align}",
        """
 y = Wx    (1)
     + b
""",
    ),
]


@pytest.mark.parametrize(("latex", "drawing"), TALL)
def test_displayed_formulas_stand_upright(latex: str, drawing: str) -> None:
    rows = [row.removeprefix(" ") for row in drawing.strip("\n").split("\n")]
    assert _drawn(display(latex, 76)) == "\n".join(rows)


def test_a_subscript_that_fits_no_row_hangs_below_the_baseline() -> None:
    box = inline(r"\mathbb{E}_{q(z|x)}[\log p(x|z)]")
    assert box.rows == ("𝔼      [log p(x|z)]", " q(z|x)            ")
    assert (box.baseline, box.below) == (0, 1)
    assert box.text == "𝔼      [log p(x|z)]"


def test_the_baseline_is_the_line_of_the_fraction() -> None:
    (box,) = display(r"x = \frac{a}{b}", 40)
    assert box.baseline == 1
    assert box.text == "x = ╶─╴"


def test_long_formulas_break_before_operators() -> None:
    latex = r"\mathcal{L} = \mathbb{E}_{q(z|x)}[\log p(x|z)] - D_{KL}(q(z|x) \| p(z))"
    boxes = display(latex, 30)
    assert [box.text.rstrip() for box in boxes] == ["ℒ = 𝔼      [log p(x|z)]", "  − D_KL(q(z|x)‖p(z))"]
    assert all(box.width <= 30 for box in boxes)
    assert [box.text.strip() for box in inline_parts(r"a = b + c", 40)] == ["a", "= b", "+ c"]


BROKEN = [
    (  # between its lines, then before a sign that stands below its own
        r"\begin{aligned} L &= \alpha + \beta + \gamma \\ &= \delta \end{aligned}",
        12,
        """
 L = α + β
     + γ
   = δ
""",
    ),
    (  # a left side that leaves no room
        r"\begin{aligned} \log p(x, z) &= \alpha \\ &\ge \beta + \gamma \end{aligned}",
        13,
        """
 log p(x, z)
   = α
   ≥ β + γ
""",
    ),
    (
        r"f(x) = \begin{cases} x^2 + y & \text{if } x > 0 \\ 0 & \text{else} \end{cases}",
        18,
        """
        ⎧x² + y
 f(x) = ⎨  if x > 0
        ⎪
        ⎩0  else
""",
    ),
    (  # after a comma rather than within parentheses, before an operator rather than within a sum
        r"a = f(x + y, z), \quad b = c",
        18,
        """
 a = f(x + y, z),
   b = c
""",
    ),
    (
        r"L = \left[ \frac{a}{b} + \sum_i x_i \right]",
        14,
        """
     ⎡ a
 L = ⎢╶─╴
     ⎣ b
   + ∑ xᵢ⎤
     i   ⎦
""",
    ),
    (r"\frac{a + b + c + d}{e + f}", 14, "\n (a + b + c\n   + d)/(e + f)\n"),
]


@pytest.mark.parametrize(("latex", "width", "drawing"), BROKEN)
def test_wide_formulas_are_broken(latex: str, width: int, drawing: str) -> None:
    rows = [row.removeprefix(" ") for row in drawing.strip("\n").split("\n")]
    assert _drawn(display(latex, width)) == "\n".join(rows)


FORMULAS = [
    line
    for line in (Path(__file__).parent / "formulas.tex").read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("%")
]


def test_what_deep_learning_writes_is_drawn() -> None:
    """99 % of formulas in the manner of textbooks, papers and web pages, each within 76 cells."""
    assert len(set(FORMULAS)) >= 300
    missing = [latex for latex in FORMULAS if unshowable(latex)]
    wide = [latex for latex in FORMULAS if max(box.width for box in display(latex, 76)) > 76]
    assert len({*missing, *wide}) <= len(FORMULAS) // 100, (missing, wide)


@pytest.mark.parametrize("width", [40, 60])
def test_narrow_lines_hold_all_but_a_few(width: int) -> None:
    wide = [latex for latex in FORMULAS if max(box.width for box in display(latex, width)) > width]
    assert len(wide) <= len(FORMULAS) // 100, wide


@pytest.mark.parametrize(
    ("latex", "reason"),
    [
        (r"\foo{x}", r"unknown command \foo"),
        (r"x^", "^ lacks its argument"),
        (r"\frac{1}", r"\frac lacks its argument"),
        (r"{a", "} is missing after {"),
        (r"a}", "unexpected }"),
        (r"x_1_2", "two _ on one base"),
        (r"\left( a", r"\right is missing after \left"),
        (r"\left x a \right)", "x is no fence"),
        (r"\begin{foo}a\end{foo}", "unknown environment foo"),
        (r"\begin{matrix}a", r"\end{matrix} is missing"),
        (r"\begin{matrix}a\end{cases}", r"\end{matrix} is missing"),
        (r"a & b", "unexpected &"),
        (r"\text{a $x}", r"an unpaired $ within \text"),
        (r"\text{$\foo$}", r"unknown command \foo"),
        (r"\hspace{wide}", r"\hspace lacks its length"),
        (r"\not", r"\not lacks its argument"),
        (r"\over" * 3000, r"two \over in one group"),
        ("\\text{a\x1b}", "a control character"),
        (r"\text{a", "} is missing"),
        (r"a\\b & c", "unexpected &"),
        ("a\x1b[31m", "a control character"),
        ("{" * 60 + "}" * 60, "nested too deeply"),
        (r"\frac" * 3000 + "1", "nested too deeply"),
    ],
)
def test_what_cannot_be_shown_says_why_and_appears_as_its_source(latex: str, reason: str) -> None:
    assert unshowable(latex) == reason
    assert inline(latex).text == f"${latex}$".replace("\x1b", "\ufffd")
    assert display(latex, 20) == (inline(latex),)


def test_what_no_page_has_room_for_is_told() -> None:
    row = " & ".join(["x" * 10] * 8)
    assert unshowable(rf"\begin{{bmatrix}} {row} \end{{bmatrix}}") == "96 cells wide; a card has 74"


def test_reasons_are_translated() -> None:
    use_language("zh")
    try:
        assert unshowable(r"\foo") == r"未知命令 \foo"
    finally:
        use_language("en")


_PIECES = [
    r"\frac",
    r"\sqrt",
    r"\sum",
    r"\left(",
    r"\right)",
    r"\left[",
    r"\right]",
    r"{",
    r"}",
    r"_",
    r"^",
    r"'",
    r"&",
    r"\\",
    r"x",
    r"\theta",
    r"12",
    r"+",
    r"-",
    r"=",
    r",",
    r"\text{a}",
    r"\hat",
    r"中",
    r"\,",
    r"\|",
    r"\begin{cases}",
    r"\end{cases}",
    r"\begin{aligned}",
    r"\end{aligned}",
    r"\mathbb",
    r"\underbrace",
    r"\int",
    r"\max",
    r"\binom",
    r"\Big(",
    r"\Big)",
    r"\over",
    r"\not",
    r"\rm",
    r"\overrightarrow",
    r"\mathop",
    r"\text{if $x$}",
    r"\xrightarrow",
    r"\tag{1}",
    r"\begin{array}{c|c}",
    r"\end{array}",
    r"\hline",
    r"\tilde",
    r"\widehat",
    r"\boxed",
    r":",
    r"\abs",
    r"\dd",
    r"\dv",
    r"\qty",
    r"\sideset",
    r"\prescript",
]


@given(st.lists(st.sampled_from(_PIECES), max_size=25).map(" ".join), st.integers(10, 60))
def test_any_source_gives_boxes_with_rows_of_one_width(latex: str, width: int) -> None:
    for box in (inline(latex), *inline_parts(latex, width), *display(latex, width)):
        assert 0 <= box.baseline < len(box.rows)
        assert {cell_len(row) for row in box.rows} == {box.width}
    if unshowable(latex) is None:
        assert "�" not in inline(latex).text


@given(st.text(max_size=40))
def test_foreign_text_never_raises_and_never_carries_control_characters(text: str) -> None:
    assert all(row.isprintable() or "\u3000" in row for row in inline(text).rows)


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "latex",
    [
        "a+" * 2000,
        "a," * 2000,
        r"\Big(" * 1000,
        r"a\\" * 1000,
        r"\text{" + r"\(a" * 2000 + "}",
        r"\text{\text{\text{" * 500 + "x" + "}" * 1500,
        "x^{" * 19 + "y" + "}" * 19,
        r"\left(" * 30 + "a" + r"\right)" * 30,
        r"\begin{cases}a&" * 15 + "a" + r"\end{cases}" * 15,
    ],
)
def test_hostile_formulas_take_no_time(latex: str) -> None:
    assert inline(latex).rows
    assert display(latex, 40)
