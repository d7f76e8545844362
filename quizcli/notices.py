"""What is said on stderr beside the work of a command, which goes on."""

import sys

from quizcli.text import tr


def tell(line: str) -> None:
    """Say a line that does not stop the command."""
    print(tr("quizcli: ", "quizcli：") + line, file=sys.stderr)
