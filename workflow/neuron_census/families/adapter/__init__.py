"""What a family of models must know of itself, how it is found, and what is refused."""
