"""The command line: its parser, help and completion, the standard streams, and the commands."""
