"""One message that a step makes the corridor send."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple


class Told(NamedTuple):
    """``to`` is the recipient (a participant, or the settlement bank), ``message`` its kind, such as ``pacs.002``.

    ``write`` makes the document out of a version and a message id; None when it cannot be written any more, since a person in it was
    erased.
    """

    to: str
    message: str
    write: Callable[[str, str], bytes | None]
