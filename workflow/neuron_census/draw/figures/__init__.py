"""The paper's figures, one module each: `table` makes the tidy numbers, `draw` the picture of them."""
