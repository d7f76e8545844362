"""What a person permits, for the tests."""

from pathlib import Path

from quizcli.packs.trust import fingerprint, sources
from quizcli.permit import Permit


def permit_for(root: Path, pack: str = "pack") -> Permit:
    """The permit of who trusts all the code of a pack as it is now."""
    return Permit(pack, fingerprint(sources(root)))
