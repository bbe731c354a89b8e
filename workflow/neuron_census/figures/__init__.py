"""The paper's figures, a module each: `table` makes the tidy numbers, `draw` the picture of them."""
