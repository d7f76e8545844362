from pathlib import Path

import pytest

from quizcli.bank.figures import fill_figures, format_figure, link_of, names_in
from quizcli.bank.types import DemoLink, Figure, Recall
from quizcli.packs.code_digest import code_digest
from quizcli.text import Text

VALUES = (0.4526, 0.752, 0.604)


@pytest.mark.parametrize(
    ("values", "figure", "en", "zh"),
    [
        (VALUES, Figure("c"), "0.45 to 0.75", "0.45～0.75"),
        (VALUES, Figure("c", show="median"), "0.60", "0.60"),
        (VALUES, Figure("c", show="least", digits=3), "0.453", "0.453"),
        (VALUES, Figure("c", show="most", percent=True), "75 %", "75%"),
        (VALUES, Figure("c", percent=True), "45 to 75 %", "45～75%"),
        ((0.0803, 0.24), Figure("c", percent=True), "8 to 24 %", "8～24%"),
        ((0.0, 0.503, 1.21), Figure("c"), "0 to 1.2", "0～1.2"),
        ((0.503, 1.21), Figure("c"), "0.5 to 1.2", "0.5～1.2"),
        ((0.513, 1.21), Figure("c"), "0.51 to 1.2", "0.51～1.2"),
        ((1.001, 1.004), Figure("c"), "1.0", "1.0"),
        ((10_936.0, 12_126.0), Figure("c"), "11,000 to 12,000", "11,000～12,000"),
        ((3.2e29, 3.31e29), Figure("c", show="median"), r"$3.3\cdot10^{29}$", r"$3.3\cdot10^{29}$"),
        ((9.96,), Figure("c"), "10", "10"),
        ((99.6,), Figure("c"), "100", "100"),
        ((0.0,), Figure("c"), "0", "0"),
        ((-0.0123,), Figure("c"), "-0.012", "-0.012"),
        ((0.000012,), Figure("c"), r"$1.2\cdot10^{-5}$", r"$1.2\cdot10^{-5}$"),
    ],
)
def test_numbers_as_one_reads_them(values: tuple[float, ...], figure: Figure, en: str, zh: str) -> None:
    assert (format_figure(values, figure, "en"), format_figure(values, figure, "zh")) == (en, zh)


def test_a_figure_is_of_the_questions_run_or_of_its_own() -> None:
    words = Text("?", "？")
    asked = Recall(id="q", topic="t", level=1, ask=words, demo=DemoLink("vae", {"beta": 0.0}))
    assert link_of(asked, Figure("c")) == DemoLink("vae", {"beta": 0.0})
    assert link_of(asked, Figure("c", set={"beta": 1.0})) == DemoLink("vae", {"beta": 1.0})
    assert link_of(asked, Figure("c", run="gan")) == DemoLink("gan")
    alone = Recall(id="q", topic="t", level=1, ask=words)
    assert link_of(alone, Figure("c")) is None
    assert link_of(alone, Figure("c", run="gan", set={"width": 6})) == DemoLink("gan", {"width": 6})


def test_code_and_formulas_refer_to_nothing() -> None:
    assert list(names_in(r"{a} `{b}` $\frac{c}{d}$ {e-f} {G} {}")) == ["a", "e-f"]


def test_a_digest_follows_what_is_imported(tmp_path: Path) -> None:
    answers, models = tmp_path / "answers", tmp_path / "models"
    for folder in (answers, models):
        folder.mkdir()
    source = "from answers import _digits\nimport models.vae\nimport os\nimport quizcli.text\n"
    (answers / "big_vae.py").write_text(source)
    (tmp_path / "quizcli").mkdir()
    (tmp_path / "quizcli" / "text.py").write_text("A = 1\n")
    (answers / "_digits.py").write_text("A = 1\n")
    (models / "vae.py").write_text("B = 1\n")
    (models / "gan.py").write_text("C = 1\n")
    first = code_digest(tmp_path, answers / "big_vae.py")
    (models / "gan.py").write_text("C = 2\n")
    (tmp_path / "quizcli" / "text.py").write_text("A = 2\n")
    (models / "vae.py").write_text("# the same\n\nB = 1\n")
    assert code_digest(tmp_path, answers / "big_vae.py") == first
    (models / "vae.py").write_text("B = 2\n")
    second = code_digest(tmp_path, answers / "big_vae.py")
    (answers / "_digits.py").write_text("A = 2\n")
    assert len({first, second, code_digest(tmp_path, answers / "big_vae.py")}) == 3


@pytest.mark.parametrize(
    ("source", "changed"),
    [
        ("from ._digits import A", "answers/_digits.py"),
        ("from . import _digits", "answers/_digits.py"),
        ("from .deep.more import A", "answers/deep/more.py"),
        ("from models.sub import A", "models/sub/__init__.py"),
        ("import models.sub.more", "models/sub/more.py"),
        ("import models.sub.more", "models/sub/__init__.py"),
        ("from models.sub import more", "models/sub/more.py"),
        ("from models.sub.more import A", "models/sub/_beside.py"),
        ("from models.sub.more import A", "models/_above.py"),
        ("import models.sub.more", "models/__init__.py"),
        ("from importlib import import_module\nimport_module('models.sub')", "models/sub/__init__.py"),
    ],
)
def test_a_digest_follows_relative_imports_and_packages(tmp_path: Path, source: str, changed: str) -> None:
    files = {
        "answers/__init__.py": "",
        "answers/_digits.py": "A = 1\n",
        "answers/deep/more.py": "A = 1\n",
        "models/__init__.py": "A = 1\n",
        "models/_above.py": "A = 1\n",
        "models/sub/__init__.py": "A = 1\n",
        "models/sub/_beside.py": "A = 1\n",
        "models/sub/more.py": "from . import _beside\nfrom .._above import A\n",
        "answers/coin.py": f"{source}\n",
    }
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    before = code_digest(tmp_path, tmp_path / "answers" / "coin.py")
    (tmp_path / changed).write_text(files[changed] + "B = 2\n")
    assert code_digest(tmp_path, tmp_path / "answers" / "coin.py") != before


def test_words_about_a_package_are_no_code(tmp_path: Path) -> None:
    (tmp_path / "answers").mkdir()
    (tmp_path / "answers" / "coin.py").write_text("from . import nothing\nfrom ....too import far\n")
    before = code_digest(tmp_path, tmp_path / "answers" / "coin.py")
    (tmp_path / "answers" / "__init__.py").write_text('"""Answers."""\n')
    assert code_digest(tmp_path, tmp_path / "answers" / "coin.py") == before


def test_a_number_is_quoted_on_a_line_that_is_set_in() -> None:
    answer = Text("- a\n  {n} and `{n}`", "- 一\n  {n} 与 `{n}`")
    question = Recall(
        id="q",
        topic="t",
        level=1,
        ask=answer,
        answer=answer,
        demo=DemoLink("vae"),
        measured={"n": Figure("c")},
    )
    changed = fill_figures(question, {})
    assert str(changed.answer) == "- a\n  … and `{n}`"
