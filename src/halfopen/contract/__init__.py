"""The 13 feeds as data, and what can be read off them: kinds of values, and the judge of rows."""
