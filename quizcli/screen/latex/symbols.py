"""What LaTeX names and the terminal can show: symbols and their kinds, small letters, alphabets, fences.

The kinds decide about spaces, as in The TeXbook, chapter 18: ord (a letter), op (log), limits (max: what
stands below it may stand under it), big (∑), bin (+), rel (=), open, close, punct, and space. `word` is text
in a formula.
"""

from typing import Literal, NamedTuple

Kind = Literal[
    "ord", "word", "number", "op", "limits", "big", "bin", "rel", "open", "close", "punct", "space"
]

_NAMES: dict[Kind, str] = {
    "ord": r"""
        alpha α beta β gamma γ delta δ epsilon ϵ varepsilon ε zeta ζ eta η theta θ vartheta ϑ iota ι kappa κ
        lambda λ mu μ nu ν xi ξ pi π varpi ϖ rho ρ varrho ϱ sigma σ varsigma ς tau τ upsilon υ phi ϕ varphi φ
        chi χ psi ψ omega ω Gamma Γ Delta Δ Theta Θ Lambda Λ Xi Ξ Pi Π Sigma Σ Upsilon Υ Phi Φ Psi Ψ Omega Ω
        varGamma Γ varDelta Δ varTheta Θ varLambda Λ varXi Ξ varPi Π varSigma Σ varPhi Φ varPsi Ψ varOmega Ω
        varkappa ϰ digamma ϝ omicron ο
        infty ∞ partial ∂ nabla ∇ ell ℓ hbar ℏ hslash ℏ Re ℜ Im ℑ aleph ℵ beth ℶ gimel ℷ wp ℘ imath ı jmath ȷ
        emptyset ∅ varnothing ∅ forall ∀ exists ∃ nexists ∄ neg ¬ lnot ¬ complement ∁ eth ð mho ℧
        ldots … dots … cdots ⋯ dotsc … dotsb ⋯ dotsm ⋯ dotsi ⋯ dotso … vdots ⋮ ddots ⋱ iddots ⋰ adots ⋰
        top ⊤ bot ⊥ prime ′ backprime ‵ dagger † ddagger ‡ dag † ddag ‡ intercal ⊺
        angle ∠ measuredangle ∡ triangle △ triangledown ▽ square □ Box □ blacksquare ■ bigstar ★
        diamondsuit ♢ clubsuit ♣ heartsuit ♡ spadesuit ♠ sharp ♯ flat ♭ natural ♮ lozenge ◊ Diamond ◇ surd √
        | ‖ Vert ‖ vert | _ _ # # $ $ % % & & backslash \ degree ° checkmark ✓ S § P ¶ pounds £ yen ¥ euro €
        copyright © circledR ® maltese ✠ textbackslash \ textunderscore _ textasciitilde ~ slash /
        E 𝔼 R ℝ Z ℤ Q ℚ C ℂ reals ℝ Reals ℝ natnums ℕ integers ℤ grad ∇ laplacian ∇²
        uparrow ↑ downarrow ↓ updownarrow ↕ Uparrow ⇑ Downarrow ⇓ Updownarrow ⇕ Bbbk 𝕜 blacktriangle ▲
    """,
    "big": """
        sum ∑ prod ∏ coprod ∐ int ∫ iint ∬ iiint ∭ oint ∮ oiint ∯ intop ∫ smallint ∫ bigcup ⋃ bigcap ⋂
        bigoplus ⨁ bigotimes ⨂ bigodot ⨀ biguplus ⨄ bigsqcup ⨆ bigvee ⋁ bigwedge ⋀
    """,
    "bin": """
        pm ± mp ∓ times × div ÷ cdot · cdotp · ast * circ ∘ bullet • oplus ⊕ ominus ⊖ otimes ⊗ odot ⊙ oslash ⊘
        cup ∪ cap ∩ Cup ⋓ Cap ⋒ setminus ∖ smallsetminus ∖ wedge ∧ land ∧ vee ∨ lor ∨ veebar ⊻ barwedge ⊼
        uplus ⊎ sqcup ⊔ sqcap ⊓ diamond ⋄ amalg ⨿ wr ≀ dotplus ∔ ltimes ⋉ rtimes ⋊ bigtriangleup △
        bigtriangledown ▽ triangleleft ◁ triangleright ▷ lhd ◁ rhd ▷ bigcirc ◯ boxplus ⊞ boxminus ⊟
        boxtimes ⊠ boxdot ⊡ circledast ⊛ circledcirc ⊚ circleddash ⊝ centerdot · divideontimes ⋇
        star ⋆
    """,
    "rel": """
        leq ≤ le ≤ geq ≥ ge ≥ lt < gt > neq ≠ ne ≠ approx ≈ approxeq ≊ equiv ≡ sim ∼ thicksim ∼ backsim ∽
        simeq ≃ eqsim ≂ cong ≅ thickapprox ≈ propto ∝ varpropto ∝ ll ≪ gg ≫ lll ⋘ ggg ⋙ in ∈ notin ∉ ni ∋
        owns ∋
        subset ⊂ subseteq ⊆ supset ⊃ supseteq ⊇ subsetneq ⊊ supsetneq ⊋ nsubseteq ⊈ nsupseteq ⊉ Subset ⋐
        sqsubset ⊏ sqsubseteq ⊑ sqsupset ⊐ sqsupseteq ⊒ subseteqq ⊆ supseteqq ⊇ subsetneqq ⊊
        to → rightarrow → leftarrow ← gets ← leftrightarrow ↔ Rightarrow ⇒ Leftarrow ⇐ Leftrightarrow ⇔ iff ⇔
        implies ⇒ impliedby ⇐ mapsto ↦ longmapsto ⟼ longrightarrow ⟶ longleftarrow ⟵ longleftrightarrow ⟷
        Longrightarrow ⟹ Longleftarrow ⟸ Longleftrightarrow ⟺ hookrightarrow ↪ hookleftarrow ↩
        rightharpoonup ⇀ rightharpoondown ⇁ leftharpoonup ↼ leftharpoondown ↽ rightleftharpoons ⇌
        leftrightharpoons ⇋ rightleftarrows ⇄ leftrightarrows ⇆ rightrightarrows ⇉ leftleftarrows ⇇
        upuparrows ⇈ nearrow ↗ searrow ↘ swarrow ↙ nwarrow ↖ rightsquigarrow ⇝ leadsto ⇝ dashrightarrow ⇢
        dashleftarrow ⇠ twoheadrightarrow ↠ rightarrowtail ↣ curvearrowright ↷ curvearrowleft ↶ multimap ⊸
        nrightarrow ↛ nleftarrow ↚ nRightarrow ⇏ nLeftrightarrow ⇎ upharpoonright ↾ restriction ↾
        mid | nmid ∤ shortmid | parallel ∥ nparallel ∦ shortparallel ∥ perp ⊥ models ⊨ vDash ⊨ nvDash ⊭
        vdash ⊢ nvdash ⊬ dashv ⊣ Vdash ⊩ prec ≺ succ ≻ preceq ⪯ succeq ⪰ preccurlyeq ≼ succcurlyeq ≽
        precsim ≾ succsim ≿ nprec ⊀ nsucc ⊁ doteq ≐ doteqdot ≑ fallingdotseq ≒ risingdotseq ≓ bumpeq ≏
        coloneqq := coloneq := Coloneqq ::= eqqcolon =: eqcolon =: dblcolon ::
        triangleq ≜ circeq ≗ eqcirc ≖ asymp ≍ smile ⌣ frown ⌢ between ≬
        lesssim ≲ gtrsim ≳ lessapprox ⪅ gtrapprox ⪆ lessgtr ≶ gtrless ≷ leqslant ≤ geqslant ≥ leqq ≦ geqq ≧
        nleq ≰ ngeq ≱ nless ≮ ngtr ≯ nleqslant ≰ ngeqslant ≱ lneq ⪇ gneq ⪈ nsim ≁ ncong ≇ bowtie ⋈ Join ⋈
        trianglelefteq ⊴ trianglerighteq ⊵ vartriangleleft ⊲ vartriangleright ⊳ pitchfork ⋔ because ∵
        therefore ∴ vcentcolon : indep ⊥⊥
    """,
    "open": """
        { { lbrace { lbrack [ langle ⟨ lfloor ⌊ lceil ⌈ lvert | lVert ‖ llbracket ⟦ lgroup ( lmoustache (
        lparen ( llangle ⟪
    """,
    "close": """
        } } rbrace } rbrack ] rangle ⟩ rfloor ⌋ rceil ⌉ rvert | rVert ‖ rrbracket ⟧ rgroup ) rmoustache )
        rparen ) rrangle ⟫
    """,
    "punct": "colon : ldotp .",
}
_WORDS: dict[Kind, str] = {
    "op": """
        arccos arcsin arctan arg cos cosh cot coth csc deg dim exp hom ker lg ln log sec sin sinh tan tanh tr
        Tr Trace trace rank diag span sign sgn Var var Cov cov Corr corr std erf erfc vol supp prox proj conv
        KL KLD JS JSD TV MI ELBO NLL MSE MAE BCE RMSE Bern Bernoulli Cat Unif Dir Binom Poisson
        softmax sigmoid softplus relu ReLU elu ELU gelu GELU SiLU Swish logit clip MLP FFN RNN LSTM GRU CNN
        Attention attention Attn attn MultiHead LayerNorm BatchNorm RMSNorm Concat concat Conv Dropout
    """,
    "limits": "det gcd inf injlim lim liminf limsup max min Pr projlim sup argmax argmin plim esssup",
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
CHARACTERS |= {"≔": (":=", "rel"), "≕": ("=:", "rel"), "∷": ("::", "rel")}
CHARACTERS["~"] = (" ", "space")

_SPACES = """
    , 1 : 1 > 1 ; 1 / 0 ! 0 quad 2 qquad 4 enspace 1 enskip 1 thinspace 1 medspace 1 thickspace 1
    negthinspace 0 negmedspace 0 space 1 nobreakspace 1 hfill 2 hfil 2
"""
SPACES = {" ": 1} | {
    name: int(cells) for name, cells in zip(_SPACES.split()[::2], _SPACES.split()[1::2], strict=True)
}
_IGNORED = """
    displaystyle textstyle scriptstyle scriptscriptstyle limits nolimits displaylimits nonumber notag
    tiny scriptsize footnotesize small normalsize large Large LARGE huge Huge
    mathstrut strut null relax hline protect allowbreak nobreak displaybreak break par noindent centering
    allowdisplaybreaks unboldmath boldmath toprule midrule bottomrule
"""
# What changes nothing in a terminal: the sizes of letters, what says where a page may be broken.
IGNORED = frozenset(_IGNORED.split())
# The same with arguments of which nothing is seen: how many.
UNSEEN = {
    **dict.fromkeys(("label", "require", "color", "vspace", "vspace*", "cline", "pagecolor"), 1),
    **dict.fromkeys(("vphantom", "hphantom", "phantom"), 1),
    "rule": 2,
}
# What shows its last argument as it is (colours are not for a terminal), and how many come before.
PLAIN = {
    **dict.fromkeys(("bbox", "smash", "ensuremath", "mathinner", "mathord"), 0),
    **dict.fromkeys(("mathrlap", "mathllap", "mathclap", "rlap", "llap", "clap"), 0),
    **dict.fromkeys(("textcolor", "raisebox", "raise", "href"), 1),
    **dict.fromkeys(("class", "cssId", "style", "htmlClass"), 1),
}
FRAMES = ("boxed", "Aboxed")  # what stands in a frame: mathematics, then text, after so many arguments
FRAMES_OF_TEXT = {"fbox": 0, "framebox": 0, "fcolorbox": 2}
CLASSES: dict[str, Kind] = {
    "mathop": "limits",
    "mathbin": "bin",
    "mathrel": "rel",
    "mathopen": "open",
    "mathclose": "close",
    "mathpunct": "punct",
}
ARROWS = {
    "xrightarrow": "→",
    "xleftarrow": "←",
    "xleftrightarrow": "↔",
    "xRightarrow": "⇒",
    "xLeftarrow": "⇐",
    "xLeftrightarrow": "⇔",
    "xmapsto": "↦",
    "xhookrightarrow": "↪",
    "xlongequal": "=",
}

# Only what fonts have had for years; y, for one, has no subscript (ᵧ is a gamma).
SUPERSCRIPTS = dict(
    zip(
        "0123456789+−=()abcdefghijklmnoprstuvwxyzABDEGHIJKLMNOPRTUVWβγδθφχ×*′⊤⊺†‡⋆∘°",
        "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻᴬᴮᴰᴱᴳᴴᴵᴶᴷᴸᴹᴺᴼᴾᴿᵀᵁⱽᵂᵝᵞᵟᶿᵠᵡˣ*′ᵀᵀ†‡⋆°°",
        strict=True,
    )
)
SUBSCRIPTS = dict(
    zip("0123456789+−=(),aehijklmnoprstuvxβγρφχ", "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎,ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓᵦᵧᵨᵩᵪ", strict=True)
)


class Accent(NamedTuple):
    """An accent: what is combined with a letter, and the sign for several letters or something tall.

    The sign's middle repeats up to the width of the body where `long`; `wide` is such a sign for several
    letters only. What has neither stands over parentheses then. `each`: the mark may be combined with every
    letter of a row.
    """

    mark: str
    sign: str
    long: bool = False
    each: bool = False
    under: bool = False
    wide: str = ""


ACCENTS = {
    "hat": Accent("\u0302", "^", wide="╱‾╲"),
    "widehat": Accent("\u0302", "^", wide="╱‾╲"),
    "tilde": Accent("\u0303", "~", wide="~~~"),
    "widetilde": Accent("\u0303", "~", wide="~~~"),
    "bar": Accent("\u0304", "───", long=True),
    "overline": Accent("\u0305", "───", long=True, each=True),
    "underline": Accent("\u0332", "───", long=True, each=True, under=True),
    "vec": Accent("\u20d7", "──→", long=True),
    "overrightarrow": Accent("\u20d7", "──→", long=True),
    "overleftarrow": Accent("\u20d6", "←──", long=True),
    "overleftrightarrow": Accent("\u20e1", "←─→", long=True),
    "underrightarrow": Accent("\u20ef", "──→", long=True, under=True),
    "underleftarrow": Accent("\u20ee", "←──", long=True, under=True),
    "underleftrightarrow": Accent("\u034d", "←─→", long=True, under=True),
    "overrightharpoon": Accent("\u20d1", "──⇀", long=True),
    "overleftharpoon": Accent("\u20d0", "↼──", long=True),
    "overparen": Accent("\u0311", "╭─╮", long=True),
    "wideparen": Accent("\u0311", "╭─╮", long=True),
    "overbracket": Accent("\u0305", "┌─┐", long=True),
    "underbracket": Accent("\u0332", "└─┘", long=True, under=True),
    "utilde": Accent("\u0330", "~", under=True, wide="~~~"),
    "dot": Accent("\u0307", "·"),
    "ddot": Accent("\u0308", "··"),
    "dddot": Accent("\u20db", "···"),
    "check": Accent("\u030c", "ˇ", wide="╲_╱"),
    "widecheck": Accent("\u030c", "ˇ", wide="╲_╱"),
    "breve": Accent("\u0306", "˘", wide="╰─╯"),
    "acute": Accent("\u0301", "´"),
    "grave": Accent("\u0300", "`"),
    "mathring": Accent("\u030a", "˚"),
    "cancel": Accent("\u0338", "╱╱╱", long=True, each=True),
    "bcancel": Accent("\u20e5", "╲╲╲", long=True, each=True),
    "xcancel": Accent("\u0338", "╳╳╳", long=True, each=True),
    "sout": Accent("\u0336", "───", long=True, each=True),
}
NEGATION = "\u0338"  # \not: the stroke through the sign that follows

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
    "⟨": "╱⟨│╲",
    "⟩": "╲⟩│╱",
}

