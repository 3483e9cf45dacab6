"""Sealing one record: what goes in comes out, and only for the subject and kind it was sealed for."""

import json
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.privacy import records
from ledger.privacy.errors import RecordAltered, RecordUnfit
from ledger.privacy.records import RecordCipher, RecordKind, Records, decode, encode

ANNA, BILAL = UUID(int=1), UUID(int=2)
KEY, OTHER_KEY = bytes(range(32)), bytes(32)
ENDLESS: list[object] = []
ENDLESS.append(ENDLESS)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
VALUES = st.binary(max_size=50) | st.recursive(
    TEXTS | st.integers() | st.booleans() | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)


@given(VALUES)
def test_a_sealed_record_opens_to_the_same_value(value: object) -> None:
    """Bytes come back as bytes, texts and JSON as they were."""
    cipher = RecordCipher(ANNA, KEY)
    nonce, ciphertext = cipher.seal(RecordKind.PARTY, encode(RecordKind.PARTY, value))
    assert decode(RecordKind.PARTY, cipher.open(RecordKind.PARTY, nonce, ciphertext)) == value


@pytest.mark.parametrize("size", [0, 1, 7, 8, 9, 16, 17, 30])
def test_a_large_record_is_sealed_part_by_part_into_what_it_would_be_at_once(monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    """It opens like any other, and its size was told before it was sealed."""
    monkeypatch.setattr(records, "PIECE_BYTES", 8)
    encoded, cipher = bytes(range(size)), RecordCipher(ANNA, KEY)
    sealed = cipher.seal_in_parts(RecordKind.MESSAGE, encoded)
    ciphertext = b"".join(sealed.ciphertext)
    assert len(ciphertext) == sealed.size
    assert cipher.open(RecordKind.MESSAGE, sealed.nonce, ciphertext) == encoded


def test_one_value_has_one_form() -> None:
    """The order in which fields were written makes no other record, so a repeated attempt is recognised."""
    assert encode(RecordKind.PARTY, {"town": "北京", "name": "王"}) == encode(RecordKind.PARTY, {"name": "王", "town": "北京"})


def test_sealing_twice_gives_different_ciphertexts() -> None:
    """A fresh nonce each time: nobody sees that two records are equal."""
    cipher = RecordCipher(ANNA, KEY)
    assert cipher.seal(RecordKind.PARTY, b"bRabat") != cipher.seal(RecordKind.PARTY, b"bRabat")


@pytest.mark.parametrize(
    ("subject", "key", "kind"),
    [(BILAL, KEY, RecordKind.PARTY), (ANNA, OTHER_KEY, RecordKind.PARTY), (ANNA, KEY, RecordKind.ACCOUNT)],
)
def test_a_ciphertext_moved_elsewhere_does_not_open(subject: UUID, key: bytes, kind: RecordKind) -> None:
    """Another subject, even with the same key, another key or another kind of record: each is detected."""
    nonce, ciphertext = RecordCipher(ANNA, KEY).seal(RecordKind.PARTY, b"bRabat")
    with pytest.raises(RecordAltered, match=rf"^The {kind} record of subject {subject} does not authenticate"):
        RecordCipher(subject, key).open(kind, nonce, ciphertext)


@given(position=st.integers(0, 21), flip=st.integers(1, 255))
def test_a_flipped_bit_anywhere_is_detected(position: int, flip: int) -> None:
    """Not one bit of what is stored can change unseen."""
    cipher = RecordCipher(ANNA, KEY)
    nonce, ciphertext = cipher.seal(RecordKind.PARTY, b"bRabat")
    changed = bytearray(ciphertext)
    changed[position] ^= flip
    with pytest.raises(RecordAltered):
        cipher.open(RecordKind.PARTY, nonce, bytes(changed))


@pytest.mark.parametrize(
    "value",
    [1.5, {"amount": 1000.0}, ["Fatima", object()], {1: "Fatima"}, {"name": "Fatima \ud800"}, {"name": b"Fatima"}, {"Fatima"}, ENDLESS],
)
def test_a_value_that_cannot_be_kept_is_refused_without_being_shown(value: object) -> None:
    """Floats, keys that are no text, odd objects: the message names the kind of record and the way out only."""
    with pytest.raises(RecordUnfit) as refused:
        encode(RecordKind.PARTY, value)
    assert str(refused.value) == (
        "A record of kind 'party' must be bytes, text, or JSON of texts, integers, lists and objects; amounts are decimal strings."
    )
    assert (refused.value.__cause__, refused.value.__suppress_context__) == (None, True)


def test_bytes_of_no_known_form_are_reported() -> None:
    """Nothing but what was encoded here decodes."""
    with pytest.raises(RecordAltered, match=r"^A record of kind 'body' was stored in an unknown form\.$"):
        decode(RecordKind.BODY, json.dumps("Fatima").encode())


def test_records_keep_silent_in_print() -> None:
    """A log line or traceback shows which kinds are there and nothing of them."""
    records = Records({RecordKind.PARTY: {"name": "Fatima"}, RecordKind.ACCOUNT: "MA64 0115"})
    assert (repr(records), str(records), f"{records}") == ("Records(account, party)",) * 3
    assert records["party"] == {"name": "Fatima"}
