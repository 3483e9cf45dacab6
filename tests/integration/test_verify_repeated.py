"""What a verification keeps of very many commands lies in files once it is more than a little."""

from __future__ import annotations

from contextlib import closing
from uuid import UUID, uuid5

import pytest

from ledger.errors import Unavailable
from ledger.verify import repeated as module
from ledger.verify.aside import Aside
from ledger.verify.repeated import Repeated

NAMES = UUID(int=11)


@pytest.mark.parametrize("again", [[], [0], [999], [500]])
def test_what_was_put_aside_is_compared_too(again: list[int]) -> None:
    """Both of a pair may be in the file, or one of them still in memory."""
    repeated = Repeated(heap_max=3)
    for number in [*range(1_000), *again]:
        repeated.add(uuid5(NAMES, str(number)))
    assert repeated.any(lambda: None) is bool(again)


def test_no_room_for_temporary_files_is_told_with_the_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """The verification ends in words; nothing of the ledger depends on it."""

    def full(**_said: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module, "TemporaryFile", full)
    with pytest.raises(Unavailable, match=r"no room for temporary files\. Let TMPDIR name a folder"):
        Repeated(heap_max=1).add(NAMES)


def test_no_room_for_what_is_put_aside_is_told_with_the_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """As it is for the other temporary files of a verification."""
    monkeypatch.setattr("ledger.verify.aside._SETTINGS", ("PRAGMA max_page_count = 3", "PRAGMA journal_mode = OFF"))
    with closing(Aside[bytes](bytes, bytes, 1)) as aside, pytest.raises(Unavailable, match=r"no room for temporary files\. Let TMPDIR"):
        for stream in range(100):
            aside.put(stream, bytes(1_000))
