"""Codes of what stands against restoring an object, or must be known of it."""

from typing import Final

UNDECIDED: Final = "mapping.undecided"
BLOCKED: Final = "dependency.blocked"  # it names an object that is not going to be there
WIDENED: Final = "mapping.would_widen"  # it would reach more, or ask less, than before
EMPTIED: Final = "mapping.would_be_empty"  # a list that without any row means everything
LEFT_OUT: Final = "mapping.left_out"
