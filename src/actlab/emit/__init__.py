"""From an expression to the text of one target: one file a target, one table a file."""
