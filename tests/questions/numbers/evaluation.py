"""The numbers of questions/evaluation.yaml, computed."""

from collections.abc import Callable

import torch


def f1() -> float:
    """From the two lists themselves, 1,000 mails long."""
    spam = torch.arange(1000) < 60
    marked = (torch.arange(1000) >= 30) & (torch.arange(1000) < 70)
    hits = (spam & marked).sum()
    precision, recall = hits / marked.sum(), hits / spam.sum()
    return (2 / (1 / precision + 1 / recall)).item()


def rare_positives() -> float:
    """P(positive | alarm) by Bayes' rule, in per cent."""
    prior, hit_rate, false_alarms = 0.01, 0.9, 0.05
    alarm = hit_rate * prior + false_alarms * (1 - prior)
    return 100 * hit_rate * prior / alarm


NUMBERS: dict[str, Callable[[], float]] = {
    "evaluation-f1": f1,
    "evaluation-rare-positives": rare_positives,
}
