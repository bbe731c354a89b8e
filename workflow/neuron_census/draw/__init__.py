"""Draw: from the census to figures, claims, the summary and the explorer."""
