"""Whether a response is right: numbers, blanks and predictions as people type them."""
