"""The list that the operator put in a file: read at the start, and read anew when the file has changed."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

from ledger.errors import Misconfigured
from ledger.screening.name_list import NameList
from ledger.screening.port import ListFacts, ScreenedParty, ScreeningResult
from ledger.screening.un_list import ListUnusable, read_un_list

logger = logging.getLogger(__name__)

_State = tuple[int, int, int]


class ListFile:
    """Screens against the newest whole list that the file held. Raises Misconfigured when there is none to begin with.

    The last whole list stays in force when the file is being written, is cut off, or is gone; that is logged each time it is met.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._state, self._list = self._read()
        except (OSError, ListUnusable) as error:
            raise Misconfigured(
                f"CORRIDOR_SCREENING_LIST={path} is not usable. {_why(error)} Fetch the UN consolidated list in XML again."
            ) from None

    def refresh(self) -> None:
        """Takes the file's list into force if it has changed and is whole."""
        try:
            if _state_of(self._path) != self._state:
                self._state, self._list = self._read()
                logger.info("the screening list is now that of %s", self._list.about().version)
        except (OSError, ListUnusable) as error:
            logger.error("the screening list stays that of %s: %s", self._list.about().version, _why(error))

    def about(self) -> ListFacts:
        """The list in force."""
        return self._list.about()

    def screen(self, parties: Sequence[ScreenedParty]) -> ScreeningResult:
        """As the list in force says."""
        return self._list.screen(parties)

    def _read(self) -> tuple[_State, NameList]:
        # The state first: what is written while the file is read is then read again.
        state = _state_of(self._path)
        return state, read_un_list(self._path.read_bytes())


def _state_of(path: Path) -> _State:
    stat = path.stat()
    return stat.st_ino, stat.st_size, stat.st_mtime_ns


def _why(error: Exception) -> str:
    return f"It cannot be read ({type(error).__name__})." if isinstance(error, OSError) else str(error)
