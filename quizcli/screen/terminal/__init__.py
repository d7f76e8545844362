"""The terminal itself: keys and lines typed, pages, streams that are clean, styles, sizes of numbers."""
