"""What a reader could take for something else: formulas that must tell apart what differs."""

from __future__ import annotations

import pytest

from quizcli.screen.latex.layout import display, inline, inline_parts, unshowable
from quizcli.screen.terminal.text_box import Box

RELATIONS = [
    (r"x := y", "x := y"),
    (r"x : = y", "x := y"),
    (r"x ::= y =: z", "x ::= y =: z"),
    (r"x :\!\!= y \colon= z", "x := y := z"),
    (r"a \coloneqq b \eqqcolon c \Coloneqq d", "a := b =: c ::= d"),
    ("a ≔ b ≕ c", "a := b =: c"),
    (r"a << b >> c, a :\Leftrightarrow b", "a << b >> c, a :⇔ b"),
    (r"x \vcentcolon= y, x :=_L y", "x := y, x :=_L y"),
    (r"f: X \to Y, a :: b", "f: X → Y, a:: b"),
    (r"a =\; \le b", "a = ≤ b"),
]


@pytest.mark.parametrize(("latex", "row"), RELATIONS)
def test_relations_side_by_side_are_one(latex: str, row: str) -> None:
    assert inline(latex) == Box.of(row)
    assert unshowable(latex) is None


def test_no_line_ends_within_a_relation() -> None:
    assert [box.text.strip() for box in inline_parts("x := y", 40)] == ["x", ":= y"]


SCRIPTS = [
    (r"e^{i\pi}x, e^{i}\pi", "e^(iπ)x, eⁱπ"),
    (r"e^{\alpha\beta}, x_{\alpha\beta}, x^{\lambda f}", "e^(αβ), x_(αβ), x^(λf)"),
    (r"f'_{\theta\phi}, f_{\theta\phi}'", "f_(θϕ)′, f_(θϕ)′"),
    (r"x_{2d}y, x_{d}y, x_{\theta}^{i\pi}", "x_(2d)y, x_d y, x_θ^(iπ)"),
    (r"x_{ij}^{kl}", "xᵢⱼᵏˡ"),
    (r"\operatorname{prox}_{\lambda f}(v)", "prox_(λf)(v)"),
    # one symbol or one word needs none
    (r"x_\theta, x^\omega, d_{\text{model}}, D_{KL}, x^{\text{Query}}", "x_θ, x^ω, d_model, D_KL, x^Query"),
    # what follows is not taken in
    (r"\nabla_{\hat{\mathbf{x}}}D, x_{<t}y, L^\infty x", "∇_𝐱̂ D, x_<t y, L^∞ x"),
]


@pytest.mark.parametrize(("latex", "row"), SCRIPTS)
def test_where_a_script_ends_can_be_seen(latex: str, row: str) -> None:
    assert inline(latex) == Box.of(row)


MARKS = [
    (r"\widehat{AB}C", ["╱╲", "ABC"]),
    (r"\widehat{Var}(x)", ["╱‾╲", "Var(x)"]),
    (r"\widetilde{xyz}", ["~~~", "xyz"]),
    (r"\vec{AB}\vec{CD}", ["─→ ─→", "AB CD"]),
    (r"\check{AB} + \utilde{AB}", ["╲╱", "AB + AB", "     ~~"]),
    (r"\dot{xy}z", [" ·", "(xy)z"]),
    (r"\hat{x}^2 + \hat{x^2}", ["     ╱╲", "x̂² + x²"]),
    (r"\hat{x_i} + \hat{x'} + \bar{\mathbf{x}}", ["x̂ᵢ + x̂′ + 𝐱̄"]),
    (r"\overline{AB}\overline{CD}", ["A̅B̅ C̅D̅"]),
]


@pytest.mark.parametrize(("latex", "rows"), MARKS)
def test_a_mark_shows_what_it_reaches(latex: str, rows: list[str]) -> None:
    assert [row.rstrip() for row in inline(latex).rows] == rows


SMALL_SIGNS = [
    (r"90^\circ, 90^{\circ}, 20\,^\circ\mathrm{C}, 20^{\circ C}, 20^\degree", "90°, 90°, 20 °C, 20°C, 20°"),
    (r"f \circ g^{\circ 2}, f^{\circ n}", "f ∘ g^(∘2), f^(∘n)"),
    (r"f^{\dagger}, A^{\ddagger}, A^{\top}, A^{\intercal}, A^{\prime}", "f†, A‡, Aᵀ, Aᵀ, A′"),
    (r"A^{*}B, D^*(x), a * b", "A* B, D*(x), a * b"),
]


@pytest.mark.parametrize(("latex", "row"), SMALL_SIGNS)
def test_signs_that_stand_high_are_drawn_high(latex: str, row: str) -> None:
    assert inline(latex) == Box.of(row)


FRAMES = [
    (r"\boxed{E = mc^2} + 1", 40, ["┌─────────┐", "│ E = mc² │ + 1", "└─────────┘"]),
    (
        r"\fbox{a b} + \fcolorbox{red}{blue}{$x$}",
        40,
        ["┌─────┐   ┌───┐", "│ a b │ + │ x │", "└─────┘   └───┘"],
    ),
    (r"\boxed{aaaa + bbbb}", 10, ["[aaaa", "  + bbbb]"]),
    (r"\colorbox{red}{$x$}", 40, ["x"]),
]


