"""Large data goes to a COPY in pieces: the same bytes, and never many at once."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.eventstore import binary_copy
from ledger.eventstore.binary_copy import in_pieces


@given(st.lists(st.binary(max_size=40), max_size=12), st.integers(1, 16))
def test_pieces_are_the_same_bytes_and_all_but_the_last_are_full(parts: list[bytes], size: int) -> None:
    """Whatever the parts: small ones stand together in a piece, large ones are cut."""
    whole = b"".join(parts)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(binary_copy, "PIECE_BYTES", size)
        assert list(in_pieces(parts)) == [whole[begin : begin + size] for begin in range(0, len(whole), size)]


def test_a_piece_is_given_before_the_part_behind_it_is_asked_for() -> None:
    """Parts are made while others are sent."""
    asked: list[int] = []

    def made() -> Iterator[bytes]:
        for number in range(3):
            asked.append(number)
            yield bytes(binary_copy.PIECE_BYTES)

    next(in_pieces(made()))
    assert asked == [0]
