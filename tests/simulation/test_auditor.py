"""The auditor can fail: each rule is broken in a copy of a good log, and the auditor names it and the commit."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from ledger import commands as c
from ledger.eventstore.records import RecordedEvent
from tests.golden.write_samples import story
from tests.simulation.auditor import Finding, audit
from tests.unit.corridor_fixtures import ABB, ED25519_KEYS, OPEN, SETTLEMENT_BANK, approve_key, ask, register_key, uetr
from tests.unit.memory_ledger import MemoryLedger

Rows = list[RecordedEvent]
Json = dict[str, Any]


@cache
def good_log() -> tuple[RecordedEvent, ...]:
    """A log in which everything happens once."""
    return tuple(story()[0].rows)


def nth(topic: str, number: int = 1, transfer: int | None = None) -> int:
    """Where the numbered event of a topic stands, perhaps among those of one transfer only."""
    wanted = None if transfer is None else uetr(transfer)
    found = [i for i, row in enumerate(good_log()) if row.topic.rpartition(".")[0] == topic and wanted in (None, row.stream_id)]
    return found[number - 1]


def said(index: int) -> Json:
    state: Json = json.loads(good_log()[index].state)
    return state


def rewritten(index: int, change: Callable[[Json], None]) -> Rows:
    """The log with one event's state changed."""
    rows, state = list(good_log()), said(index)
    change(state)
    rows[index] = replace(rows[index], state=json.dumps(state).encode())
    return rows


def renumbered(rows: Rows) -> Rows:
    """Positions, boundaries and versions made dense again, so that only what is missing or new is wrong."""
    ends = {row.boundary: position for position, row in enumerate(rows, 1)}
    versions: dict[Any, int] = {}
    dense = []
    for position, row in enumerate(rows, 1):
        versions[row.stream_id] = versions.get(row.stream_id, 0) + 1
        dense.append(replace(row, position=position, boundary=ends[row.boundary], stream_version=versions[row.stream_id]))
    return dense


def without(index: int) -> Rows:
    """The log with one event cut out and the gap closed."""
    rows = list(good_log())
    del rows[index]
    return renumbered(rows)


def again(index: int, **changes: Any) -> Rows:
    """The log with one event recorded once more at the end, in a commit of its own."""
    state = said(index) | changes
    return renumbered([*good_log(), replace(good_log()[index], boundary=10**9, state=json.dumps(state).encode())])


def posting(account_of: str, entry: str) -> int:
    """The first event of an account that holds a line of this kind of entry."""
    streams = {json.loads(row.state)["name"]: row.stream_id for row in good_log() if row.topic == "Account.Opened.v1"}
    return next(
        index
        for index, row in enumerate(good_log())
        if row.stream_id == streams[account_of] and row.topic == "Account.Posted.v1" and said(index)["lines"][0][0] == entry
    )


def set_to(*path: str | int, value: Any) -> Callable[[Json], None]:
    """Changes the value found along a path."""

    def change(state: Any) -> None:
        for step in path[:-1]:
            state = state[step]
        state[path[-1]] = value

    return change


def silenced() -> Rows:
    """Another log, in which a charge takes a position below its floor, with its alert taken out."""
    charge = ask(c.ChargeSettlement, SETTLEMENT_BANK, participant=ABB, amount=600_00, currency="USD", reference="F-1")
    rows = MemoryLedger().given(OPEN, charge).rows
    assert audit(rows) == []
    return [replace(row, state=row.state.replace(b'"below_floor":true', b'"below_floor":false')) for row in rows]


def third_key() -> Rows:
    """Another log, in which two people let in two keys of one bank, and a third one as they did the second."""
    second: Json = {"key_id": "abb-2", "public_key": ED25519_KEYS[1]}
    rows = MemoryLedger().given(OPEN, register_key(), approve_key(), register_key(**second), approve_key(**second)).rows
    assert audit(rows) == []
    more = [
        replace(
            row, boundary=10**9 + row.position, state=json.dumps(json.loads(row.state) | {"key_id": "abb-3", "command": "another"}).encode()
        )
        for row in rows[-2:]
    ]
    return renumbered(
        [*rows, *(replace(row, state=row.state.replace(b"another", topic)) for row, topic in zip(more, (b"one", b"two"), strict=True))]
    )


def first(rows: Rows) -> set[str]:
    """The rules that the first broken commit breaks."""
    findings = audit(rows)
    return {finding.rule for finding in findings if finding.boundary == findings[0].boundary}


def test_a_good_log_is_good() -> None:
    """Everything that can happen has happened in it, and nothing is found."""
    assert audit(good_log()) == []


PAID = nth("Transfer.Paid", transfer=7)