@pytest.mark.parametrize(("latex", "width", "rows"), FRAMES)
def test_a_box_is_a_frame_or_brackets_where_it_is_too_wide(latex: str, width: int, rows: list[str]) -> None:
    assert [row.rstrip() for box in display(latex, width) for row in box.rows] == rows


FROM_PACKAGES = [
    (r"x\prescript{14}{}{C} + \prescript{}{n}{C}_k", "x ¹⁴C + ₙCₖ"),
    (r"\int f \dd x + \int f\dd{x} + \int \dd[3]{x} f", "∫ f dx + ∫ f dx + ∫ d³x f"),
    (
        r"\abs{x}^2 + \abs*{\frac{a}{b}} + \norm{x}_2 + \norm[\big]{y} + \abs x",
        "|x|² + |a/b| + ‖x‖₂ + ‖y‖ + |x|",
    ),
    (r"\KL(p\|q) + \rank A + \softmax(x)_i + \argmax_x f", "KL(p‖q) + rank A + softmax(x)ᵢ + argmaxₓ f"),
    (r"\dv{f}{x} + \dv[2]{f}{x} + \pdv{x}f + \pdv{f}{x}{y}", "df/dx + d²f/dx² + (∂/∂x)f + ∂²f/(∂x∂y)"),
    (r"\E[x] \in \R^d, \bm x, \mathds{1}, X^\T, p(x \given y)", "𝔼[x] ∈ ℝᵈ, 𝐱, 𝟙, Xᵀ, p(x | y)"),
    (r"\braket{a}{b} + \ket\psi + \floor{x/2} + \order{n^2}", "⟨a | b⟩ + |ψ⟩ + ⌊x/2⌋ + 𝒪(n²)"),
    (r"\frac{\dd f}{\dd x}, x^\abs{y}, \frac12\abs x", "df/dx, x^|y|, (1/2)|x|"),
    (r"\qty[f(x)] + \qty(f(x) + y) + \qty{z}", "[f(x)] + (f(x) + y) + {z}"),
    (r"\sideset{}{'}\sum_i x_i + \sideset{_a}{_b}\prod y", "∑′ᵢ xᵢ + ₐ∏_b y"),
]


@pytest.mark.parametrize(("latex", "row"), FROM_PACKAGES)
def test_what_papers_take_from_packages_is_known(latex: str, row: str) -> None:
    assert inline(latex) == Box.of(row)
    assert unshowable(latex) is None


def test_a_script_beside_a_large_operator_stays_beside_it() -> None:
    (box,) = display(r"\sideset{}{'}\sum_i x_i", 40)
    assert [row.rstrip() for row in box.rows] == ["∑′ xᵢ", "i"]


@pytest.mark.parametrize(
    "latex", [r"\abs", r"\abs{", r"\dv", r"\pdv{x}{", r"\dd[", r"\qty(f(x)", r"\prescript{a}"]
)
def test_what_lacks_an_argument_is_shown_as_its_source(latex: str) -> None:
    assert inline(latex) == Box.of(f"${latex}$")


NEIGHBOURS = [
    (r"\textit{word} y + \mathrm{Var}X + \lambda\text{KL}", "word y + Var X + λ KL"),
    (
        r"n\text{-gram}, \Delta\text{loss}, \mathrm{d}x, 2\text{nd}, \text{if }x",
        "n-gram, Δloss, dx, 2nd, if x",
    ),
    (r"\mathbb{V}\mathrm{ar}(X)", "𝕍ar(X)"),
    (r"f\star g + f^\star, X \indep Y", "f ⋆ g + f⋆, X ⊥⊥ Y"),
    (r"\frac{\mathrm{d}y}{\mathrm{d}x}", "dy/dx"),
    (r"\frac{\text{hits}}{\text{all hits}} + \frac{\text{a b}}{2}", "hits/(all hits) + (a b)/2"),
    (
        r"\log\frac{a}{b} + \log\frac{a}{b}c + \sup\frac1m\sum_i x_i",
        "log(a/b) + log (a/b)c + sup (1/m) ∑ᵢ xᵢ",
    ),
]


@pytest.mark.parametrize(("latex", "row"), NEIGHBOURS)
def test_neighbours_keep_apart_or_together(latex: str, row: str) -> None:
    assert inline(latex) == Box.of(row)


def test_a_power_of_a_fraction_is_no_power_of_what_stands_above() -> None:
    (box,) = display(r"\frac{a}{b}^2", 40)
    assert [row.rstrip() for row in box.rows] == ["⎛ a ⎞²", "⎜╶─╴⎟", "⎝ b ⎠"]


EQUATIONS = [
    (r"\begin{aligned} x :&= y \\ &\le z \end{aligned}", ["x := y", "  ≤ z"]),
    (r"\begin{align} a &= b & c &= d \\ e &= f & g &= h \end{align}", ["a = b   c = d", "e = f   g = h"]),
]


@pytest.mark.parametrize(("latex", "rows"), EQUATIONS)
def test_aligned_equations_keep_apart_and_their_relations_whole(latex: str, rows: list[str]) -> None:
    assert [row.rstrip() for box in display(latex, 40) for row in box.rows] == rows


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "latex",
    [
        ":" * 3000 + "=",
        ":=" * 3000,
        r"\!" * 3000 + "=",
        r"\qty(" * 1500 + "x" + ")" * 1500,
        r"\abs" * 3000 + "x",
    ],
)
def test_hostile_relations_and_commands_take_no_time(latex: str) -> None:
    assert inline(latex).rows
    assert display(latex, 40)
