"""Train: small models of the OPT architecture, and the tokenizer and the text that they need."""
