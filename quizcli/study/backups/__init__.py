"""Backups of all that a person has made: which there are, and what is in one."""
