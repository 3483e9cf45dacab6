"""Salted commitments: they bind, they hide, they open field by field, and they keep silent in print."""

import hashlib
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.privacy.commitments import Opening, commit, commit_party, differing_fields, openings_of, verify_opening
from ledger.privacy.entropy import new_subject_id
from ledger.privacy.errors import RecordAltered, RecordUnfit
from ledger.privacy.records import RecordKind, encode

PARTY = {"name": "فاطمة الزهراء", "town": "Rabat", "date_of_birth": "1984-02-29"}
NAMES = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


def seeded(seed: int) -> random.Random:
    return random.Random(seed)


def test_a_commitment_is_the_documented_digest() -> None:
    """Anyone can compute a commitment from its opening with nothing but SHA-256 and lengths."""
    parts = [b"corridor/commitment/v1", b"\x07" * 32, b"town", b"Rabat"]
    by_hand = hashlib.sha256(b"".join(len(part).to_bytes(8, "big") + part for part in parts)).digest()
    assert commit(b"\x07" * 32, "town", "Rabat") == by_hand


def test_a_party_is_committed_field_by_field_and_each_opening_opens_its_own() -> None:
    """The event gets one commitment a field; the vault gets the openings, in the order of the field names."""
    committed = commit_party(PARTY, seeded(1).randbytes)
    assert [opening.field for opening in committed.openings] == ["date_of_birth", "name", "town"]
    assert {opening.field: opening.value for opening in committed.openings} == PARTY
    assert {opening.field: opening.commitment.hex() for opening in committed.openings} == committed.commitments
    assert len({opening.salt for opening in committed.openings}) == 3


def test_the_same_seed_repeats_the_same_commitments_and_another_seed_does_not() -> None:
    """A demo repeats itself from its seed, and equal parties cannot be told from their commitments."""
    first, again, other = (commit_party(PARTY, seeded(seed).randbytes) for seed in (1, 1, 2))
    assert first == again
    assert set(first.commitments.values()).isdisjoint(other.commitments.values())


def test_openings_survive_the_vault_record() -> None:
    """What is stored as a party record comes back as the same openings."""
    committed = commit_party(PARTY, seeded(3).randbytes)
    assert openings_of(committed.as_record()) == committed.openings
    assert differing_fields(openings_of(committed.as_record()), committed.commitments) == []


@given(st.dictionaries(NAMES, NAMES, max_size=5))
def test_a_record_encoded_here_is_what_the_vault_would_have_made_of_it(fields: dict[str, str]) -> None:
    """Whatever the names and texts hold: quotes, line breaks, other scripts."""
    committed = commit_party(fields, seeded(8).randbytes)
    assert committed.encoded() == encode(RecordKind.PARTY, committed.as_record())
    assert encode(RecordKind.PARTY, committed.encoded()) == committed.encoded()


@given(salt=st.binary(min_size=1, max_size=40), field=NAMES, value=NAMES, moved=st.integers(1, 20))
def test_moving_characters_between_field_and_value_changes_the_commitment(salt: bytes, field: str, value: str, moved: int) -> None:
    """The lengths keep ("ab", "c") apart from ("a", "bc")."""
    if len(field) >= moved:
        assert commit(salt, field, value) != commit(salt, field[:-moved], field[-moved:] + value)


@given(value=NAMES, other=NAMES)
def test_an_opening_opens_only_what_was_committed(value: str, other: str) -> None:
    """Another value under the same salt and field is refused."""
    salt = bytes(32)
    commitment = Opening("name", salt, value).commitment
    assert verify_opening(Opening("name", salt, other), commitment) is (value == other)


def test_fields_that_do_not_match_the_log_are_named() -> None:
    """A changed value, a missing field and an added one are all found."""
    committed = commit_party(PARTY, seeded(4).randbytes)
    birth, name, town = committed.openings
    shown = (birth, Opening("name", name.salt, "Someone Else"), Opening("street", town.salt, "Rue 1"))
    assert differing_fields(shown, committed.commitments) == ["name", "street", "town"]


def test_openings_keep_silent_in_print() -> None:
    """Neither the value nor the salt that protects it can reach a log line or a traceback."""
    committed = commit_party(PARTY, seeded(5).randbytes)
    assert repr(committed.openings) == "(Opening(field='date_of_birth'), Opening(field='name'), Opening(field='town'))"
    assert "Rabat" not in repr(committed)


def test_a_text_that_is_no_unicode_is_refused_without_being_shown() -> None:
    """The message names the field; neither it nor what caused it carries the text."""
    with pytest.raises(RecordUnfit) as refused:
        commit_party({"name": "Rachid \ud800"})
    assert str(refused.value) == "The name holds a character that is no Unicode text (a lone surrogate)."
    assert refused.value.__cause__ is None
    assert refused.value.__suppress_context__


@pytest.mark.parametrize(
    "record",
    [None, "Rabat", ["Rabat"], {"town": "Rabat"}, {"town": {"value": "Rabat"}}, {"town": {"value": "Rabat", "salt": "xyz"}}],
)
def test_a_record_of_another_shape_is_no_party(record: object) -> None:
    """Whatever else stands in a party record is reported as altered, and not shown."""
    with pytest.raises(RecordAltered, match=r"^The party record does not hold a salt and a value for each field\.$"):
        openings_of(record)


def test_a_subject_id_is_a_random_uuid_from_the_entropy_given() -> None:
    """Seeded ids repeat; every id is a version 4 UUID."""
    assert new_subject_id(seeded(6).randbytes) == new_subject_id(seeded(6).randbytes)
    assert new_subject_id().version == 4
    assert new_subject_id() != new_subject_id()
