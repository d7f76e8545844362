"""One file a command, or a folder where it has parts: reads its arguments, calls one room, prints."""
