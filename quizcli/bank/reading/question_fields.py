"""Every key of a bank: its shape, what it is for, whether it must be there. For the reader and the schema."""

from __future__ import annotations

from quizcli.bank.reading.container_types import Field, ListOf, MapOf, Record, SettingsField
from quizcli.bank.reading.field_types import (
    KEBAB,
    Decimal,
    Flag,
    OneOf,
    Ordinal,
    Schema,
    TextField,
    WholeField,
    WordField,
)
from quizcli.bank.types import (
    JUDGED,
    KINDS,
    SHOWN,
    Choice,
    Cloze,
    Code,
    Contender,
    DemoLink,
    Figure,
    Number,
    Option,
    Order,
    Outcome,
    Predict,
    Question,
    Recall,
    Truth,
)
from quizcli.text import LANGS

TEXT = TextField()
_NAME = "[A-Za-z_][A-Za-z0-9_]*"
ENTRY = WordField(f"^{_NAME}$", ("the name of a function or class", "函数名或类名"))
CHECK = WordField(
    rf"^{_NAME}(\.{_NAME})*\.check_[a-z0-9_]+$",
    ("a judge, module.check_name, in answers/", "answers/ 中的评判函数 module.check_name"),
)
SOLUTION = WordField(rf"^models(\.{_NAME})+:{_NAME}$", ("models.module:name", "models.module:name 的形式"))
AVOIDED = WordField(f"^{_NAME}$", ("a name without dots", "不带点号的名称"))
ID = WordField(KEBAB, ("lower-case words joined by `-`", "以 `-` 连接的小写单词"))

DEMO = Record(
    {
        "run": Field(ID, ("The name of a demonstration.", "演示的名称。"), required=True),
        "set": Field(SettingsField(), ("Settings to run it with.", "运行时的参数。")),
        "claims": Field(ListOf(ID), ("The claims that it settles.", "由它验证的结论。")),
    },
    build=DemoLink,
)
FIGURE = Record(
    {
        "claim": Field(
            ID, ("The claim whose measured value is quoted.", "引用哪个结论的实测值。"), required=True
        ),
        "run": Field(
            ID, ("The demonstration; the question's if left out.", "演示名称；省略则为本题的演示。")
        ),
        "set": Field(SettingsField(), ("Settings to run it with.", "运行时的参数。")),
        "show": Field(
            OneOf(SHOWN), ("Of all seeds; the range if left out.", "如何汇总各种子；省略则为范围。")
        ),
        "digits": Field(
            WholeField((1, 2, 3, 4)), ("Significant digits; 2 if left out.", "有效数字，省略为 2。")
        ),
        "percent": Field(Flag(), ("0.25 is shown as 25 %.", "0.25 显示为 25 %。")),
        "exact": Field(
            Decimal(),
            (
                "What theory says, as the prose may have it beside the measured value.",
                "理论值，正文可以在实测值之外直接写出。",
            ),
        ),
    },
    build=Figure,
)
OPTION = Record(
    {
        "text": Field(TEXT, ("What the person chooses.", "选项内容。"), required=True),
        "correct": Field(Flag(), ("Whether choosing it is right.", "是否为正确选项。")),
        "why": Field(TEXT, ("Why it is wrong (or right).", "为什么错（或对）。")),
    },
    build=Option,
    more={
        "if": {"properties": {"correct": {"const": True}}, "required": ["correct"]},
        "else": {"required": ["why"]},
    },
)
OUTCOME = Record(
    {
        "text": Field(TEXT, ("What may come out.", "可能的结果。"), required=True),
        "below": Field(
            Decimal(),
            ("The measured value lies below this; left out in the last.", "实测值小于此数；最后一项省略。"),
        ),
        "why": Field(TEXT, ("What speaks for it or against it.", "为什么会，或为什么不会。")),
    },
    build=Outcome,
)
CONTENDER = Record(
    {
        "text": Field(TEXT, ("What is compared.", "参与比较的对象。"), required=True),
        "claim": Field(ID, ("Whose measured value counts.", "以哪个结论的实测值为准。"), required=True),
    },
    build=Contender,
)

