"""A person at work: the day, a card and its keys, typed answers, code, predictions, demonstrations."""
