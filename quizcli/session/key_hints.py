"""The keys that a card offers, for its footer and its help: before it is answered, and after."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from quizcli.bank.prediction import answer_form
from quizcli.bank.types import AnyQuestion, Choice, Cloze, Code, Number, Order, Predict, Truth
from quizcli.screen.cards.question import footer_width
from quizcli.screen.terminal import theme
from quizcli.text import tr

KeyHint = tuple[str, str]  # what to press, what it does
NARROW, TINY = 76, 50  # columns: below them the grades lose their names, and all else gives way to them


def commands(
    question: AnyQuestion,
    ticked: Sequence[int],
    *,
    scheduled: bool,
    undoable: bool = True,
    suspended: bool = False,
) -> list[KeyHint]:
    """Before the answer. `ticked`: the numbers of the options chosen so far; `scheduled`: the card is on the
    schedule, perhaps `suspended`; `undoable`: there is something to take back.
    """
    keys = _answering(question, ticked)
    space = tr("space", "空格")
    if isinstance(question, Predict):
        keys.append((space, tr("just run it", "直接运行")))
    else:
        keys.append((space, tr("show answer", "看答案")))
        if question.demo is not None:
            keys.append(("d", tr("run it", "运行")))
    if question.hint is not None:
        keys.append(("h", tr("hint", "提示")))
    if undoable:
        keys.append(("u", tr("undo", "撤销")))
    if scheduled:
        keys += [
            ("s", tr("bring back", "取消暂停") if suspended else tr("suspend", "暂停该卡")),
            ("b", tr("bury", "推到明天")),
            ("f", tr("flag", "旗标")),
            ("e", tr("edit", "编辑")),
        ]
    return [*keys, ("?", tr("all keys", "全部按键")), ("q", tr("quit", "退出"))]


def _answering(question: AnyQuestion, ticked: Sequence[int]) -> list[KeyHint]:
    """How the question is answered."""
    match answer_form(question):
        case Choice(choices=choices):
            keys = [(f"1–{len(choices)}", tr("choose", "选择"))]
            if ticked:
                keys.append((tr("enter", "回车"), tr("answer ", "提交 ") + " ".join(map(str, ticked))))
            return keys
        case Truth():
            return [("1", tr("true", "正确")), ("2", tr("false", "错误"))]
        case Cloze() | Number() | Order():
            return [(tr("enter", "回车"), tr("type it", "作答"))]
        case Code():
            return [(tr("enter", "回车"), tr("write it", "动手写"))]
    return []


def grades(
    question: AnyQuestion, proposed: int, intervals: Mapping[int, str] | None, width: int, taken_by: str = ""
) -> list[KeyHint]:
    """After the answer: the four grades with the intervals they would give, `proposed` marked.

    Without intervals, in a round that leaves the schedule alone, there are two. `taken_by` is the key that
    takes the proposed one, besides its number; "" where none does.
    """
    names: Mapping[int, str] = {1: tr("missed it", "没答对"), 3: tr("knew it", "答对了")}
    if intervals is not None:
        words = (tr("again", "重来"), tr("hard", "困难"), tr("good", "良好"), tr("easy", "简单"))
        names = {n: f"{word} {intervals[n]}" for n, word in enumerate(words, 1)}
    help_ = ("?", tr("all keys", "全部按键"))
    runs = [("d", tr("run it", "运行"))] if question.demo is not None else []
    more = [] if width < TINY else [("?", tr("more", "更多"))]
    # A grade is never left out; its name may be, and the word for the key that takes it.
    shapes = [(names, taken_by)] if intervals is None or width >= NARROW else []
    shapes += [] if intervals is None else [(intervals, taken_by), (intervals, "")]
    for labels, key in shapes:
        marked = f"{key} {theme.CHOSEN}{proposed}".lstrip()
        keys = [(marked if n == proposed else str(n), label) for n, label in labels.items()]
        if footer_width([*keys, *more]) <= width:
            return [*keys, *runs, help_] if more else keys
    return keys


def help_rows(offers: Sequence[KeyHint], *, repeated: bool) -> list[KeyHint]:
    """All keys of a card, for who asks. `repeated`: an earlier run of its prediction can be shown again."""
    mark = theme.CHOSEN
    again = [("r", tr("show the earlier run again, once you have predicted", "预测之后，重放上一次运行"))]
    return [
        *(pair for pair in offers if pair[0] != "?"),
        *(again if repeated else []),
        (
            "1–4",
            tr(f"grade the answer; {mark} marks what is proposed", f"给答案评分；{mark} 标出建议的评分"),
        ),
        (
            "↑ ↓",
            tr(
                "a text longer than the window; pageup, pagedown, j, k, home, end too",
                "翻阅超过一屏的内容；也可用 pageup、pagedown、j、k、home、end",
            ),
        ),
        ("?", tr("show or hide these keys", "显示或收起按键说明")),
        ("ctrl-c", tr("stop; nothing is lost", "停止，不丢失任何记录")),
    ]
