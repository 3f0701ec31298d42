"""Products with one fault each, by family."""
