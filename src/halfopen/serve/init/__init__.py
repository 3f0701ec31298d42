"""`halfopen init`: from an unknown schema to a proposed mapping, every choice with its ground."""
