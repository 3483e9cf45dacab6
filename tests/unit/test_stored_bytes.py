"""An event's stored bytes are what pydantic writes of it, and read back they give the same event, whatever is in its fields."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import get_args
from uuid import UUID

import pytest
from eventsourcing.persistence import JSONTranscoder
from hypothesis import given
from hypothesis import strategies as st
from pydantic_core import to_json

from corridors import shipped_terms
from ledger.answers import encode_answer
from ledger.domain.account_events import AccountPosted, PostedLine
from ledger.domain.aggregate import Event
from ledger.domain.corridor_events import CorridorOpened
from ledger.domain.posting import Entry, EntryKind
from ledger.domain.rates_events import RateSheetPublished
from ledger.domain.transfer_events import Screened, TransferHeld
from ledger.errors import FloorReached
from ledger.eventstore.mapper import EventMapper

STREAM, COMMAND = UUID(int=1), UUID(int=2)
INSTANTS = st.datetimes(min_value=datetime(1970, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - the strategy adds the zone
LINES = st.builds(
    PostedLine,
    st.sampled_from(get_args(EntryKind)),
    st.uuids(),
    st.uuids(),
    st.integers(min_value=-(10**18), max_value=10**18),
    st.dates(),
    st.dates(),
)
PRICES = st.decimals(min_value=Decimal("0.000001"), max_value=Decimal(10**12), allow_nan=False, allow_infinity=False)


def check_stored_bytes(event: Event) -> None:
    """As pydantic writes it, and back again."""
    mapper = EventMapper(JSONTranscoder())
    stored = mapper.encode(event)
    assert stored.state == to_json(event, exclude={"originator_id", "originator_version"})
    assert mapper.decode(stored.stream_id, stored.stream_version, stored.topic, stored.state) == event


@given(INSTANTS, st.lists(LINES).map(tuple), st.integers(min_value=-(10**18), max_value=10**18), st.booleans())
def test_lines_that_a_posting_made_are_what_validation_would_have_made_of_them(
    at: datetime, lines: tuple[PostedLine, ...], balance: int, below_floor: bool
) -> None:
    """Their fields are not looked at again when the event is made; reading the bytes looks at every one."""
    values = {"originator_id": STREAM, "originator_version": 7, "timestamp": at, "lines": lines, "balance": balance}
    check_stored_bytes(AccountPosted.of({**values, "below_floor": below_floor}))


@given(INSTANTS, st.text(), st.text(), st.dictionaries(st.text(), PRICES), st.integers(min_value=0, max_value=2**31))
def test_texts_instants_and_prices_are_stored_as_pydantic_writes_them(
    at: datetime, sheet: str, actor: str, rates: dict[str, Decimal], terms: int
) -> None:
    """Control characters, native scripts, trailing zeros and microseconds included."""
    values = {"originator_id": STREAM, "originator_version": 7, "timestamp": at, "actor": actor, "command": COMMAND, "terms": terms}
    check_stored_bytes(RateSheetPublished.of({**values, "sheet": sheet, "rates": rates, "valid_from": at, "valid_until": at, "source": ""}))
    screened = Screened(list_name=sheet, list_version=actor, outcome="hit", commitment=sheet)
    check_stored_bytes(TransferHeld.of({**values, "case": sheet, "screened": screened, "rules": tuple(rates)}))


def test_what_a_model_cached_is_no_part_of_what_is_stored() -> None:
    """The purposes of a leg are looked up by code, and the table made for that stays in memory."""
    terms = shipped_terms("abb-psbc").model_copy(deep=True)
    assert terms.legs[0].purpose("DEPD").code == "DEPD"
    values = {
        "originator_id": STREAM,
        "originator_version": 1,
        "originator_topic": "Corridor",
        "timestamp": datetime(2026, 3, 27, tzinfo=UTC),
    }
    check_stored_bytes(CorridorOpened.of({**values, "actor": "", "command": COMMAND, "terms": 0, "agreement": terms}))


@pytest.mark.parametrize(
    ("kind", "reference", "amounts"),
    [("gift", STREAM, (5, -5)), ("funding", str(STREAM), (5, -5)), ("funding", STREAM, (5.0, -5.0)), ("funding", STREAM, (5, -6))],
    ids=["a kind that does not exist", "a reference that is no id", "amounts that are not whole", "sides that differ"],
)
def test_an_entry_that_could_not_be_stored_cannot_be_made(kind: EntryKind, reference: UUID, amounts: tuple[int, int]) -> None:
    """What its lines would be refused for is refused where they come from."""
    with pytest.raises(AssertionError):
        Entry.of(kind, reference, [("abb:cash:MAD", amounts[0]), ("abb:own:MAD", amounts[1])])


def test_a_line_of_another_making_is_refused() -> None:
    """A bare tuple was not made by a posting."""
    values = {"originator_id": STREAM, "originator_version": 7, "timestamp": datetime(2026, 3, 27, tzinfo=UTC), "balance": 5}
    with pytest.raises(ValueError, match="PostedLine"):
        AccountPosted.of({**values, "lines": (("funding", STREAM, COMMAND, 5, date(2026, 3, 27), date(2026, 3, 27)),)})


@given(st.text(), st.text(), st.one_of(st.none(), st.booleans(), st.integers(min_value=-(2**63), max_value=2**63), st.text()))
def test_an_answer_is_stored_as_pydantic_writes_it(detail: str, name: str, value: object) -> None:
    """Results and refusals alike."""
    assert encode_answer({name: value}) == to_json({"result": {name: value}})
    refusal = FloorReached(detail, field=name, value=value, way_out=detail)
    said = {"code": "floor-reached", "detail": detail, "field": name, "value": str(value), "way_out": detail, "transient": True}
    assert encode_answer(refusal) == to_json({"refusal": said})
