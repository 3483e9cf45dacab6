"""Finding the same person again by a keyed digest of the identity document."""

from uuid import RFC_4122

import pytest

from ledger.privacy.errors import RecordUnfit
from ledger.privacy.persons import normal_document, person_id

KEY = bytes(range(32))


@pytest.mark.parametrize(
    "document",
    [
        "passport MA AB123456",
        "Passport ma ab-123 456",
        " PASSPORT/MA/AB.123456 ",
        "ｐａｓｓｐｏｒｔ ＭＡ ＡＢ１２３４５６",
        "passport MA AB١٢٣٤٥٦",
    ],
)
def test_one_document_is_one_person_however_it_is_written(document: str) -> None:
    """Spaces, signs, case, full-width forms and the digits of another script make no second person with a second quota."""
    assert normal_document(document) == "passportmaab123456"
    assert person_id(KEY, "abb", document) == person_id(KEY, "abb", "passport MA AB123456")


def test_another_document_participant_or_key_is_another_person() -> None:
    """The id says nothing across banks, and nothing at all without the key."""
    ids = {
        person_id(KEY, "abb", "CIN MA AB123456"),
        person_id(KEY, "abb", "CIN MA AB123457"),
        person_id(KEY, "psbc", "CIN MA AB123456"),
        person_id(bytes(32), "abb", "CIN MA AB123456"),
    }
    assert len(ids) == 4


def test_a_person_id_is_a_version_8_uuid() -> None:
    """RFC 9562 keeps version 8 for digests of one's own."""
    found = person_id(KEY, "abb", "CIN MA AB123456")
    assert (found.version, found.variant) == (8, RFC_4122)


@pytest.mark.parametrize("document", ["", "  ", "-/."])
def test_an_empty_document_is_refused(document: str) -> None:
    """Otherwise everyone without a document would share one quota."""
    with pytest.raises(RecordUnfit, match=r"^The identity document is empty: give its kind, country and number\.$"):
        person_id(KEY, "abb", document)