BROKEN: list[tuple[str, Rows, set[str]]] = [
    ("a balance that its lines do not make", rewritten(posting("abb:cash:MAD", "funding"), set_to("balance", value=1)), {"I1"}),
    (
        "a cycle that read other positions",
        rewritten(nth("SettlementCycle.Closed"), set_to("positions", "abb", value=-1)),
        {"I1"},
    ),
    (
        "an entry out of balance",
        rewritten(posting("psbc:own:CNY", "float_in"), set_to("lines", 0, 3, value=-1)),
        {"I1", "I2", "posting table"},
    ),
    (
        "a line cut out of the log",
        without(posting("psbc:own:CNY", "float_in")),
        {"I1", "I2", "posting table"},
    ),
    (
        "a command with two effects",
        again(nth("SigningKeys.KeyDeclined"), key_id="nobody's"),
        {"I6", "I10"},
    ),
    ("a command of two actors", rewritten(nth("Transfer.Cleared", transfer=7), set_to("actor", value="psbc")), {"I6"}),
    ("a UETR that starts two transfers", again(nth("Transfer.Initiated", transfer=7), command="another"), {"I6", "I10"}),
    ("a return booked twice", again(nth("Transfer.Returned"), command="another"), {"I6", "posting table"}),
    ("a recall asked twice", again(nth("Transfer.RecallRequested"), command="another"), {"I6", "I10"}),
    (
        "a line that no command decided",
        rewritten(posting("psbc:own:CNY", "float_in"), set_to("lines", 0, 2, value="nobody")),
        {"I10", "I2", "I6", "posting table"},
    ),
    ("a position skipped", [replace(row, position=row.position + (row.position > 50)) for row in good_log()], {"I7"}),
    ("a version skipped", [replace(r, stream_version=9) if i == PAID else r for i, r in enumerate(good_log())], {"I7"}),
    ("a commit that ends elsewhere", [replace(r, boundary=10**6) if r.boundary == len(good_log()) else r for r in good_log()], {"I7"}),
    ("a cycle that does not end at a boundary", rewritten(nth("SettlementCycle.Closed"), set_to("to_boundary", value=7)), {"I7"}),
    ("a payment without acceptance or dispatch", without(nth("Transfer.Dispatched", transfer=7)), {"I10"}),
    ("a transfer paid twice", again(PAID, command="another"), {"I10", "posting table"}),
    ("a payment that pays another amount", rewritten(PAID, set_to("paid_to_creditor", value=1)), {"I10"}),
    ("a transfer that nobody initiated", without(nth("Transfer.Initiated", transfer=7)), {"I10", "I15"}),
    ("money sent on without a funding", without(nth("Transfer.Funded", transfer=3)), {"I10"}),
    ("a refund of another amount", rewritten(nth("Transfer.Refunded"), set_to("refunded_to_debtor", value=1)), {"I10"}),
    (
        "a refund that says it kept the fee",
        rewritten(nth("Transfer.Refunded", transfer=3), set_to("fee_given_back", value=False)),
        {"I10", "posting table"},
    ),
    ("a refused transfer without its refund", without(nth("Transfer.Refunded", transfer=3)), {"I10"}),
    ("more returned than was paid", rewritten(nth("Transfer.Returned"), set_to("part", 1, value=100_01)), {"I10", "posting table"}),
    ("a step while frozen", without(nth("Transfer.FreezeLifted")), {"I10"}),
    ("a hold cleared by one officer", rewritten(nth("ComplianceCase.Decided", 2), set_to("officers", value=["officer:bao"] * 2)), {"I10"}),
    (
        "a hold cleared by an officer who said otherwise",
        rewritten(nth("ComplianceCase.OpinionGiven", 3), set_to("opinion", value="reject")),
        {"I10"},
    ),
    ("a key let in by one person", rewritten(nth("SigningKeys.KeyRegistered"), set_to("actor", value="officer:karim")), {"I10"}),
    ("a key nobody proposed", without(nth("SigningKeys.KeyProposed")), {"I10"}),
    ("a key revoked by who suspended it", rewritten(nth("SigningKeys.KeyRevoked"), set_to("people", value=["officer:bao"] * 2)), {"I10"}),
    ("a third key at once", third_key(), {"I10"}),
    ("money that moves without its step", without(nth("Movement.CashMoved")), {"I10", "I6"}),
    (
        "a cap below what was funded",
        rewritten(nth("Corridor.TermsAmended"), set_to("agreement", "participants", "abb", "cap", value="101.00")),
        {"I12"},
    ),
    ("funding over a frozen account", without(nth("Account.StatusSet", 2)), {"I12"}),
    ("an account opened by one officer", without(nth("Account.StatusProposed")), {"I10"}),
    ("an alert that is missing", silenced(), {"I12"}),
    ("an alert without a cause", rewritten(posting("psbc:position:USD", "payout"), set_to("below_floor", value=True)), {"I12"}),
    (
        "another settlement amount than was funded",
        rewritten(nth("Transfer.Initiated", transfer=7), set_to("pricing", "settlement", value=1)),
        {"I15", "posting table"},
    ),
    ("money in flight that belongs to nobody", without(PAID), {"I10", "I15", "I6"}),
    ("cash at the settlement bank that nobody owns", without(posting("abb:position:USD", "prefund")), {"I1", "I16", "I2", "posting table"}),
]


@pytest.mark.parametrize(("rows", "rules"), [case[1:] for case in BROKEN], ids=[case[0] for case in BROKEN])
def test_the_auditor_names_the_rule_that_is_broken(rows: Rows, rules: set[str]) -> None:
    """In the first commit that breaks one, exactly these and no others."""
    assert first(rows) == rules


def test_every_rule_it_knows_is_broken_above() -> None:
    """Each of them can fail."""
    assert {rule for _, _, rules in BROKEN for rule in rules} == {"I1", "I2", "I6", "I7", "I10", "I12", "I15", "I16", "posting table"}


def test_a_finding_names_the_commit() -> None:
    """Where the log begins to be wrong, and what is wrong there."""
    index = nth("SettlementCycle.Closed")
    [finding] = audit(rewritten(index, set_to("to_boundary", value=7)))
    assert finding == Finding(
        "I7", good_log()[index].boundary, f"cycle 1 ends at 7, the commit before it at {good_log()[index - 2].position}"
    )
