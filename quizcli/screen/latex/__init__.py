"""Formulas in the terminal: LaTeX read into a tree, the tree laid out in rows of cells."""
