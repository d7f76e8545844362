"""Commands that papers take from packages or define themselves, as what they stand for: \abs{x} is |x|."""

from __future__ import annotations

from quizcli.screen.latex.tokens import Tokens, tokens

# How many arguments a command has, and what it stands for.
_MACROS: dict[str, tuple[int, str]] = {
    "abs": (1, r"\left|#1\right|"),
    "norm": (1, r"\left\|#1\right\|"),
    "ceil": (1, r"\left\lceil #1\right\rceil"),
    "floor": (1, r"\left\lfloor #1\right\rfloor"),
    "set": (1, r"\left\{#1\right\}"),
    "paren": (1, r"\left(#1\right)"),
    "inner": (2, r"\left\langle #1,#2\right\rangle"),
    "ket": (1, r"\left|#1\right\rangle"),
    "bra": (1, r"\left\langle #1\right|"),
    "braket": (2, r"\left\langle #1\middle|#2\right\rangle"),
    "expval": (1, r"\left\langle #1\right\rangle"),
    "order": (1, r"\mathcal{O}\left(#1\right)"),
    "vb": (1, r"\mathbf{#1}"),
    "vect": (1, r"\mathbf{#1}"),
    "mat": (1, r"\mathbf{#1}"),
    "given": (0, r"\mid "),
    "T": (0, r"\top "),
    "prescript": (3, r"\,{}^{#1}_{#2}#3"),
    "textsuperscript": (1, r"{}^{\text{#1}}"),
    "textsubscript": (1, r"{}_{\text{#1}}"),
    "eval": (1, r"\left.#1\right|"),
    "LaTeX": (0, r"\text{LaTeX}"),
    "TeX": (0, r"\text{TeX}"),
    "ref": (1, r"\text{#1}"),
    "eqref": (1, r"\text{(#1)}"),
    "cite": (1, r"\text{[#1]}"),
}
_DERIVATIVES = {
    **dict.fromkeys(("dv", "derivative", "odv"), "d"),
    **dict.fromkeys(("pdv", "partialderivative", "pderivative"), r"\partial "),
    **dict.fromkeys(("fdv", "functionalderivative"), r"\delta "),
}
_FENCES = {"(": ")", "[": "]"}
NAMES = frozenset((*_MACROS, *_DERIVATIVES, "dd", "qty", "sideset"))


def expanded(name: str, source: Tokens) -> list[str]:
    """The tokens that a command and its arguments, which are passed, stand for. Raises TexError."""
    command = "\\" + name
    source.take("*")
    if name in _DERIVATIVES:
        return tokens(_derivative(_DERIVATIVES[name], command, source))
    if name == "dd":
        return tokens(_differential(command, source))
    if name == "qty":
        return tokens(_fenced(command, source))
    if name == "sideset":
        before, after, operator = (source.argument(command) for _ in range(3))
        before = "{}" + before if before else ""
        return tokens(rf"\mathop{{{before}{{{operator}}}{after}}}")
    count, latex = _MACROS[name]
    if count:
        source.option()  # the size of its fences
    for number in range(1, count + 1):
        latex = latex.replace(f"#{number}", source.argument(command))
    return tokens(latex)


def _differential(command: str, source: Tokens) -> str:
    r"""\dd x, \dd{x}, \dd[3]{x}: a d with room before it, and after what it belongs to."""
    degree = source.option()
    of = source.argument(command) + r"\," if source.peek() == "{" else ""
    return r"\,d" + (f"^{{{degree}}}" if degree else "") + of


def _fenced(command: str, source: Tokens) -> str:
    r"""\qty(x), \qty[x], \qty{x}: what stands between two fences, which grow."""
    if (opening := source.peek()) not in _FENCES:
        return r"\left\{" + source.source(command) + r"\right\}"
    closing = _FENCES[source.next()]
    inner = source.source_up_to(closing)
    while inner.count(opening) > inner.count(closing):
        inner += closing + source.source_up_to(closing)
    return rf"\left{opening}{inner}\right{closing}"


def _derivative(d: str, command: str, source: Tokens) -> str:
    r"""\dv{x}, \dv{f}{x}, \dv[2]{f}{x}, \pdv{f}{x}{y}: fractions."""
    degree = source.option()
    parts = [source.argument(command)]
    while source.peek() == "{" and len(parts) < (3 if "partial" in d else 2):
        parts.append(source.argument(command))
    what = parts.pop(0) if len(parts) > 1 else ""
    above = degree or ("2" if len(parts) > 1 else "")
    above = f"^{{{above}}}" if above else ""
    below = "".join(f"{d}{part}" + (f"^{{{degree}}}" if degree else "") for part in parts)
    return rf"\frac{{{d}{above}{what}}}{{{below}}}"