LOW_FENCES = ("/", "\\", "⟦", "⟧", "⟪", "⟫", "↑", "↓", "↕", "⇑", "⇓", "⇕")  # fences that do not grow

# Commands with an argument in another alphabet; "rm" is upright, where letters make words.
FONTS = {
    **dict.fromkeys(("mathbb", "mathbbm", "mathds", "Bbb"), "bb"),
    **dict.fromkeys(("mathcal", "mathscr"), "cal"),
    **dict.fromkeys(("mathbf", "boldsymbol", "bm", "pmb", "symbf", "mathbfit", "bold", "mathbold"), "bf"),
    **dict.fromkeys(("mathfrak", "frak"), "frak"),
    **dict.fromkeys(("mathrm", "mathsf", "mathtt", "mathup", "symrm"), "rm"),
    **dict.fromkeys(("mathit", "mathnormal"), ""),
}
# Old commands that hold up to the end of their group: {\bf x}.
SWITCHES = {
    **dict.fromkeys(("bf", "bfseries"), "bf"),
    **dict.fromkeys(
        ("rm", "sf", "tt", "rmfamily", "sffamily", "ttfamily", "sc", "normalfont", "upshape"), "rm"
    ),
    **dict.fromkeys(("it", "sl", "em", "mit", "itshape"), ""),
    "cal": "cal",
}
_TEXTS = """
    text textrm textnormal textup textbf textit textsf texttt textsc textsl textmd emph mbox hbox fbox
    framebox intertext shortintertext
    """
