"""The projections know every event there is, and write what PostgreSQL can read."""

import sys
from collections.abc import Iterator

import pytest

import ledger.handlers  # noqa: F401 - importing it defines every event
from ledger.domain.aggregate import Event
from ledger.eventstore.mapper import UPCASTERS, UnknownEvent
from ledger.projections import binary
from ledger.projections.copying import field, json_text, line, text
from ledger.projections.facts import Fact
from ledger.projections.folding import Folding
from ledger.projections.folds import FOLDS, GOES_ON_WITH, FoldFailed, fold, needed
from ledger.projections.short_turns import SECONDS, short_turns


def _topics(base: type[Event]) -> Iterator[str]:
    for kind in base.__subclasses__():
        if "TOPIC" in kind.__dict__:
            yield kind.TOPIC
        yield from _topics(kind)


def _fact(topic: str, subject: str = "s1", **facts: object) -> Fact:
    return Fact(7, 9, "2026-03-30T08:00:00+00:00", subject, topic, "abb", "c1", "", 1, [], dict(facts))


def test_every_topic_of_the_domain_has_a_fold() -> None:
    """A new event must be folded, or said to concern the trail only, before it can be shipped."""
    assert set(FOLDS) == set(_topics(Event)) - set(UPCASTERS)
    assert set(GOES_ON_WITH) < set(FOLDS)


def test_a_topic_from_the_future_stops_the_fold_by_name() -> None:
    """Passing over an unknown event would lose it for good, since the position moves on."""
    with pytest.raises(UnknownEvent, match=r"Event 7 of a-b has topic 'Transfer.Teleported.v1', which these projections do not know"):
        fold(Folding("a-b"), [_fact("Transfer.Teleported.v1")])


def test_a_fact_about_something_unheard_of_names_its_position() -> None:
    """A payment of a transfer that was never initiated cannot be folded; the message says where it is and what to do."""
    with pytest.raises(FoldFailed, match=r"Event 7 of a-b \(Transfer.Paid.v1\) does not fit .* Run `corridor verify`"):
        fold(Folding("a-b"), [_fact("Transfer.Paid.v1", method="account", paid_to_creditor=1)])


def test_a_page_needs_only_rows_that_it_does_not_begin_itself() -> None:
    """What a page initiates is not looked for in the tables; what it goes on with is."""
    facts = [_fact("Transfer.Initiated.v1", "t1"), _fact("Transfer.Funded.v1", "t1"), _fact("Transfer.Paid.v1", "t2")]
    assert needed([*facts, _fact("ComplianceCase.Decided.v1", "k1")]) == {"transfers": ["t2"], "cases": ["k1"]}


@pytest.mark.parametrize(
    ("value", "copied"),
    [
        (None, "\\N"),
        ("plain", "plain"),
        ("tab\tline\nreturn\rback\\slash", "tab\\tline\\nreturn\\rback\\\\slash"),
        ("nul\0", "nul\ufffd"),
        (True, "True"),
        (-12, "-12"),
        ({"a": ['"quoted"']}, '{"a":["\\\\"quoted\\\\""]}'),
    ],
)
def test_values_become_fields_of_copy_text(value: object, copied: str) -> None:
    """Nothing in a value may end its field or its row."""
    assert field(value) == copied


def test_a_nul_in_a_document_is_replaced_and_an_escaped_backslash_is_not_taken_for_one() -> None:
    """jsonb refuses NUL; six innocent characters that look like its escape stay as they are."""
    assert json_text({"a\0": ["b\0", 1]}) == '{"a\ufffd":["b\ufffd",1]}'
    assert json_text({"a": "\\u0000"}) == '{"a":"\\\\\\\\u0000"}'
    assert text("\\u0000") == "\\\\u0000"


@pytest.mark.parametrize(
    "values",
    [
        ("plain", None, 12, True),
        ("back\\slash", None),
        ("\\N", "x"),
        ("a\tb", "c"),
        ("line\nend", None),
        ("return\r", 1),
        ("nul\0", {}),
        ({"a": "\\"}, [], None),
    ],
)
def test_a_row_is_its_fields_with_tabs_between_them(values: tuple[object, ...]) -> None:
    """Whether or not anything has to be escaped, a row taken together is the row taken field by field."""
    assert line(values) == "\t".join(map(field, values)) + "\n"


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (binary.NULL, "ffffffff"),
        (binary.beginning(13), "000d"),
        (binary.bigint(-2), "00000008fffffffffffffffe"),
        (binary.integer(7), "0000000400000007"),
        (binary.text("a\0é"), "0000000661efbfbdc3a9"),
        (binary.word("abb"), "00000003616262"),
        (binary.uuid("00112233-4455-6677-8899-aabbccddeeff"), "0000001000112233445566778899aabbccddeeff"),
        (binary.instant("2000-01-01 02:00:00.000001+02"), "000000080000000000000001"),
        (binary.instant("1999-12-31T23:59:59.999999+00:00"), "00000008ffffffffffffffff"),
        (binary.day("2000-01-02"), "0000000400000001"),
        (binary.day("1999-12-31"), "00000004ffffffff"),
        (binary.jsonb([]), "00000003015b5d"),
        (binary.jsonb({"a\0": "\\u0000"}), "0000001301" + b'{"a\xef\xbf\xbd":"\\\\u0000"}'.hex()),
        (binary.data_of([]), ""),
        (binary.data_of([b"row"]), "5047434f50590aff0d0a000000000000000000726f77ffff"),
    ],
)
def test_values_become_fields_of_binary_copy(found: bytes, expected: str) -> None:
    """Each value is its length in four bytes and its bytes as PostgreSQL itself would send them."""
    assert found.hex() == expected


@pytest.mark.parametrize("value", ["", "0011", "00112233-4455-6677-8899-aabbccddeeff00", "no uuid at all"])
def test_what_is_no_uuid_is_not_sent_as_one(value: str) -> None:
    """A field of another length would be refused by the server without telling which value it was."""
    with pytest.raises(ValueError, match=r"UUID|hexadecimal"):
        binary.uuid(value)


def test_short_turns_end_with_the_last_who_asked_for_them() -> None:
    """What the process had before comes back, however many asked at a time and in whatever order they leave."""
    before = sys.getswitchinterval()
    first, second = short_turns(), short_turns()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert sys.getswitchinterval() == pytest.approx(SECONDS)
    second.__exit__(None, None, None)
    assert sys.getswitchinterval() == pytest.approx(before)
