"""Compiled loops and nothing else: numba reads their annotations, which a checker of shapes would replace."""
