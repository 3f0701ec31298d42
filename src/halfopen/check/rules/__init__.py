"""The rules: every module in here is found by itself, and every `Rule` in it is judged."""
