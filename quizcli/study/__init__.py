"""The study session without a terminal: schedule, store, grading, statistics."""
