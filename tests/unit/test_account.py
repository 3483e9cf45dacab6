"""One account: its side, its floor, its status, and the one event a commit makes of many lines."""

from __future__ import annotations

import pytest

from ledger.domain import account_events as happened
from ledger.domain import ids
from ledger.domain.account import Account
from ledger.domain.account_events import PostedLine
from ledger.domain.posting import EntryKind
from ledger.errors import AccountClosed, AccountFrozen, AccountNotEmpty, FloorReached, SecondOfficerNeeded
from tests.unit.corridor_fixtures import AMINA, BAO, CORRIDOR, FRIDAY, MONDAY, NOW, OPERATOR, by, uetr
from tests.unit.history import Fact, fact, facts_known, given, recorded, recorded_nothing
from tests.unit.refusals import refuses

POSITION, CASH = "abb:position:USD", "abb:cash:MAD"


def line(amount: int, *, entry: EntryKind = "funding", number: int = 1) -> PostedLine:
    """A line of a transfer's entry; debits positive."""
    return PostedLine(entry, uetr(number), by(OPERATOR).command, amount, FRIDAY, MONDAY)


def posted(balance: int, *lines: PostedLine, below_floor: bool = False) -> Fact:
    """The lines of one commit."""
    return Fact(happened.AccountPosted, {"timestamp": NOW, "lines": lines, "balance": balance, "below_floor": below_floor})


def status(value: str, officer: str = AMINA) -> Fact:
    return fact(happened.AccountStatusSet, by(officer), status=value)


def proposed(value: str, officer: str = AMINA) -> Fact:
    return fact(happened.AccountStatusProposed, by(officer), status=value)


def opened(name: str = POSITION, floor: int | None = -500_00) -> Fact:
    """A credit account with a floor, or any other."""
    side = "credit" if name == POSITION else "debit"
    return fact(happened.AccountOpened, by(OPERATOR), name=name, currency=name[-3:], normal_side=side, floor=floor)


def account(*facts: Fact, first: Fact | None = None) -> Account:
    name = (first or opened()).says["name"]
    return given(Account, ids.account_stream(CORRIDOR, name), first or opened(), *facts)


@pytest.mark.parametrize("first", [opened(), opened(CASH, None)], ids=[POSITION, CASH])
def test_its_name_gives_an_account_its_currency_and_side(first: Fact) -> None:
    """Positions are held on the credit side, cash on the debit side."""
    name, floor = first.says["name"], first.says["floor"]
    fresh = Account.open(ids.account_stream(CORRIDOR, name), by(OPERATOR), name=name, floor=floor)
    recorded(fresh, first)


def test_the_lines_of_a_commit_become_one_event() -> None:
    """In the order of their commands, with the balance after them on the normal side."""
    position = account(posted(-101_00, line(101_00)))
    position.collect(line(101_00, number=2))
    position.collect(line(-250_00, entry="prefund", number=3))
    assert (position.balance, position.standing) == (-101_00, 48_00)
    position.record_collected(NOW)
    recorded(position, posted(48_00, line(101_00, number=2), line(-250_00, entry="prefund", number=3)))
    assert (position.balance, position.standing, position.collected) == (48_00, 48_00, [])
    assert facts_known(position) == facts_known(
        account(posted(-101_00, line(101_00)), posted(48_00, line(101_00, number=2), line(-250_00, entry="prefund", number=3)))
    )


def test_a_commit_without_lines_records_nothing() -> None:
    """An account that was only looked at stays as it was."""
    position = account()
    position.record_collected(NOW)
    recorded_nothing(position)


def test_a_debit_account_grows_by_debits() -> None:
    """Its balance is what it holds on its own side."""
    cash = account(first=opened(CASH, None))
    cash.collect(line(1_030_00))
    cash.collect(line(-30_00, number=2))
    cash.record_collected(NOW)
    recorded(cash, posted(1_000_00, line(1_030_00), line(-30_00, number=2)))


