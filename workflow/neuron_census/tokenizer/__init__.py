"""A tokenizer in Hugging Face's format: text to tokens, and tokens to text that can be read."""