TEXTS = frozenset(_TEXTS.split())
_ALPHABETS = {  # where A, a, 0, Α and α of Unicode's alphabets stand; 0 where there are none
    "bb": (0x1D538, 0x1D552, 0x1D7D8, 0, 0),
    "cal": (0x1D49C, 0x1D4B6, 0, 0, 0),
    "bf": (0x1D400, 0x1D41A, 0x1D7CE, 0x1D6A8, 0x1D6C2),
    "frak": (0x1D504, 0x1D51E, 0, 0, 0),
}
_ELSEWHERE = {  # letters that Unicode had before it had the alphabet
    "bb": dict(zip("CHNPQRZ", "ℂℍℕℙℚℝℤ", strict=True)),
    "cal": dict(zip("BEFHILMRego", "ℬℰℱℋℐℒℳℛℯℊℴ", strict=True)),
    "frak": dict(zip("CHIRZ", "ℭℌℑℜℨ", strict=True)),
    "bf": {"∇": "𝛁", "∂": "𝛛", "ϵ": "𝛜", "ϕ": "𝛟"},
}


def in_font(char: str, font: str) -> str:
    """The letter or digit in another alphabet, "bb" (ℝ), "cal" (ℒ), "bf" (𝐱); itself where there is none."""
    if char in (elsewhere := _ELSEWHERE.get(font, {})):
        return elsewhere[char]
    for first, last, start in zip("Aa0Αα", "Zz9Ωω", _ALPHABETS.get(font, (0,) * 5), strict=True):
        if start and first <= char <= last:
            return chr(start + ord(char) - ord(first))
    return char
