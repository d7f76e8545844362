"""The program as installed, for every test here."""

from tests.program import own_program, program, site

__all__ = ["own_program", "program", "site"]
