"""When a card comes back: FSRS-6 on study days, with reproducible chance."""
