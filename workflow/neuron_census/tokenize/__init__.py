"""Tokenize: from the text of the domains to the windows that the studies read."""
