"""Every mistake a writer of banks can make is named at its place, in words that say what to do."""

import pytest

from quizcli.bank.reading.reader import read
from tests.places import GOOD_BANK

GOOD = GOOD_BANK.read_text(encoding="utf-8")


def said(text: str) -> list[str]:
    """The mistakes of a bank, without its path."""
    return [str(mistake).removeprefix("b.yaml:") for mistake in read(text.encode(), "b.yaml").mistakes]


@pytest.mark.parametrize(
    ("old", "new", "place", "message"),
    [
        ("level: 3", "level: hard", "level:", "'level' must be 1, 2 or 3, not 'hard'"),
        (
            "level: 3",
            "level: '3'",
            "level:",
            "'level' must be 1, 2 or 3, not '3' (a number stands without quotes)",
        ),
        ("level: 3", "level: 03", "level:", "not '03' (`03` without quotes is the octal number 3 in YAML"),
        ("    level: 3\n", "", "id: dropout-order", "'level' is missing"),
        ("level: 3", "level: 3\n    levels: 3", "levels:", "unknown key 'levels'; did you mean 'level'?"),
        ("level: 3", "level: 3\n    level: 3", "level:", "'level' stands here twice"),
        ("level: 3", "level: 3\n    choices: []", "choices:", "unknown key 'choices'"),
        ("kind: recall", "kind: recal", "kind:", "'kind' must be one of recall, choice, truth, cloze, "),
        (
            "kind: recall",
            "kind: recal",
            "kind:",
            "number, order, code, predict, not 'recal'; did you mean 'recall'?",
        ),
        (
            "id: dropout-order",
            "id: Dropout",
            "id:",
            "question 7: 'id' must be lower-case words joined by `-`, not",
        ),
        ("id: dropout-order", "id: dropout-truth", "id: dropout-truth", "this id stands in line 34 already"),
        ("entry: dropout", "entry: my dropout", "entry:", "'entry' must be the name of a function or class"),
        ("judges.dropout.check_dropout", "dropout", "check:", "'check' must be a judge, module.check_name"),
        ("models.dropout:dropout", "dropout:x", "solution:", "'solution' must be models.module:name, not"),
        (
            "claim: expectation-kept",
            "factor: 2",
            "kind: predict",
            "'kind' predict takes exactly one of tolerance",
        ),
        ("claim: expectation-kept\n", "\n", "id: dropout-predict", "'claim' is missing"),
        ("demo: {run: dropout, set: {p: 0.9}}", "hint: x", "id: dropout-predict", "'demo' is missing"),
        ("below: 1.1", "below: 0.9", "below:", "'outcomes.2.below' must be above that of the outcome before"),
        (", below: 1.1", "", "{text:", "'outcomes.2.below' is missing: only the last outcome has no end"),
        (
            "zh: 变大。}",
            "zh: 变大。}, below: 9",
            "below:",
            "'outcomes.3.below' is left out in the last outcome",
        ),
        (
            "{en: It grows., zh: 变大。}",
            "{en: It stays., zh: 大。}",
            "text:",
            "'outcomes.3.text' reads like another",
        ),
        ("[Arithmetic]", "[]", "source:", "'source' needs at least 1, has 0"),
        (
            "[Arithmetic]",
            "Arithmetic",
            "source:",
            "'source' must be a list: [one, two], or one `- ` line each",
        ),
        ("[Arithmetic]", "[a, b, a]", "a]", "'source.3' stands in this list twice"),
        ("    source: [Arithmetic]\n", "", "id: dropout-number", "'source' is missing"),
        ("{en: Complete., zh: 补全。}", "{en: Complete.}", "ask:", "'ask' has no Chinese (zh)"),
        ("{en: Complete., zh: 补全。}", "{zh: 补全。}", "ask:", "'ask' has no English (en)"),
        (
            "{en: Complete., zh: 补全。}",
            "Complete.",
            "ask:",
            "'ask' must be in both languages: {en: …, zh: …}",
        ),
        ("{en: Complete., ", "{en: Complete., en: Fill., ", "en:", "'ask.en' stands here twice"),
        ("{en: Complete., ", "{en: Complete., now, ", "now,", "'now' was cut off by a comma; inside"),
        ("{en: Complete., ", "{[en]: Complete., ", "[en]:", "a key must be one word"),
        ("{en: Complete., ", "{en: {{c1::x}} y, ", "y,", "a text that begins with `{{` must be quoted"),
        (
            "{en: Complete., zh: 补全。}",
            "{en: Complete., zh: 补全。",
            ":",
            "this bracket is not closed, or a text",
        ),
        (" {en: Complete.", "\n\t{en: Complete.", "\t{en:", "a tab cannot indent YAML; use spaces"),
        (" {en: Complete., zh: 补全。}", "", "ask:", "'ask' must be text: there is nothing here"),
        (
            "    answer: {en: It is the identity there., zh: 此时它是恒等映射。}\n",
            "",
            "id: dropout-truth",
            "'answer' is missing",
        ),
        ("correct: true", "why: $x$", "choices:", "'choices' has no choice with `correct: true`"),
        ("why: {en: That", "correct: true, why: {en: That", "choices:", "'choices' has no wrong choice"),
        ("correct: true", "correct: false", "{text:", "'choices.1.why' is missing: say why this"),
        ("correct: true", "correct: 'true'", "correct:", "'choices.1.correct' must be true or false"),
        ("correct: true", "correct: yes", "correct:", "must be true or false without quotes, not 'yes'"),
        (
            "{text: $1-p$,",
            "{text: $1/(1-p)$, correct: true}\n      - {text: $1-p$,",
            "{text:",
            "'choices.2' stands in this",
        ),
        (
            "value: 1.25",
            "value: '1.25'",
            "value:",
            "'value' must be a number, not '1.25': a number stands without quotes",
        ),
        ("value: 1.25", "value: 1e-3", "value:", "'value' must be a number, not '1e-3': `1e-3` is "),
        ("value: 1.25", "value: 1e-3", "value:", "`1e-3` is text in YAML 1.1; write 1.0e-3"),
        ("value: 1.25", "value: 2.5e3", "value:", "`2.5e3` is text in YAML 1.1; write 2.5e+3"),
        (
            "value: 1.25",
            "value: 010",
            "value:",
            "`010` without quotes is the octal number 8 in YAML; write it in plain",
        ),
        (
            "value: 1.25",
            "value: 12:30",
            "value:",
            "`12:30` without quotes is the number 750 (base 60) in YAML",
        ),
        (
            "value: 1.25",
            "value: .inf",
            "value:",
            "`.inf` without quotes is a number in YAML; write it in plain decimals",
        ),
        ("value: 1.25", "value: 1.0e+999", "value:", "'value' must be a number, not '1.0e+999'"),
        ("value: 1.25", "value: many", "value:", "'value' must be a number, not 'many': it is no number"),
        ("value: 1.25", "value: [1]", "value:", "'value' must be a number"),
        ("tolerance: 0.01", "tolerance: -1", "tolerance:", "'tolerance' must be at least 0, not -1"),
        ("value: 1.25", "value: 1.386", "tolerance:", "'tolerance' refuses 1.4, the value rounded: raise it"),
        (
            "    tolerance: 0.01\n",
            "",
            "id: dropout-number",
            "'tolerance' must be above 0 where 'value' is not whole",
        ),
        ("{{c2::training}}", "training", "text:", "'text' hides other blanks in Chinese than in English"),
        ("{{c2::training}}", "{{c2::training}", "en:", "'text.en' has a blank that is never closed"),
        ("{{c2::training}}", "{{c2::}}", "en:", "'text.en' has an empty blank"),
        (
            "{{c1::$\\frac{1}{1-{p}}$::a fraction}} in {{c2::training}}",
            "x",
            "en:",
            "'text.en' hides nothing: write {{c1:",
        ),
        ("      - {en: scale, zh: 缩放}\n", "", "items:", "'items' needs at least 3, has 2"),
        ("{en: scale, zh: 缩放}", "{en: multiply, zh: 相乘}", "{en:", "'items.3' stands in this list twice"),
        (
            "{en: scale, zh: 缩放}",
            "{en: scale, zh: 相乘}",
            "{en:",
            "'items.3' reads like another one in this list",
        ),
        ("{text: $1-p$,", "{text: $1/(1-p)$,", "text:", "'choices.2.text' reads like another one in this"),
        ("{p: 0.5,", "{lr: 1e-3,", "lr:", "'demo.set.lr' must be one value: `1e-3` is text in YAML"),
        (
            "{p: 0.5,",
            "{amp: on,",
            "amp:",
            "'demo.set.amp' must be text: `on` without quotes is the truth value true in",
        ),
        ("{p: 0.5,", "{sizes: [1],", "sizes:", "'demo.set.sizes' must be one value"),
        ("{run: dropout, ", "{", "{set:", "'demo.run' is missing"),
        (
            "demo: {run: dropout, set: {",
            "demo: dropout\n    hints: {a: {",
            "demo:",
            "'demo' must be a mapping with the keys",
        ),
    ],
)
def test_each_mistake_is_named_at_its_place(old: str, new: str, place: str, message: str) -> None:
    """With one change the bank has a mistake; at its line and column stands `place`."""
    assert old in GOOD
    text = GOOD.replace(old, new, 1)
    mistakes = [m for m in read(text.encode(), "b.yaml").mistakes if message in f"{m.question}: {m.message}"]
    assert len(mistakes) == 1
    assert text.splitlines()[mistakes[0].line - 1][mistakes[0].column - 1 :].startswith(place)


