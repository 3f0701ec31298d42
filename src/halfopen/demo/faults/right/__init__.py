"""Correct products in many dialects: a checker must not accuse any of them."""
