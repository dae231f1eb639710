"""Where `is_per_group` was."""

from actlab.emit.axis import is_per_group as is_per_row

__all__ = ["is_per_row"]