ANSWER = "It is the identity there."


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("no", '`no` without quotes is the truth value false in YAML; write "no"'),
        ("On", '`On` without quotes is the truth value true in YAML; write "On"'),
        ("12:30", '`12:30` without quotes is the number 750 (base 60) in YAML; write "12:30"'),
        ("010", "`010` without quotes is the octal number 8 in YAML"),
        ("0x1F", "`0x1F` without quotes is a number in YAML"),
        ("1_000", "`1_000` without quotes is a number in YAML"),
        ("2014-01-02", "`2014-01-02` without quotes is a date in YAML"),
        ("~", "`~` without quotes is the empty value in YAML"),
        ("null", "`null` without quotes is the empty value in YAML"),
        ("=", "`=` without quotes is a special sign in YAML"),
        ("half # rest", "is cut off at ` #`, which begins a comment"),
        ("[a]b", "or a text above that needs quotes"),
        ("[a]", "must be text, not a list; a text that begins with `[` or `- ` needs quotes"),
        ("{a: b}", "must be text, not a mapping with 'a'"),
        ("one: two", "an unquoted text cannot hold `: `; quote the text"),
        ("`x` is", "an unquoted text cannot begin with '`'; quote the text"),
        ("@x", "an unquoted text cannot begin with '@'; quote the text"),
        ("%x", "an unquoted text cannot begin with '%'; quote the text"),
        ("**bold** x", "an unquoted text cannot begin with '*'; quote the text"),
        ("*it* x", "an unquoted text cannot begin with '*'; quote the text"),
        ("|x|", "an unquoted text cannot begin with '|'; quote the text"),
        ("> 3", "an unquoted text cannot begin with '>'; quote the text"),
        ("*it", "an unquoted text cannot begin with `*` (YAML reads the alias 'it'); quote the text"),
        ("&x y", "an unquoted text cannot begin with `&` (YAML reads the anchor 'x'); quote the text"),
        ("!x y", "an unquoted text cannot begin with `!` (YAML reads a tag); quote the text"),
        ("!!python/object/apply:os.system [x]", "an unquoted text cannot begin with `!`"),
        ("{{c1::x}} y", "a text that begins with `{{` must be quoted, or stand in a `|` block"),
        ('"$\\mu$"', "in double quotes a backslash starts an escape; use single quotes or a `|` block"),
        ('"$\\beta$"', "the invisible character U+0008 is not allowed; delete it: in double quotes"),
        ('"$\\nabla$"', "`\\nabla` is read as `\\n`: in double quotes a backslash starts an escape"),
        ('"$\\theta$"', "`\\theta` is read as `\\t`: in double quotes a backslash starts an escape"),
        ('"\\e[2J"', "the invisible character U+001B is not allowed"),
        ('"a" b', "the text goes on after its closing quote"),
        ("'it's'", "the text goes on after its closing quote"),
        ("]", "this bracket is not closed, or a text inside `{ }` or `[ ]` needs quotes"),
        ("''", "is empty"),
    ],
)
def test_traps_of_yaml_are_explained(text: str, message: str) -> None:
    """A text stands in the bank without the quotes that it needs: it is told there or in the next line."""
    answer = f"answer:\n      en: {text}\n      zh: 恒等映射"
    bank = GOOD.replace(f"answer: {{en: {ANSWER}, zh: 此时它是恒等映射。}}", answer)
    line = bank[: bank.index(answer)].count("\n") + 2
    found = said(bank)
    right = [mistake for mistake in found if message in mistake and " dropout-truth: " in mistake]
    assert len(right) == 1, found
    assert right[0].startswith((f"{line}:", f"{line + 1}:"))


