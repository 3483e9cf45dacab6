"""The projections know every event there is, and write what PostgreSQL can read."""

from collections.abc import Iterator

import pytest

import ledger.handlers  # noqa: F401 - importing it defines every event
from ledger.domain.aggregate import Event
from ledger.eventstore.mapper import UPCASTERS, UnknownEvent
from ledger.projections.copying import field, json_text, text
from ledger.projections.facts import Fact
from ledger.projections.folding import Folding
from ledger.projections.folds import FOLDS, GOES_ON_WITH, FoldFailed, fold, needed


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
