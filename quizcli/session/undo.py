"""What `u` takes back, in words; and what it asks before it reaches back into an earlier day."""

from __future__ import annotations

from quizcli.study.schedule.study_days import iso
from quizcli.study.store.rows import LogEntry
from quizcli.text import tr


def describe_undo(entry: LogEntry | None) -> str:
    """What was taken back."""
    if entry is None:
        return tr("nothing to undo", "没有可撤销的操作")
    what = _what(entry)
    return tr(f"undone: {what} ({entry.card})", f"已撤销：{what}（{entry.card}）")


def asks_first(entry: LogEntry | None, today: int, only: str = "") -> str:
    """What is asked before an act of an earlier day is taken back, or of a card that is not `only`; or ""."""
    if entry is None or (entry.day >= today and only in ("", entry.card)):
        return ""
    what = _what(entry)
    if entry.day >= today:
        return tr(f"u again takes back: {what} ({entry.card})", f"再按一次 u 将撤销：{what}（{entry.card}）")
    day = iso(entry.day)
    return tr(
        f"nothing of today is left to undo; u again takes back: {what} of {day} ({entry.card})",
        f"今天没有可撤销的操作；再按一次 u 将撤销 {day} 的{what}（{entry.card}）",
    )


def _what(entry: LogEntry) -> str:
    words = {
        "answer": tr("answer", "作答"),
        "suspend": tr("suspend", "暂停"),
        "resume": tr("unsuspend", "恢复"),
        "bury": tr("bury", "推到明天"),
        "requeue": tr("made due", "设为到期"),
    }
    return words.get(entry.kind, tr("flag", "旗标"))