END = GOOD.count("\n") + 1
HEAD = "topic: t\ntitle: {en: T, zh: 题}\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "1:1: a bank has the keys topic, title and questions"),
        ("- a\n", "1:1: a bank has the keys topic, title and questions"),
        (HEAD, "1:1: 'questions' is missing"),
        (HEAD + "questions:\n", "3:1: 'questions' must be a list of questions"),
        (HEAD + "questions: []\n", "3:1: 'questions' must be a list of questions"),
        (HEAD + "questions:\n- one\n", "4:3: question 1: a question is a mapping that begins with `- id:`"),
        (GOOD.replace("topic: dropout\n", ""), "2:1: 'topic' is missing"),
        (
            GOOD.replace("topic: dropout\n", "topic: T\n"),
            "2:1: 'topic' must be lower-case words joined by `-`",
        ),
        (GOOD + "author: x\n", f"{END}:1: unknown key 'author'"),
        (GOOD + "languages: [en, fr]\n", f"{END}:17: 'languages.2' must be one of en, zh, not 'fr'"),
        (GOOD + "---\n" + GOOD, f"{END}:1: dropout-predict: a bank is one document; delete this `---`"),
        ("topic: a\u2028b\n", "1:9: the invisible character U+2028 is not allowed; delete it"),
        ('topic: "a\ntitle: b\n', "1:8: this quote is never closed"),
        ("topic: a\n title: b\n", "2:7: wrong indentation"),
        ("topic\ntitle: b\n", "2:6: wrong indentation"),
        ("topic: a\ntitle\n", "2:1: this line is neither `key: value` nor part of the text above"),
    ],
)
def test_mistakes_of_the_whole_file(text: str, message: str) -> None:
    found = said(text)
    assert len(found) == 1, found
    assert found[0].startswith(message)
