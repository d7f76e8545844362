"""Synchronized output: what is written from `BEGIN` to `END` appears on the terminal all at once."""

BEGIN, END = "\x1b[?2026h", "\x1b[?2026l"
