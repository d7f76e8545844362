"""What LaTeX names and the terminal can show: symbols and their kinds, small letters, alphabets, fences.

The kinds decide about spaces, as in The TeXbook, chapter 18: ord (a letter), op (log), limits (max: what
stands below it may stand under it), big (∑), bin (+), rel (=), open, close, punct, and space. `word` is text
in a formula.
"""

from typing import Literal

Kind = Literal[
    "ord", "word", "number", "op", "limits", "big", "bin", "rel", "open", "close", "punct", "space"
]

_NAMES: dict[Kind, str] = {
    "ord": """
        alpha α beta β gamma γ delta δ epsilon ϵ varepsilon ε zeta ζ eta η theta θ vartheta ϑ iota ι kappa κ
        lambda λ mu μ nu ν xi ξ pi π varpi ϖ rho ρ varrho ϱ sigma σ varsigma ς tau τ upsilon υ phi ϕ varphi φ
        chi χ psi ψ omega ω Gamma Γ Delta Δ Theta Θ Lambda Λ Xi Ξ Pi Π Sigma Σ Upsilon Υ Phi Φ Psi Ψ Omega Ω
        infty ∞ partial ∂ nabla ∇ ell ℓ hbar ℏ Re ℜ Im ℑ aleph ℵ emptyset ∅ varnothing ∅ forall ∀ exists ∃ neg
        ¬ lnot ¬ ldots … dots … cdots ⋯ dotsc … dotsb ⋯ vdots ⋮ ddots ⋱ top ⊤ bot ⊥ prime ′ dagger † angle ∠
        square □ star ⋆ | ‖ Vert ‖ vert | _ _ # # $ $ % % & & backslash \\ degree ° checkmark ✓
    """,
    "big": "sum ∑ prod ∏ int ∫ iint ∬ oint ∮ bigcup ⋃ bigcap ⋂ bigoplus ⨁ bigotimes ⨂ bigvee ⋁ bigwedge ⋀",
    "bin": """
        pm ± mp ∓ times × div ÷ cdot · ast * circ ∘ bullet • oplus ⊕ ominus ⊖ otimes ⊗ odot ⊙ oslash ⊘ cup ∪
        cap ∩ setminus ∖ wedge ∧ land ∧ vee ∨ lor ∨ uplus ⊎ sqcup ⊔ diamond ⋄
    """,
    "rel": """
        leq ≤ le ≤ geq ≥ ge ≥ lt < gt > neq ≠ ne ≠ approx ≈ equiv ≡ sim ∼ simeq ≃ cong ≅ propto ∝ ll ≪ gg ≫ in
        ∈ notin ∉ ni ∋ subset ⊂ subseteq ⊆ supset ⊃ supseteq ⊇ to → rightarrow → leftarrow ← gets ←
        leftrightarrow ↔ Rightarrow ⇒ Leftarrow ⇐ Leftrightarrow ⇔ iff ⇔ implies ⇒ mapsto ↦ longrightarrow ⟶
        uparrow ↑ downarrow ↓ mid | parallel ∥ perp ⊥ models ⊨ vdash ⊢ prec ≺ succ ≻ preceq ⪯ succeq ⪰ doteq ≐
        coloneqq ≔ triangleq ≜ asymp ≍ lesssim ≲ gtrsim ≳ leqslant ≤ geqslant ≥
    """,
    "open": "{ { lbrace { lbrack [ langle ⟨ lfloor ⌊ lceil ⌈ lvert | lVert ‖",
    "close": "} } rbrace } rbrack ] rangle ⟩ rfloor ⌋ rceil ⌉ rvert | rVert ‖",
    "punct": "colon :",
}
_WORDS: dict[Kind, str] = {
    "op": "arccos arcsin arctan arg cos cosh cot csc deg dim exp ker lg ln log sec sin sinh tan tanh",
    "limits": "det gcd inf lim liminf limsup max min Pr sup argmax argmin",
}
_CHARACTERS: dict[Kind, str] = {"bin": "+*", "rel": "=<>", "open": "([", "close": ")]", "punct": ",;:"}

COMMANDS: dict[str, tuple[str, Kind]] = {
    name: (sign, kind)
    for kind, names in _NAMES.items()
    for name, sign in zip(names.split()[::2], names.split()[1::2], strict=True)
}
COMMANDS |= {word: (word, kind) for kind, words in _WORDS.items() for word in words.split()}

