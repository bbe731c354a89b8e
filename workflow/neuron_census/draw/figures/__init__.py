"""The paper's figures, one module each: `table` returns the tidy numbers, `draw` a picture of them."""
