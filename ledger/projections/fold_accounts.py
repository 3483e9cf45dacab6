"""What the facts of accounts change: balances, their history, the journal, alerts."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from struct import Struct

from ledger.projections.binary import beginning, bigint, day, instant, uuid, word
from ledger.projections.copying import field
from ledger.projections.facts import Fact
from ledger.projections.folding import Folding, Row

# Of the journal's columns in the order of their COPY, those that all lines of a fact share come first.
_LINE = beginning(13)
_NUMBER_AND_AMOUNT = Struct(">iiiq")


def _opened(folding: Folding, fact: Fact) -> None:
    account = folding.accounts[fact.subject] = {
        "corridor": folding.corridor,
        "account": fact.facts["name"],
        "currency": fact.facts["currency"],
        "normal_side": fact.facts["normal_side"],
        "floor": fact.facts["floor"],
        "status": "open",
        "balance": 0,
        "below_floor": False,
    }
    _stands(folding, account, fact)


def _posted(folding: Folding, fact: Fact) -> None:
    account = folding.accounts[fact.subject]
    before = b"".join(
        (
            _LINE, word(folding.corridor), word(account["account"]), bigint(fact.position), bigint(fact.boundary),
            instant(fact.recorded_at), word(account["currency"]),
        )
    )  # fmt: skip
    add, of_two = folding.lines.append, _NUMBER_AND_AMOUNT.pack
    for number, (entry, reference, command, amount, booking_date, value_date) in enumerate(fact.facts["lines"], 1):
        add(before + of_two(4, number, 8, amount) + _of_entry(entry, reference, command, booking_date, value_date))
    account["balance"] = fact.facts["balance"]
    _stands(folding, account, fact)


@lru_cache(8_192)
def _of_entry(entry: str, reference: str, command: str, booking_date: str, value_date: str) -> bytes:
    """The last columns of a line, which it shares with the other lines of its entry on other accounts."""
    return word(entry) + uuid(reference) + uuid(command) + day(booking_date) + day(value_date)


def _floor_set(folding: Folding, fact: Fact) -> None:
    account = folding.accounts[fact.subject]
    account["floor"] = fact.facts["floor"]
    _stands(folding, account, fact)


def _status_set(folding: Folding, fact: Fact) -> None:
    account = folding.accounts[fact.subject]
    account["status"] = fact.facts["status"]
    _stands(folding, account, fact)


def _status_proposed(_folding: Folding, _fact: Fact) -> None:
    """The account stays as it is until a second officer says the same."""


def _stands(folding: Folding, account: Row, fact: Fact) -> None:
    """The account as it stands after the fact; of several facts of one commit the last one counts."""
    name, floor, balance = account["account"], account["floor"], account["balance"]
    below = floor is not None and balance < floor
    if below != account["below_floor"]:
        _alert(folding, account, fact, below=below)
    account["below_floor"] = below
    account["boundary"], account["recorded_at"] = fact.boundary, fact.recorded_at
    folding.touched_accounts[name] = account
    folding.history[name, fact.boundary] = (
        f"{folding.corridor}\t{name}\t{fact.boundary}\t{fact.recorded_at}\t{account['currency']}\t{account['normal_side']}\t"
        f"{field(floor)}\t{account['status']}\t{balance}\n"
    )


def _alert(folding: Folding, account: Row, fact: Fact, *, below: bool) -> None:
    name = account["account"]
    if below:
        alert = folding.alerts[name] = {
            "corridor": folding.corridor,
            "account": name,
            "currency": account["currency"],
            "floor": account["floor"],
            "balance": account["balance"],
            "raised_at": fact.recorded_at,
            "raised_boundary": fact.boundary,
            "ended_at": None,
            "ended_boundary": None,
        }
    else:
        alert = folding.alerts.pop(name)
        alert["ended_at"], alert["ended_boundary"] = fact.recorded_at, fact.boundary
    folding.changed_alerts[name, alert["raised_boundary"]] = alert


ACCOUNT_FOLDS: dict[str, Callable[[Folding, Fact], None]] = {
    "Account.Opened.v1": _opened,
    "Account.Posted.v1": _posted,
    "Account.FloorSet.v1": _floor_set,
    "Account.StatusProposed.v1": _status_proposed,
    "Account.StatusSet.v1": _status_set,
}
