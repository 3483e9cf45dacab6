"""What a verification cannot keep in memory lies in temporary files without a name, which go with the process."""

from __future__ import annotations

from ledger.errors import Unavailable


def no_room() -> Unavailable:
    """What to raise when such a file cannot be made or written."""
    return Unavailable("There is no room for temporary files. Let TMPDIR name a folder with more room and try again.")
