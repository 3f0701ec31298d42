"""The operator's side: the 13 feeds over HTTP, in front of the operator's own database."""
