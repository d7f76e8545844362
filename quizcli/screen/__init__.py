"""The only place that draws: theme, card, live view, chart, picture, formulas, keys."""
