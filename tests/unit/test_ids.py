"""Names become identifiers: the same in every process, in every release."""

from __future__ import annotations

from uuid import UUID

import pytest

from ledger.domain import ids

CORRIDOR = "abb-psbc"


@pytest.mark.parametrize(
    ("stream", "expected"),
    [
        (ids.corridor_stream(CORRIDOR), "f4f14e6a-d7c0-5ad3-9e79-e678824f9598"),
        (ids.account_stream(CORRIDOR, "abb:cash:MAD"), "fee4b35e-525b-58a4-899f-0dfc3f61e0ec"),
        (ids.rates_stream(CORRIDOR, "abb"), "8c95271c-2c62-5932-a8b3-a7c9415e759a"),
        (ids.cycle_stream(CORRIDOR, 1), "0c450041-99b7-55de-8fb0-48697d75b0d9"),
        (ids.case_stream(CORRIDOR, "hold-1"), "6345b9aa-4991-5d42-ae42-b2c5a02310f5"),
        (ids.movement_stream(CORRIDOR, "P-1"), "8122b899-4ecc-534b-a29e-5f4386896f45"),
        (ids.break_stream(CORRIDOR, "B-1"), "cc223e37-5811-5c50-affb-a0d51b650d16"),
        (ids.command_id(CORRIDOR, "abb", "key 1"), "8850130d-9a0e-53be-9e25-0dfec612d01c"),
    ],
)
def test_stored_streams_are_found_again(stream: UUID, expected: str) -> None:
    """These values stand in logs; whatever changes here loses them."""
    assert str(stream) == expected


def test_no_two_names_share_a_stream() -> None:
    """A kind of thing is part of its name, and so is its corridor."""
    one = "x"
    makers = (ids.account_stream, ids.rates_stream, ids.case_stream, ids.movement_stream, ids.break_stream)
    streams = [make(corridor, one) for make in makers for corridor in (CORRIDOR, "vnm-lao")]
    assert len(set(streams)) == len(streams)


def test_a_receipt_is_found_by_partner_and_key_together() -> None:
    """The first half of SHA-256 of partner, NUL and key: no key of one partner is ever another's."""
    assert ids.receipt_digest("abb", "key 1").hex() == "91e0ed840236ddb3a0646e564b7cf272"
    assert ids.receipt_digest("abb", "c") != ids.receipt_digest("ab", "bc")
    assert ids.command_id(CORRIDOR, "abb", "c") != ids.command_id(CORRIDOR, "ab", "bc")
