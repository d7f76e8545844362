"""Curves, bars, points, heat maps, pictures and tables in cells of the terminal."""
