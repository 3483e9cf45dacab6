"""Lines that wait to be compared come back as they were, however many wait."""

from __future__ import annotations

import errno
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import Unavailable
from reconciliation import waiting_lines
from reconciliation.lines import ReportedLine
from reconciliation.packed import PackedLines, pack
from reconciliation.waiting_lines import WaitingLines
from tests.unit.reconciliation_examples import ACCOUNT, DAY, NEXT_DAY, uetr

REFERENCES = st.lists(st.sampled_from([str(uetr(1)), str(uetr(2)), "E1", "雪", "O'Neil\t\\"]), unique=True, max_size=3)
LINES = st.builds(
    ReportedLine, st.just(ACCOUNT), st.just("S1"), st.integers(1, 9), st.integers(0, 2), st.just(DAY), st.just(NEXT_DAY),
    st.sampled_from([-(10**18) + 1, -1, 0, 10**18 - 1]), REFERENCES.map(tuple), st.booleans(), st.sampled_from(["", "wire in"]),
)  # fmt: skip


def unpacked(read: Callable[[], PackedLines]) -> tuple[list[ReportedLine], list[int]]:
    """All lines again, and the keys that stand elsewhere."""
    lines = read()
    return lines.lines(ACCOUNT, "S1", range(len(lines.amounts))), lines.elsewhere.tolist()


@given(st.lists(st.lists(LINES, max_size=4), min_size=1, max_size=4), st.sampled_from([1, 5_000, 1_000_000]))
def test_lines_come_back_as_they_went_in(statements: list[list[ReportedLine]], in_memory: int) -> None:
    """In any order and more than once, whether memory had room for all, for some or for none."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(waiting_lines, "_BYTES_IN_MEMORY", in_memory)
        with WaitingLines() as aside:
            waiting = [aside.put(pack(lines)) for lines in statements]
            again = [unpacked(read) for read in [*reversed(waiting), *waiting]]
    wanted = [(lines, pack(lines).elsewhere.tolist()) for lines in statements]
    assert again == [*reversed(wanted), *wanted]


def test_nobody_can_open_what_waits(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The file has no name in its folder, so that it is gone with the process, too when that is killed."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(waiting_lines, "_BYTES_IN_MEMORY", 1)
    lines = [ReportedLine(ACCOUNT, "S1", 1, 0, DAY, DAY, -100, ("E1",), False, "")]
    with WaitingLines() as aside:
        read = aside.put(pack(lines))
        assert (unpacked(read), list(tmp_path.iterdir())) == ((lines, []), [])


def test_a_folder_without_room_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever runs the night learns where to make room; nothing was kept by then."""

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(waiting_lines.tempfile, "gettempdir", lambda: "/full")
    monkeypatch.setattr(waiting_lines.np, "save", full)
    with WaitingLines() as aside, pytest.raises(Unavailable) as refused:
        aside.put(pack([]))
    assert str(refused.value) == (
        "Lines of statements cannot be set aside in /full: No space left on device. Make room there, or name another folder in TMPDIR, "
        "and run the night again."
    )
