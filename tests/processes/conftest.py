"""Small packs with answers, and runs of them, as tests of demonstrations have them."""

from tests.demo.conftest import begin, write

__all__ = ["begin", "write"]
