"""Asks an unknown product a few polite questions, and writes its section of `halfopen.toml`."""
