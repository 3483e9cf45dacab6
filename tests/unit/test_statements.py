"""What a statement is given of, when its day is over, and what kind of transaction each entry is to a bank."""

from datetime import UTC, date, datetime, timedelta
from typing import Any, cast, get_args

import pytest

from ledger.domain.business_days import BusinessDay
from ledger.domain.posting import EntryKind
from ledger.domain.terms import STATEMENT_VERSIONS
from ledger.errors import DayNotClosed, StatementUnknown
from ledger.eventstore.log import Log
from ledger.eventstore.records import Head
from ledger.iso20022 import camt053_writer, camt054
from ledger.iso20022.statement import BankTransactionCode
from ledger.statements.codes import code_of
from ledger.statements.days import check_closed
from ledger.statements.drawing import check_serviced
from ledger.transparency.merkle import CompactTree
from tests.unit.refusals import refuses

CUT_OFF = datetime(2026, 3, 27, 21, tzinfo=UTC)
FRIDAY = BusinessDay(1, date(2026, 3, 27), CUT_OFF - timedelta(hours=12), CUT_OFF)
MICROSECOND, QUARTER = timedelta(microseconds=1), timedelta(minutes=15)


class Recorded:
    """A log of which no more is known than when it was last written to."""

    def __init__(self, at: datetime) -> None:
        self._head = Head(7, at, CompactTree())

    def head(self) -> Head:
        return self._head


def log(at: datetime) -> Log:
    return cast(Log, cast(Any, Recorded(at)))


@pytest.mark.parametrize(("recorded", "now"), [(CUT_OFF, CUT_OFF), (CUT_OFF - MICROSECOND, CUT_OFF + QUARTER)])
def test_a_day_is_over_once_nothing_can_be_recorded_before_its_cut_off(recorded: datetime, now: datetime) -> None:
    """When the log has come to the cut-off; in a quiet log, when every clock has passed it."""
    check_closed(log(recorded), FRIDAY, now)


def test_a_day_on_which_something_may_still_be_recorded_is_not_over() -> None:
    """Before the cut-off, and in a quiet log up to a quarter of an hour after it."""
    for now in (CUT_OFF - QUARTER, CUT_OFF + QUARTER - MICROSECOND):
        refuses(DayNotClosed, "date", "2026-03-27", lambda now=now: check_closed(log(CUT_OFF - MICROSECOND), FRIDAY, now))  # type: ignore[misc]


@pytest.mark.parametrize("account", ["abb:cash:MAD", "corridor:in_flight:USD", "corridor:position:USD", "abb", ""])
def test_statements_are_of_position_accounts(account: str) -> None:
    """Of cash and settlement accounts their own bank gives the statement."""
    assert check_serviced("abb:position:USD") == "abb"
    refuses(StatementUnknown, "account", account, lambda: check_serviced(account))


def test_every_kind_of_entry_has_its_code_on_either_side() -> None:
    """Four letters each from the external sets, and our own word beside them."""
    for entry in get_args(EntryKind):
        for minor in (1, -1):
            code = code_of(entry, minor)
            assert (code.proprietary, code.proprietary_issuer) == (entry, "corridor-ledger")
            assert [len(part or "") for part in (code.domain, code.family, code.sub_family)] == [4, 4, 4]


def test_the_versions_that_can_be_agreed_are_those_that_are_written() -> None:
    """The terms know no writer, so the two lists stand apart."""
    assert {"camt.053": camt053_writer.WRITTEN, "camt.054": camt054.WRITTEN} == STATEMENT_VERSIONS


def test_a_return_is_named_by_its_side() -> None:
    """What was issued comes back to the bank that sent; what was received goes back from the one that paid."""
    assert code_of("return", 1) == BankTransactionCode("PMNT", "ICDT", "RRTN", "return", "corridor-ledger")
    assert code_of("return", -1) == BankTransactionCode("PMNT", "RCDT", "RRTN", "return", "corridor-ledger")
    assert code_of("resolved", 1).family == "MCOP"
    assert code_of("resolved", -1).family == "MDOP"
