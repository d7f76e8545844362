"""Typer commands: each reads its arguments, calls one wing and prints."""
