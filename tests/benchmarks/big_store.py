"""A program with a history: an installed copy with 1,000 questions, and a store with 100,000 reviews."""

from __future__ import annotations

import shutil
from pathlib import Path

from quizcli.study.schedule.card import Rating
from quizcli.study.schedule.schedule import Schedule
from quizcli.study.schedule.seeded_random import chance
from quizcli.study.schedule.study_days import DAY, Days, now_ms
from quizcli.study.store.store import Store
from tests.places import ROOT

_BANK = """topic: topic-{bank}
title: {{en: Topic {bank}, zh: 主题 {bank}}}
questions:
"""
_QUESTION = """
  - id: topic-{bank}-question-{number}
    kind: recall
    level: {level}
    ask:
      en: What does the attention formula of head {number} in block {bank} compute, and why is it scaled?
      zh: 第 {bank} 块第 {number} 个注意力头的公式计算什么？为什么要缩放？
    answer:
      en: It averages the values by `softmax` weights; unscaled, the softmax saturates and gradients vanish.
      zh: 用 `softmax` 权重对 value 加权平均；不缩放时 softmax 会饱和，梯度消失。
    points: [{{en: weighted average, zh: 加权平均}}, {{en: saturation, zh: 饱和}}]
    source: [Vaswani et al. 2017]
"""


def install(site: Path, questions: int) -> None:
    """Lay out quizcli in `site` as its wheel does, with `questions` questions in banks of fifty."""
    shutil.copytree(
        ROOT / "quizcli", site / "quizcli", ignore=shutil.ignore_patterns("__pycache__", "_builtin")
    )
    folder = site / "quizcli" / "_builtin" / "questions"
    folder.mkdir(parents=True)
    for bank in range(questions // 50):
        body = "".join(_QUESTION.format(bank=bank, number=n, level=n % 3 + 1) for n in range(50))
        (folder / f"topic-{bank:02}.yaml").write_text(_BANK.format(bank=bank) + body, encoding="utf-8")


def fill(store_file: Path, questions: int, reviews: int) -> None:
    """Answer the questions `reviews` times in all, over the last year; a few cards stay new."""
    schedule = Schedule(Days())
    answered = questions - 20
    each = reviews // answered + 1
    with Store.open(store_file) as store:
        store.one("PRAGMA synchronous = OFF")  # only here: the history is made up
        begin = now_ms() - 365 * DAY
        for round_ in range(each):
            for number in range(answered):
                at = begin + round_ * (364 * DAY // each) + number * 60_000
                rating = Rating.AGAIN if chance(str(number), round_) < 0.1 else Rating.GOOD
                name = f"topic-{number // 50}-question-{number % 50}"
                store.answer(name, rating, 9_000, at, schedule)


def make(home: Path, questions: int = 1_000, reviews: int = 100_000) -> Path:
    """Both, below `home`. Returns the folder to put on PYTHONPATH."""
    site = home / "site"
    install(site, questions)
    fill(home / "data" / "quizcli.db", questions, reviews)
    return site
