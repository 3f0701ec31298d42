"""`halfopen.toml` as typed records, one file a section; every mistake is one line that says what to write."""