def test_money_is_refused_below_the_floor_and_only_there() -> None:
    """The very floor may be reached, one cent more may not; lines of the same commit count."""
    position = account(posted(-399_00, line(399_00)))
    position.check_accepts(101_00, -500_00)
    refuses(FloorReached, "account", POSITION, lambda: position.check_accepts(101_01, -500_00))
    position.collect(line(1))
    refuses(FloorReached, "account", POSITION, lambda: position.check_accepts(101_00, -500_00))
    recorded_nothing(position)


def test_what_raises_an_account_is_never_refused_for_its_floor() -> None:
    """Below the floor, money may still come in; only what takes more is refused."""
    position = account(posted(-600_00, line(600_00), below_floor=True))
    position.check_accepts(-1, -500_00)
    refuses(FloorReached, "account", POSITION, lambda: position.check_accepts(1, -500_00))


def test_an_account_without_a_floor_takes_any_line() -> None:
    """Cash and fees record what happened."""
    account(first=opened(CASH, None)).check_accepts(-(10**12), None)


def test_a_balance_below_the_floor_raises_the_alert() -> None:
    """A payment or a return is booked all the same, and the event says that it stands below."""
    position = account(posted(-499_00, line(499_00)))
    position.collect(line(2_00, entry="return"))
    position.record_collected(NOW)
    recorded(position, posted(-501_00, line(2_00, entry="return"), below_floor=True))


def test_a_floor_moves_and_is_never_itself_a_breach() -> None:
    """A lower cap is valid at once; the same floor again changes nothing."""
    position = account(posted(-400_00, line(400_00)))
    position.set_floor(by(OPERATOR), -500_00)
    recorded_nothing(position)
    position.set_floor(by(OPERATOR), -100_00)
    recorded(position, fact(happened.AccountFloorSet, by(OPERATOR), floor=-100_00))


@pytest.mark.parametrize(("said", "refusal"), [("frozen", AccountFrozen), ("closed", AccountClosed)])
def test_a_frozen_or_closed_account_takes_part_in_nothing_new(said: str, refusal: type[AccountFrozen | AccountClosed]) -> None:
    """Neither side of an entry that asks for money."""
    position = account(status(said))
    refuses(refusal, "account", POSITION, lambda: position.check_accepts(1, -500_00))
    refuses(refusal, "account", POSITION, lambda: position.check_accepts(-1, -500_00))


def test_one_officer_freezes_an_account_and_two_open_it_again() -> None:
    """The same status again changes nothing; one officer's word is no two, however often it is said."""
    position = account()
    position.set_status(by(AMINA), "open")
    recorded_nothing(position)
    position.set_status(by(AMINA), "frozen")
    position.set_status(by(AMINA), "open")
    refuses(SecondOfficerNeeded, "actor", AMINA, lambda: position.set_status(by(AMINA), "open"))
    refuses(AccountFrozen, "account", POSITION, lambda: position.check_accepts(1, -500_00))
    position.set_status(by(BAO), "open")
    recorded(position, status("frozen"), proposed("open"), status("open", BAO))
    position.check_accepts(1, -500_00)


def test_what_is_said_in_between_takes_a_proposal_back() -> None:
    """Another wish replaces the first one, and a freeze ends it: two officers agree on what both said last."""
    position = account(status("frozen"), proposed("open"))
    position.set_status(by(BAO), "closed")
    position.set_status(by(AMINA), "frozen")
    position.set_status(by(BAO), "open")
    recorded(position, proposed("closed", BAO), status("frozen"), proposed("open", BAO))
    assert position.status == "frozen"


def test_only_an_empty_account_is_closed_and_then_for_good() -> None:
    """Lines of the same commit count; a closed account is never opened again."""
    position = account()
    position.collect(line(1))
    refuses(AccountNotEmpty, "account", POSITION, lambda: position.set_status(by(AMINA), "closed"))
    recorded_nothing(position)
    empty = account(posted(1, line(-1)), posted(0, line(1, number=2)))
    empty.set_status(by(AMINA), "closed")
    empty.set_status(by(BAO), "closed")
    recorded(empty, proposed("closed"), status("closed", BAO))
    for again in ("open", "frozen", "closed"):
        refuses(AccountClosed, "account", POSITION, lambda again=again: empty.set_status(by(AMINA), again))
