"""How names and texts are written in SQL; DuckDB and PostgreSQL agree on it."""


def quote(name: str) -> str:
    """A quoted identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A string literal."""
    return "'" + text.replace("'", "''") + "'"


def json_path(name: str) -> str:
    """DuckDB's path to a member of a JSON object; a name with a quote or a backslash has none."""
    return f'$."{name}"'