COMMON: dict[str, Field] = {
    "id": Field(ID, ("Permanent and unique in the pack.", "永久且在题库包内唯一。"), required=True),
    "kind": Field(OneOf(KINDS), ("How it is asked.", "题型。"), required=True),
    "level": Field(
        WholeField((1, 2, 3)),
        ("1 warm-up, 2 standard, 3 senior.", "1 热身，2 标准，3 资深。"),
        required=True,
    ),
    "ask": Field(
        TEXT, ("The question: Markdown with $LaTeX$.", "题目：Markdown，可含 $LaTeX$。"), required=True
    ),
    "answer": Field(TEXT, ("The model answer, or the explanation.", "参考答案或解析。")),
    "points": Field(
        ListOf(TEXT), ("What a complete spoken answer mentions.", "完整的口头回答应提到的要点。")
    ),
    "pitfalls": Field(ListOf(TEXT), ("What people get wrong, and why it is wrong.", "常见错误及其原因。")),
    "hint": Field(TEXT, ("A nudge that does not give it away.", "不泄露答案的提示。")),
    "demo": Field(DEMO, ("The demonstration that shows the answer.", "展示答案的演示。")),
    "follow": Field(ListOf(ID), ("Ids of the interviewer's next questions.", "面试官接下来会问的题目 id。")),
    "measured": Field(
        MapOf(KEBAB, FIGURE),
        ("Measured numbers that the prose quotes as {name}.", "正文中以 {名称} 引用的实测数字。"),
    ),
    "needs": Field(
        ListOf(ID),
        (
            "Ids or topics to be seen before this is a new card.",
            "先学过这些题目 id 或主题，才会出现这张新卡。",
        ),
    ),
    "source": Field(
        ListOf(WordField()), ("Papers, books, documentation.", "论文、书籍或文档出处。"), required=True
    ),
}
ANSWERED = COMMON | {
    "answer": Field(TEXT, ("The model answer, or the explanation.", "参考答案或解析。"), required=True)
}
OWN: dict[str, dict[str, Field]] = {
    "recall": {},
    "choice": {
        "choices": Field(
            ListOf(OPTION, at_least=2),
            ("At least one correct and one wrong.", "至少一个正确、一个错误。"),
            required=True,
        )
    },
    "truth": {
        "correct": Field(Flag(), ("Whether the statement is true.", "该陈述是否正确。"), required=True)
    },
    "cloze": {
        "text": Field(
            TEXT,
            ("Hides {{c1::this}} or {{c1::this::hint}}.", "用 {{c1::答案}} 或 {{c1::答案::提示}} 挖空。"),
            required=True,
        ),
        "accept": Field(
            MapOf("^c[0-9]{1,3}$", ListOf(WordField())),
            ("Further right answers: {c1: [one, another]}.", "每个空还可接受的答案：{c1: [甲, 乙]}。"),
        ),
    },
    "number": {
        "value": Field(Decimal(), ("The right number.", "正确数值。"), required=True),
        "tolerance": Field(
            Decimal(low=0), ("How far off is still right; 0 if left out.", "允许的绝对误差，省略表示 0。")
        ),
        "unit": Field(TEXT, ("The unit of both.", "单位。")),
        "accept": Field(
            ListOf(Decimal()),
            (
                "Further right values. One in another unit counts where no unit is typed, the square of the"
                " value where both sides are (13 × 13); any other is held to its own digits.",
                "同样算对的其他数值。换成另一种单位的，只在没写单位时算对；"
                "是该值平方的，只在写出两边（13 × 13）时算对；其余的按自身的位数判定，不用允许误差。",
            ),
        ),
    },
    "order": {
        "items": Field(ListOf(TEXT, at_least=3), ("In the right order.", "按正确顺序排列。"), required=True),
        "any_order": Field(
            ListOf(ListOf(Ordinal(), at_least=2)),
            (
                "Neighbours that may change places: [[1, 2]].",
                "先后可以互换的相邻项：[[1, 2]]。",
            ),
        ),
    },
    "code": {
        "entry": Field(ENTRY, ("What the person writes.", "要编写的函数或类。"), required=True),
        "starter": Field(
            TEXT, ("Python to begin with, docstring included.", "起始代码，含文档字符串。"), required=True
        ),
        "check": Field(CHECK, ("Who judges it.", "评判函数。"), required=True),
        "solution": Field(
            SOLUTION, ("Whose source is the model answer.", "参考答案所在的对象。"), required=True
        ),
        "avoid": Field(
            ListOf(AVOIDED),
            (
                "What of PyTorch may not be used; told with the question.",
                "不许使用的 PyTorch 名称，随题显示。",
            ),
        ),
        "judged": Field(
            ListOf(OneOf(JUDGED)),
            ("What is judged beside the values; told with the question.", "数值之外还要评判什么，随题显示。"),
        ),
    },
    "predict": {
        "demo": Field(DEMO, ("The demonstration that decides.", "以实测结果定对错的演示。"), required=True),
        "claim": Field(ID, ("The claim whose measured value is predicted.", "要预测哪个结论的实测值。")),
        "tolerance": Field(Decimal(low=0), ("How far off is still right.", "允许的绝对误差。")),
        "factor": Field(
            Decimal(low=1), ("How many times too large or too small is still right.", "允许相差的倍数。")
        ),
        "unit": Field(TEXT, ("The unit of what is measured.", "实测值的单位。")),
        "outcomes": Field(
            ListOf(OUTCOME, at_least=2),
            ("The ranges it may fall into, from the smallest values up.", "可能落入的区间，由小到大。"),
        ),
        "items": Field(
            ListOf(CONTENDER, at_least=3),
            ("What to put in order, smallest measured value first.", "待排序的各项，实测值小者在前。"),
        ),
    },
}
_RIGHT = {"properties": {"correct": {"const": True}}, "required": ["correct"]}
# What the reader's rules say about several fields at once, as JSON schema.
_MORE: dict[str, Schema] = {
    "choice": {
        "allOf": [
            {"properties": {"choices": {"contains": _RIGHT}}},
            {"properties": {"choices": {"contains": {"not": _RIGHT}}}},
        ]
    },
    "number": {
        "if": {"properties": {"value": {"type": "integer"}}},
        "else": {"properties": {"tolerance": {"exclusiveMinimum": 0}}, "required": ["tolerance"]},
    },
    "predict": {
        "oneOf": [{"required": [form]} for form in ("tolerance", "factor", "outcomes", "items")],
        "if": {"required": ["items"]},
        "then": {"not": {"required": ["claim"]}},
        "else": {"required": ["claim"]},
    },
}
RECORDS: dict[str, type[Question]] = {
    "recall": Recall,
    "choice": Choice,
    "truth": Truth,
    "cloze": Cloze,
    "number": Number,
    "order": Order,
    "code": Code,
    "predict": Predict,
}


def question(kind: str) -> Record:
    """The keys of a question of one kind."""
    return Record(
        (ANSWERED if kind in ("recall", "truth", "predict") else COMMON) | OWN[kind], more=_MORE.get(kind, {})
    )


BANK: dict[str, Field] = {
    "topic": Field(ID, ("The topic of the whole file.", "整个文件的主题。"), required=True),
    "title": Field(TEXT, ("The topic's name.", "主题名称。"), required=True),
    "languages": Field(
        ListOf(OneOf(LANGS)),
        ("The languages it is written in; both if left out.", "题库使用的语言；省略表示两种都有。"),
    ),
    "after": Field(
        ListOf(ID),
        ("Topics that a teacher would take first.", "适合先学的其他主题。"),
    ),
}
