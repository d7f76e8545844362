"""An SQLite file on a disk that may fail: opened, looked after, its damage told."""
