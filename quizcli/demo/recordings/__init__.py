"""Runs that are kept: recorded, found again, shown again."""