# Characters that stand for themselves, those that a bank writes without a backslash among them.
CHARACTERS: dict[str, tuple[str, Kind]] = {
    sign: (sign, kind) for sign, kind in COMMANDS.values() if not sign.isascii()
}
CHARACTERS |= {c: (c, kind) for kind, chars in _CHARACTERS.items() for c in chars}
CHARACTERS["-"] = ("−", "bin")
CHARACTERS["~"] = (" ", "space")

SPACES = {",": 1, ":": 1, ">": 1, ";": 1, " ": 1, "quad": 2, "qquad": 4, "!": 0, "enspace": 1, "thinspace": 1}
IGNORED = {"displaystyle", "textstyle", "scriptstyle", "limits", "nolimits", "nonumber"} | {
    size + side for size in ("big", "Big", "bigg", "Bigg") for side in ("", "l", "r", "m")
}

# Only what fonts have had for years; y, for one, has no subscript (ᵧ is a gamma).
SUPERSCRIPTS = dict(
    zip(
        "0123456789+−=()abcdefghijklmnoprstuvwxyzABDEGHIJKLMNOPRTUVWβγδθφχ×*′⊤†⋆",
        "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻᴬᴮᴰᴱᴳᴴᴵᴶᴷᴸᴹᴺᴼᴾᴿᵀᵁⱽᵂᵝᵞᵟᶿᵠᵡˣ*′ᵀ†⋆",
        strict=True,
    )
)
SUBSCRIPTS = dict(
    zip("0123456789+−=(),aehijklmnoprstuvxβγρφχ", "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎,ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓᵦᵧᵨᵩᵪ", strict=True)
)

# The mark to combine with one letter, and the sign to put above several.
ACCENTS = {
    "hat": ("\u0302", "^"),
    "widehat": ("\u0302", "^"),
    "tilde": ("\u0303", "~"),
    "widetilde": ("\u0303", "~"),
    "bar": ("\u0304", "─"),
    "overline": ("\u0305", "─"),
    "vec": ("\u20d7", "→"),
    "dot": ("\u0307", "·"),
    "ddot": ("\u0308", "··"),
    "check": ("\u030c", "ˇ"),
}

# Tall fences: the top, the middle, the line between, the bottom.
TALL_FENCES = {
    "(": "⎛⎜⎜⎝",
    ")": "⎞⎟⎟⎠",
    "[": "⎡⎢⎢⎣",
    "]": "⎤⎥⎥⎦",
    "{": "⎧⎨⎪⎩",
    "}": "⎫⎬⎪⎭",
    "|": "││││",
    "‖": "║║║║",
    "⌊": "⎢⎢⎢⎣",
    "⌋": "⎥⎥⎥⎦",
    "⌈": "⎡⎢⎢⎢",
    "⌉": "⎤⎥⎥⎥",
}

FONTS = {
    "mathbb": "bb",
    "mathcal": "cal",
    "mathscr": "cal",
    "mathbf": "bf",
    "boldsymbol": "bf",
    "bm": "bf",
    "bf": "bf",
}
_ALPHABETS = {  # where A, a, 0, Α and α of Unicode's alphabets stand; 0 where there are none
    "bb": (0x1D538, 0x1D552, 0x1D7D8, 0, 0),
    "cal": (0x1D49C, 0x1D4B6, 0, 0, 0),
    "bf": (0x1D400, 0x1D41A, 0x1D7CE, 0x1D6A8, 0x1D6C2),
}
_ELSEWHERE = {  # letters that Unicode had before it had the alphabet
    "bb": dict(zip("CHNPQRZ", "ℂℍℕℙℚℝℤ", strict=True)),
    "cal": dict(zip("BEFHILMRego", "ℬℰℱℋℐℒℳℛℯℊℴ", strict=True)),
}


def in_font(char: str, font: str) -> str:
    """The letter or digit in another alphabet, "bb" (ℝ), "cal" (ℒ) or "bf" (𝐱); itself where it has none."""
    if char in (elsewhere := _ELSEWHERE.get(font, {})):
        return elsewhere[char]
    for first, last, start in zip("Aa0Αα", "Zz9Ωω", _ALPHABETS[font], strict=True):
        if start and first <= char <= last:
            return chr(start + ord(char) - ord(first))
    return char
