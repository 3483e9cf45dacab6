"""An auditor who trusts nothing but the recorded bytes.

It knows the rules from the design of the corridor, not from the code that must keep them: nothing of the ledger is imported here. It
reads the stored events as JSON, keeps its own balances, its own posting table and its own idea of a transfer's life, and says which rule
(I1, I2, …) a commit breaks. Amounts are minor units, debits positive.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from datetime import datetime
from itertools import groupby
from typing import Any, NamedTuple, Protocol
from uuid import UUID
from zoneinfo import ZoneInfo

from tests.simulation.key_rules import KeyRules
from tests.simulation.rulebook import (
    ASKS_FOR_MONEY,
    DEBIT_SIDE,
    ENDS,
    FLOORED_AT_ZERO,
    IN_FLIGHT,
    NOT_WHILE_FROZEN,
    NOT_WHILE_UNANSWERED,
    STEP_OF_ENTRY,
    STEPS,
    Lines,
    lines_of,
)

Json = dict[str, Any]


class Row(Protocol):
    """What of a recorded event the auditor looks at."""

    @property
    def position(self) -> int: ...
    @property
    def boundary(self) -> int: ...
    @property
    def stream_id(self) -> UUID: ...
    @property
    def stream_version(self) -> int: ...
    @property
    def topic(self) -> str: ...
    @property
    def state(self) -> bytes: ...


class Finding(NamedTuple):
    """A rule that a commit breaks. ``boundary`` is the position at which the commit ends."""

    rule: str
    boundary: int
    detail: str


class Happened(NamedTuple):
    """One event as read."""

    stream: str
    topic: str
    said: Json


class Auditor:
    """Takes commit after commit; ``findings`` is what it found wrong, in the order of the log."""

    def __init__(self) -> None:
        self.findings: list[Finding] = []
        self.balances: dict[str, int] = {}
        self.position = 0
        self._boundary = 0
        self._versions: dict[UUID, int] = {}
        self._names: dict[str, str] = {}
        self._status: dict[str, str] = {}
        self._proposed: dict[str, tuple[str, str]] = {}
        self._terms: list[Json] = []
        self._transfers: dict[str, Json] = {}
        self._cases: dict[str, Json] = {}
        self._commands: dict[str, int] = {}
        self._keys = KeyRules()

    def take(self, rows: Iterable[Row]) -> list[Finding]:
        """Audits the commits that these rows are and returns what they broke."""
        before = len(self.findings)
        for boundary, commit in groupby(rows, key=lambda row: row.boundary):
            self._take_commit(boundary, list(commit))
        return self.findings[before:]

    def _take_commit(self, boundary: int, rows: list[Row]) -> None:
        self._check_dense(boundary, rows)
        happened = [Happened(str(row.stream_id), row.topic.rpartition(".")[0], json.loads(row.state)) for row in rows]
        opening = dict(self.balances)
        self._check_once(boundary, happened)
        for event in happened:
            self._take_event(boundary, event, opening)
        self._check_entries(boundary, happened)
        self._check_books(boundary)
        self._boundary = boundary

    def _find(self, rule: str, boundary: int, detail: str) -> None:
        self.findings.append(Finding(rule, boundary, detail))

    # I7: dense positions and versions, commits that end at their boundary

    def _check_dense(self, boundary: int, rows: list[Row]) -> None:
        for row in rows:
            self.position += 1
            if row.position != self.position:
                self._find("I7", boundary, f"position {row.position} where {self.position} was due")
            version = self._versions.get(row.stream_id, 0) + 1
            if row.stream_version != version:
                self._find("I7", boundary, f"version {row.stream_version} of {row.stream_id} where {version} was due")
            self._versions[row.stream_id] = version
        if rows[-1].position != boundary:
            self._find("I7", boundary, f"a commit that says it ends at {boundary} ends at {rows[-1].position}")

    # I6: one command in one commit, by one actor

    def _check_once(self, boundary: int, happened: list[Happened]) -> None:
        actors: dict[str, str] = {}
        for _, topic, said in happened:
            if "command" not in said:
                continue
            if actors.setdefault(said["command"], said["actor"]) != said["actor"]:
                self._find("I6", boundary, f"{topic}: one command of two actors")
            if self._commands.setdefault(said["command"], boundary) != boundary:
                self._find("I6", boundary, f"{topic}: command {said['command']} had its effect before")
        for _, topic, said in happened:
            for line in said["lines"] if topic == "Account.Posted" else ():
                if line[2] not in actors:
                    self._find("I6", boundary, f"a line of command {line[2]}, which decided nothing here")

    # One event

    def _take_event(self, boundary: int, event: Happened, opening: dict[str, int]) -> None:
        kind = event.topic.partition(".")[0]
        takers: dict[str, Callable[[int, Happened], None]] = {
            "Corridor": self._take_terms,
            "Account": self._take_account,
            "Transfer": self._take_transfer,
            "ComplianceCase": self._take_case,
            "SigningKeys": self._take_key,
        }
        if kind in takers:
            takers[kind](boundary, event)
        if event.topic == "SettlementCycle.Closed":
            self._check_cycle(boundary, event.said, opening)

    def _take_terms(self, boundary: int, event: Happened) -> None:
        if event.topic in ("Corridor.Opened", "Corridor.TermsAmended"):
            self._terms.append(event.said["agreement"])

    def _check_cycle(self, boundary: int, said: Json, opening: dict[str, int]) -> None:
        if said["to_boundary"] != self._boundary:
            self._find("I7", boundary, f"cycle {said['number']} ends at {said['to_boundary']}, the commit before it at {self._boundary}")
        positions = {bank: -opening[f"{bank}:position:{said['currency']}"] for bank in said["positions"]}
        if said["positions"] != positions:
            self._find("I1", boundary, f"cycle {said['number']} read {said['positions']} where the books say {positions}")

    # Accounts: I12 and the balances

    def _take_account(self, boundary: int, event: Happened) -> None:
        said = event.said
        if event.topic == "Account.Opened":
            self._names[event.stream] = said["name"]
            self.balances[said["name"]] = 0
            self._status[said["name"]] = "open"
        elif event.topic == "Account.StatusProposed":
            self._proposed[self._names[event.stream]] = (said["status"], said["actor"])
        elif event.topic == "Account.StatusSet":
            name = self._names[event.stream]
            proposed, officer = self._proposed.pop(name, (self._status[name], ""))
            if said["status"] not in ("frozen", self._status[name]) and (proposed != said["status"] or officer in ("", said["actor"])):
                self._find("I10", boundary, f"{name} was {said['status']} by one officer")
            self._status[name] = said["status"]
        elif event.topic == "Account.Posted":
            self._post(boundary, self._names[event.stream], said)

    def _post(self, boundary: int, name: str, said: Json) -> None:
        side = 1 if name.split(":")[1] in DEBIT_SIDE else -1
        floor = self._floor(name, said["timestamp"])
        for entry, _, _, amount, *_ in said["lines"]:
            self.balances[name] += amount
            standing = side * self.balances[name]
            if entry not in ASKS_FOR_MONEY:
                continue
            if self._status[name] != "open":
                self._find("I12", boundary, f"{entry} over {name}, which is {self._status[name]}")
            if floor is not None and side * amount < 0 and standing < floor:
                self._find("I12", boundary, f"{entry} takes {name} to {standing}, below {floor}")
        standing = side * self.balances[name]
        if said["balance"] != standing:
            self._find("I1", boundary, f"{name} says {said['balance']} where its lines say {standing}")
        if said["below_floor"] != (floor is not None and standing < floor):
            self._find("I12", boundary, f"{name} at {standing} with floor {floor} and alert {said['below_floor']}")

    def _floor(self, name: str, at: str) -> int | None:
        owner, kind, _ = name.split(":")
        if kind != "position":
            return 0 if kind in FLOORED_AT_ZERO else None
        zone = ZoneInfo(self._terms[-1]["settlement"]["calendar"]["zone"])
        today = datetime.fromisoformat(at).astimezone(zone).date().isoformat()
        in_force = [terms for terms in self._terms if terms["effective_from"] <= today] or self._terms[:1]
        whole, _, cents = in_force[-1]["participants"][owner]["cap"].partition(".")
        return -int(whole + cents.ljust(2, "0"))

    # The life of a transfer: I6 and I10

    def _take_transfer(self, boundary: int, event: Happened) -> None:
        uetr, step, said = event.stream, event.topic.partition(".")[2], event.said
        if step == "Initiated":
            if uetr in self._transfers:
                self._find("I6", boundary, f"{uetr} was initiated before")
            self._transfers[uetr] = {
                "state": "initiated", "pricing": said["pricing"], "frozen": False, "unanswered": False, "funded": False,
                "returns": {}, "recalls": set(), "fee_given_back": None,
            }  # fmt: skip
            return
        transfer = self._transfers.get(uetr)
        if transfer is None:
            self._find("I10", boundary, f"{step} of {uetr}, which was never initiated")
            return
        self._check_step(boundary, uetr, transfer, step)
        self._check_amounts(boundary, uetr, transfer, step, said)
        self._take_step(transfer, step, said)

    def _check_step(self, boundary: int, uetr: str, transfer: Json, step: str) -> None:
        after, _ = STEPS.get(step, ((), None))
        if transfer["state"] not in after:
            self._find("I10", boundary, f"{step} of {uetr}, which is {transfer['state']}")
        if transfer["frozen"] and step in NOT_WHILE_FROZEN:
            self._find("I10", boundary, f"{step} of {uetr}, which is frozen")
        if transfer["unanswered"] and step in NOT_WHILE_UNANSWERED:
            self._find("I10", boundary, f"{step} of {uetr}, whose outcome is unknown")
        if step == "Refunded" and not transfer["funded"]:
            self._find("I10", boundary, f"{uetr} is refunded and was never funded")

    def _check_amounts(self, boundary: int, uetr: str, transfer: Json, step: str, said: Json) -> None:
        pricing = transfer["pricing"]
        received = pricing["payout"] - pricing["creditor_fee"]
        if step == "Paid" and said["paid_to_creditor"] != received:
            self._find("I10", boundary, f"{uetr} paid {said['paid_to_creditor']} instead of {received}")
        if step == "Refunded":
            due = pricing["instructed"] + (pricing["fee"] if said["fee_given_back"] else 0)
            if said["refunded_to_debtor"] != due:
                self._find("I10", boundary, f"{uetr} refunded {said['refunded_to_debtor']} instead of {due}")
        if step == "Returned":
            if said["return_id"] in transfer["returns"]:
                self._find("I6", boundary, f"return {said['return_id']} of {uetr} was booked before")
            parts = [*transfer["returns"].values(), said["part"]]
            caps = (received, pricing["settlement"], pricing["instructed"])
            if any(sum(column) > cap for column, cap in zip(zip(*parts, strict=True), caps, strict=True)) or min(said["part"]) < 0:
                self._find("I10", boundary, f"{uetr} returned {parts}, more than {caps}")
        if step == "RecallRequested" and said["recall"] in transfer["recalls"]:
            self._find("I6", boundary, f"recall {said['recall']} of {uetr} was asked before")

    @staticmethod
    def _take_step(transfer: Json, step: str, said: Json) -> None:
        _, state = STEPS.get(step, ((), None))
        late_acceptance = step == "Accepted" and transfer["state"] != "dispatched"
        if state is not None and not late_acceptance:
            transfer["state"] = state
        transfer["funded"] |= step == "Funded"
        if step in ("Frozen", "FreezeLifted"):
            transfer["frozen"] = step == "Frozen"
        if step in ("Unanswered", "Answered", "Accepted", "Paid", "Refused"):
            transfer["unanswered"] = step == "Unanswered"
        if step == "Returned":
            transfer["returns"][said["return_id"]] = said["part"]
        if step == "RecallRequested":
            transfer["recalls"].add(said["recall"])
        if step == "Refunded":
            transfer["fee_given_back"] = said["fee_given_back"]

    # Cases: two different officers (I10)

    def _take_case(self, boundary: int, event: Happened) -> None:
        said = event.said
        if event.topic == "ComplianceCase.Opened":
            self._cases[event.stream] = {}
        elif event.topic == "ComplianceCase.OpinionGiven":
            self._cases[event.stream][said["actor"]] = said["opinion"]
        elif event.topic == "ComplianceCase.Decided":
            said_so = {who for who, opinion in self._cases[event.stream].items() if opinion == said["outcome"]}
            agreed = {who for who in said_so if who.startswith("officer:")}
            if len(set(said["officers"])) != 2 or not agreed.issuperset(said["officers"]):
                self._find("I10", boundary, f"a case decided by {said['officers']} where {sorted(agreed)} agreed")

    # Public keys: two different people (I10)

    def _take_key(self, boundary: int, event: Happened) -> None:
        for wrong in self._keys.take(event.topic, event.said):
            self._find("I10", boundary, wrong)

    # I2, and the posting table

    def _check_entries(self, boundary: int, happened: list[Happened]) -> None:
        entries: dict[tuple[str, str, str], Lines] = {}
        for event in happened:
            if event.topic == "Account.Posted":
                for entry, reference, command, amount, *_ in event.said["lines"]:
                    lines = entries.setdefault((entry, reference, command), {})
                    name = self._names[event.stream]
                    lines[name] = lines.get(name, 0) + amount
        for (entry, reference, _), lines in entries.items():
            for currency, total in by_currency(lines).items():
                if total:
                    self._find("I2", boundary, f"{entry} of {reference} is {total} {currency} out of balance")
        steps = {
            (entry, event.stream, event.said["command"]): event
            for event in happened
            for entry in STEP_OF_ENTRY.get(event.topic, lambda _: ())(event.said)
        }
        for key in entries.keys() - steps.keys():
            self._find("I10", boundary, f"{key[0]} of {key[1]} without the step it belongs to")
        for key, event in steps.items():
            expected = lines_of(key[0], event.said, self._transfers.get(event.stream))
            if expected is not None and entries.get(key, {}) != expected:
                self._find("posting table", boundary, f"{key[0]} of {key[1]} booked {entries.get(key)} instead of {expected}")

    # At the boundary: I1, I15, I16, and no transfer between two states

    def _check_books(self, boundary: int) -> None:
        for currency, total in by_currency(self.balances).items():
            if total:
                self._find("I1", boundary, f"debits exceed credits by {total} {currency}")
        if not self._terms:
            return
        usd = self._terms[-1]["settlement"]["currency"]
        flying = [transfer["pricing"] for transfer in self._transfers.values() if transfer["state"] in IN_FLIGHT]
        for kind, field in (("in_flight", "settlement"), ("remuneration", "remuneration")):
            held, due = -self.balances[f"corridor:{kind}:{usd}"], sum(pricing[field] for pricing in flying)
            if held != due:
                self._find("I15", boundary, f"{kind} holds {held}, the transfers on their way are {due}")
        claims = [name for name in self.balances if name.endswith(f":{usd}") and name != f"corridor:settlement_bank:{usd}"]
        cash, owed = self.balances[f"corridor:settlement_bank:{usd}"], -sum(self.balances[name] for name in claims)
        if cash != owed:
            self._find("I16", boundary, f"the settlement bank holds {cash}, positions and the rest are {owed}")
        for uetr, transfer in self._transfers.items():
            if transfer["state"] not in ENDS and not (transfer["state"] == "cancelled" and not transfer["funded"]):
                self._find("I10", boundary, f"{uetr} was left {transfer['state']}")


def by_currency(lines: Lines) -> Lines:
    """The sum of signed amounts in each currency."""
    sums: Lines = {}
    for name, amount in lines.items():
        currency = name.rpartition(":")[2]
        sums[currency] = sums.get(currency, 0) + amount
    return sums


def audit(rows: Iterable[Row]) -> list[Finding]:
    """Everything that is wrong with a whole log."""
    return Auditor().take(rows)
