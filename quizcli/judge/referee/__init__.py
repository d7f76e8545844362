"""The process that judges, and the end of it that faces the terminal."""
