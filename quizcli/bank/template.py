"""The bank that a new topic begins with: three questions to write over, their keys explained."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from quizcli.bank.types import KINDS
from quizcli.text import Lang, Text, tr

SCHEMA = Path(__file__).with_name("schema.json")


def starter(topic: str, languages: Sequence[Lang], schema: str) -> str:
    """A bank that passes the check. `schema` is where editors find the JSON schema, as a path or a URI."""
    title = topic.replace("-", " ")
    name = f"**{title}**"
    only = [f"languages: [{languages[0]}]"] if len(languages) == 1 else []
    lines = [*_head(topic, schema), *_text("title", Text(title, title), languages), *only, "questions:"]
    lines += [*_recall(topic, name, languages), "", *_choice(topic, name, languages), ""]
    lines += _truth(topic, name, languages)
    return "\n".join(lines) + "\n"


def schema_for(bank: Path) -> str:
    """Where the editor of a bank finds the schema; in the checkout a path that holds for everybody."""
    checkout = SCHEMA.parents[2]
    if bank.parent == checkout / "questions":
        return "../" + SCHEMA.relative_to(checkout).as_posix()
    path = str(SCHEMA)
    # An editor takes the path up to the first space, and what follows a # for a place in the file.
    return SCHEMA.as_uri() if any(c.isspace() or c in "#%" for c in path) else path


def _head(topic: str, schema: str) -> list[str]:
    return [
        f"# yaml-language-server: $schema={schema}",
        tr(
            "# `quizcli bank check` names every mistake; editors that know YAML explain each key.",
            "# `quizcli bank check` 会指出每处错误；支持 YAML 的编辑器会显示各个键的说明。",
        ),
        tr(
            "# Texts are Markdown. Leave the quotes: a bare `: ` or ` #` means something to YAML.",
            "# 文本为 Markdown。请保留引号：不加引号的 `: ` 与 ` #` 在 YAML 中另有含义。",
        ),
        f"topic: {topic}",
    ]


def _recall(topic: str, name: str, languages: Sequence[Lang]) -> list[str]:
    ask = Text(f"What is the idea of {name}, in two sentences?", f"用两句话说说 {name} 的核心思想。")
    answer = Text("Write the model answer here; $x^2$ is a formula.", "在此写参考答案；$x^2$ 是公式。")
    point = Text("what a complete answer mentions", "完整的回答应提到的要点")
    pitfall = Text("What people get wrong, and why it is wrong.", "常见的错误说法，以及错在哪里。")
    return [
        f"  - id: {topic}-idea  "
        + tr("# permanent: your progress hangs on it", "# 永久不变：学习进度记在它名下"),
        f"    kind: recall  # {' '.join(KINDS)}",
        "    level: 1  " + tr("# 1 warm-up, 2 standard, 3 senior", "# 1 热身，2 标准，3 资深"),
        *_text("    ask", ask, languages),
        *_text("    answer", answer, languages),
        "    points:",
        *_text("      -", point, languages),
        "    pitfalls:",
        *_text("      -", pitfall, languages),
        tr(
            "    # d then runs answers/NAME.py of this pack, or one of those that `quizcli demo` lists.",
            "    # 按 d 运行：本题库包的 answers/NAME.py，或 `quizcli demo` 列出的演示。",
        ),
        "    # demo: {run: NAME, set: {SETTING: VALUE}, claims: [CLAIM]}",
        _source(),
    ]


def _choice(topic: str, name: str, languages: Sequence[Lang]) -> list[str]:
    ask = Text(f"Which of these is right about {name}?", f"关于 {name}，下列哪一项正确？")
    wrong = Text("a plausible wrong one", "似是而非的说法")
    why = Text("Every wrong choice says why it is wrong.", "每个错误选项都要说明错在哪里。")
    return [
        f"  - id: {topic}-choice",
        "    kind: choice",
        "    level: 2",
        *_text("    ask", ask, languages),
        "    choices:",
        *_text("      - text", Text("the right one", "正确的说法"), languages),
        "        correct: true",
        *_text("      - text", wrong, languages),
        *_text("        why", why, languages),
        _source(),
    ]


def _truth(topic: str, name: str, languages: Sequence[Lang]) -> list[str]:
    ask = Text(f"A surprising statement about {name}.", f"一句关于 {name}、出人意料的论断。")
    return [
        f"  - id: {topic}-truth",
        "    kind: truth",
        "    level: 3",
        *_text("    ask", ask, languages),
        "    correct: true",
        *_text("    answer", Text("Say why it holds.", "说明它为什么成立。"), languages),
        f"    follow: [{topic}-idea]  " + tr("# the interviewer's next question", "# 面试官接下来会问的题目"),
        _source(),
    ]


def _source() -> str:
    return "    source: ['" + tr("Author, year, section", "作者，年份，章节") + "']"


def _text(key: str, text: Text, languages: Sequence[Lang]) -> list[str]:
    """A text under its key (or as an item of a list, "-"): in one language plain, else each in a line."""
    if len(languages) == 1:
        return [f"{key}{'' if key.endswith('-') else ':'} '{text[languages[0]]}'"]
    if key.endswith("-"):
        first, rest = f"{key} ", " " * (len(key) + 1)
        return [f"{first if lang == languages[0] else rest}{lang}: '{text[lang]}'" for lang in languages]
    indent = " " * (len(key) - len(key.lstrip(" -")) + 2)
    return [f"{key}:", *(f"{indent}{lang}: '{text[lang]}'" for lang in languages)]
