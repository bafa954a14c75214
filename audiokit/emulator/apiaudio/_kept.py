"""Files that only a link leads to: a document names them, so that they stay."""

KEPT = "v1.kept"
"""Kind of that document; its id is the file's."""
