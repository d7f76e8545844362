"""Opening 1 MB of banks: YAML by PyYAML's two loaders, read and checked by us, and from the compiled cache.

    python -m tests.benchmarks.open_banks [RUNS]

Best of RUNS, in milliseconds; imports are not counted.
"""

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import yaml

from quizcli.packs.pack import Pack, load

QUESTION = """
  - id: q-{bank}-{number}
    kind: choice
    level: 1
    ask: {{en: "Which two terms make up the loss of a VAE?", zh: "VAE 的损失由哪两项组成？"}}
    answer:
      en: |
        {en}
      zh: |
        {zh}
    choices:
      - {{text: {{en: the first, zh: 第一项}}, correct: true}}
      - {{text: {{en: the second, zh: 第二项}}, why: {{en: "That is the prior.", zh: "那是先验。"}}}}
      - {{text: {{en: the third, zh: 第三项}}, why: {{en: "That is the bound.", zh: "那是下界。"}}}}
    demo: {{run: vae, set: {{beta: 0.0}}, claims: [elbo-reached]}}
    follow: [q-0-0]
    source: ["Kingma & Welling 2014, eq. 10"]
"""


def make(root: Path, banks: int = 20, questions: int = 50) -> list[Path]:
    """A pack of 1,000 questions, about 1 MB."""
    (root / "questions").mkdir()
    en, zh = "The reconstruction term and the KL divergence. " * 8, "重构项与 KL 散度。" * 8
    paths = []
    for bank in range(banks):
        head = f"topic: t{bank}\ntitle: {{en: Topic, zh: 主题}}\nquestions:"
        body = "".join(QUESTION.format(bank=bank, number=n, en=en, zh=zh) for n in range(questions))
        paths.append(root / "questions" / f"t{bank:02}.yaml")
        paths[-1].write_text(head + body, encoding="utf-8")
    return paths


def best(runs: int, work: Callable[[], object]) -> float:
    """Shortest wall time of `work` in milliseconds."""
    times = []
    for _ in range(runs):
        begin = time.perf_counter()
        work()
        times.append(time.perf_counter() - begin)
    return min(times) * 1e3


def main(runs: int = 9) -> None:
    """Print one line for each way."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        texts = [path.read_text(encoding="utf-8") for path in make(root)]
        print(f"{sum(len(text.encode()) for text in texts) / 1e6:.2f} MB, 1,000 questions; milliseconds")
        pack, cache = Pack("big", root), root / "cache"
        slow = best(1, lambda: [yaml.load(text, yaml.SafeLoader) for text in texts])
        fast = best(3, lambda: [yaml.load(text, yaml.CSafeLoader) for text in texts])
        read = best(3, lambda: load(pack, None))
        time.sleep(2.5)  # banks that were just written are looked at again
        load(pack, cache)
        hot = best(runs, lambda: load(pack, cache))
        print(
            f"SafeLoader {slow:.0f}   CSafeLoader {fast:.0f}   read and checked {read:.0f}   cached {hot:.1f}"
        )


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
