"""Where things lie that tests read: the repository, a bank without mistakes, and two small packs."""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
GOOD_BANK = ROOT / "tests" / "bank" / "good.yaml"
PACK = ROOT / "tests" / "cli" / "pack"  # the program's, where it is not to be the real one
CODED = ROOT / "tests" / "cli" / "coded"  # one with a code question
