"""The only place that draws: cards and demonstrations, of text, charts and formulas, on a terminal."""
