"""I10, and what I6 says about transfers: every life replayed against a table of its legal steps.

The table is written from the corridor's rules, apart from the aggregate that decides: an auditor who asked the accountant would learn
nothing. What a transfer's entries book in cash is compared with what its steps say.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct, json

from ledger.verify.aside import ROOM, Aside
from ledger.verify.report import Rules
from ledger.verify.seen import Seen
from ledger.verify.standing import Entry

# State -> step -> the state after it. A state without steps is terminal.
STEPS: dict[str, dict[str, str]] = {
    "initiated": {"Cleared": "cleared", "Held": "held", "Rejected": "rejected"},
    "held": {"Cleared": "cleared", "Rejected": "rejected"},
    "cleared": {"Funded": "funded", "Rejected": "rejected", "Cancelled": "cancelled"},
    "funded": {"ConditionMet": "funded", "Dispatched": "dispatched", "Cancelled": "cancelled", "Expired": "expired"},
    "dispatched": {"Accepted": "accepted", "Paid": "paid", "Refused": "refused", "Cancelled": "cancelled"},
    "accepted": {"Paid": "paid", "Refused": "refused", "Cancelled": "cancelled", "Expired": "expired"},
    "paid": {"Accepted": "paid", "Returned": "returned"},
    "returned": {"Returned": "returned"},
    "refused": {"Refunded": "refunded"},
    "cancelled": {"Refunded": "refunded"},
    "expired": {"Refunded": "refunded"},
    "rejected": {},
    "refunded": {},
}
# Flags beside the state -> the states in which they may be set.
_FLAGS: dict[str, frozenset[str]] = {
    "Frozen": frozenset({"funded", "dispatched", "accepted"}),
    "Unanswered": frozenset({"dispatched", "accepted"}),
    "RecallRequested": frozenset({"dispatched", "accepted", "paid", "returned"}),
}
_NOT_WHILE_FROZEN = frozenset({"ConditionMet", "Dispatched", "Paid", "Refused", "Cancelled", "Expired", "Refunded"})
_NOT_WHILE_UNKNOWN = frozenset({"Cancelled", "Expired"})
_ANSWERS = frozenset({"Accepted", "Paid", "Refused", "Answered"})
# Step -> the entry that must be booked with it, and never without it.
_BOOKS = {"Funded": "funding", "Paid": "payout", "Refunded": "refund", "Returned": "return"}
_BOOKED = frozenset(_BOOKS.values())


class Life(Struct, array_like=True, gc=False, kw_only=True):
    """A transfer as its steps so far leave it, and where it stood `before` the last one. Amounts are minor units of its currencies."""

    instructed: int
    fee: int
    settlement: int
    remuneration: int
    payable: int
    debtor_cash: str
    creditor_cash: str
    condition: bool
    state: str = "initiated"
    before: str = "initiated"
    frozen: bool = False
    unknown: bool = False
    funded: bool = False
    returned_payout: int = 0
    returned_settlement: int = 0
    returned_instructed: int = 0
    last_position: int = 0
    return_ids: set[str] | None = None
    recalls: dict[str, str] | None = None

    @classmethod
    def begun(cls, pricing: Mapping[str, Any], *, condition: bool) -> Life:
        """As a transfer is initiated."""
        return cls(
            instructed=pricing["instructed"],
            fee=pricing["fee"],
            settlement=pricing["settlement"],
            remuneration=pricing["remuneration"],
            payable=pricing["payout"] - pricing["creditor_fee"],
            debtor_cash=f"{pricing['debtor_agent']}:cash:{pricing['debtor_currency']}",
            creditor_cash=f"{pricing['creditor_agent']}:cash:{pricing['creditor_currency']}",
            condition=condition,
        )

    def packed(self) -> bytes:
        """As JSON, which takes the numbers of a forged log, too, however large."""
        return _pack(self)

    @staticmethod
    def unpacked(data: bytes) -> Life:
        """The life that was packed."""
        return _unpack(data)


_pack, _unpack = json.Encoder().encode, json.Decoder(Life).decode


class Lives:
    """Replays transfers; `in_flight` and `remuneration` sum those funded and neither paid nor refunded (minor units)."""

    def __init__(self, rules: Rules, room: int = ROOM) -> None:
        self._legal, self._once = rules["I10"], rules["I6"]
        self.lives = Aside[Life](Life.packed, Life.unpacked, room)
        self.in_flight = 0
        self.remuneration = 0
        # Of the commit in hand: entries that steps call for (with their cash), cases decided, and steps that need a decided case.
        self._called_for: dict[tuple[str, str, str], tuple[int, dict[str, int]]] = {}
        self._cases: dict[int, tuple[str, dict[str, str]]] = {}
        self._decided: set[tuple[str, str]] = set()
        self._needs_case: list[tuple[str, str, int]] = []

    def close(self) -> None:
        """What it kept is gone."""
        self.lives.close()

    # Facts of transfers

    def initiated(self, seen: Seen) -> None:
        """A transfer begins; its UETR never did before."""
        if self.lives.get(seen.stream) is not None:
            self._once.breaks(seen.position, f"{seen.uetr} is initiated a second time")
            return
        life = Life.begun(seen.facts["pricing"], condition=seen.facts.get("condition") is not None)
        life.last_position = seen.position
        self.lives.put(seen.stream, life)
        self._legal.checked += 1

    def step(self, name: str, seen: Seen) -> None:
        """The next fact of a transfer."""
        self._legal.checked += 1
        life = self.lives.get(seen.stream)
        if life is None:
            self._legal.breaks(seen.position, f"{name} of {seen.uetr}, which was never initiated")
            return
        life.last_position = seen.position
        if (life.frozen and name in _NOT_WHILE_FROZEN) or (life.unknown and name in _NOT_WHILE_UNKNOWN):
            self._legal.breaks(seen.position, f"{name} of {seen.uetr} while it is {'frozen' if life.frozen else 'unknown'}")
        if name in _ANSWERS:
            if name == "Answered" and not life.unknown:
                self._legal.breaks(seen.position, f"Answered of {seen.uetr}, whose outcome was not unknown")
            life.unknown = False
        if name == "Answered":
            return
        flag = _FLAG_STEPS.get(name)
        if flag is not None:
            flag(self, life, seen)
            return
        after = STEPS[life.state].get(name)
        if after is None:
            self._legal.breaks(seen.position, f"{name} of {seen.uetr} while it is {life.state}")
            return
        life.before, life.state = life.state, after
        check = _CHECKS.get(name)
        if check is not None:
            check(self, life, seen)

    # Steps with more to them than their place

    def _cleared(self, life: Life, seen: Seen) -> None:
        if life.before == "held":
            self._needs_case.append((str(seen.uetr), "clear", seen.position))
        elif seen.facts["screened"]["outcome"] != "clear":
            self._legal.breaks(seen.position, f"{seen.uetr} was cleared by a screening that found something")

    def _rejected(self, life: Life, seen: Seen) -> None:
        if life.before == "held":
            self._needs_case.append((str(seen.uetr), "reject", seen.position))

    def _funded(self, life: Life, seen: Seen) -> None:
        life.funded = True
        self.in_flight += life.settlement
        self.remuneration += life.remuneration
        self._call_for("Funded", seen, {life.debtor_cash: life.instructed + life.fee})

    def _condition_met(self, life: Life, seen: Seen) -> None:
        if not life.condition:
            self._legal.breaks(seen.position, f"the condition of {seen.uetr} is met, and it waits for none")
        life.condition = False

    def _dispatched(self, life: Life, seen: Seen) -> None:
        if life.condition:
            self._legal.breaks(seen.position, f"{seen.uetr} was dispatched before its condition was met")

    def _paid(self, life: Life, seen: Seen) -> None:
        self._left(life)
        if seen.facts["paid_to_creditor"] != life.payable:
            self._legal.breaks(seen.position, f"{seen.uetr} was paid {seen.facts['paid_to_creditor']} instead of {life.payable}")
        self._call_for("Paid", seen, {life.creditor_cash: -life.payable})

    def _cancelled(self, life: Life, seen: Seen) -> None:
        if life.before in ("dispatched", "accepted") and (life.recalls or {}).get(seen.facts["recall"]) != "agreed":
            self._legal.breaks(seen.position, f"{seen.uetr} was cancelled after dispatch without an agreed recall")

    def _expired(self, life: Life, seen: Seen) -> None:
        if life.before == "funded" and not life.condition:
            self._legal.breaks(seen.position, f"{seen.uetr} expired without a condition to wait for")

    def _refunded(self, life: Life, seen: Seen) -> None:
        if not life.funded:
            self._legal.breaks(seen.position, f"{seen.uetr} was refunded and had never been funded")
            return
        self._left(life)
        refunded = seen.facts["refunded_to_debtor"]
        if refunded not in (life.instructed, life.instructed + life.fee):
            self._legal.breaks(seen.position, f"{seen.uetr} was refunded {refunded}, neither with its fee nor without")
        self._call_for("Refunded", seen, {life.debtor_cash: -refunded})

    def _returned(self, life: Life, seen: Seen) -> None:
        uetr, return_id = seen.uetr, seen.facts["return_id"]
        payout, settlement, instructed = seen.facts["part"]
        life.return_ids = life.return_ids or set()
        if return_id in life.return_ids:
            self._once.breaks(seen.position, f"return {return_id!r} of {uetr} is booked a second time")
        life.return_ids.add(return_id)
        life.returned_payout += payout
        life.returned_settlement += settlement
        life.returned_instructed += instructed
        for what, returned, limit in (
            ("payout", life.returned_payout, life.payable),
            ("settlement", life.returned_settlement, life.settlement),
            ("instructed", life.returned_instructed, life.instructed),
        ):
            if returned > limit:
                self._legal.breaks(seen.position, f"{returned} of the {what} amount of {uetr} were returned, and it was {limit}")
        cash = {life.creditor_cash: payout}
        cash[life.debtor_cash] = cash.get(life.debtor_cash, 0) - instructed
        self._call_for("Returned", seen, cash)

    def _left(self, life: Life) -> None:
        """Its money is no longer in flight."""
        self.in_flight -= life.settlement
        self.remuneration -= life.remuneration

    # Flags

    def _frozen(self, life: Life, seen: Seen) -> None:
        if life.frozen or life.state not in _FLAGS["Frozen"]:
            self._legal.breaks(seen.position, f"{seen.uetr} was frozen while it was {'frozen' if life.frozen else life.state}")
        life.frozen = True

    def _freeze_lifted(self, life: Life, seen: Seen) -> None:
        if not life.frozen:
            self._legal.breaks(seen.position, f"the freeze of {seen.uetr} was lifted, and it was not frozen")
        life.frozen = False
        self._needs_case.append((str(seen.uetr), "clear", seen.position))

    def _unanswered(self, life: Life, seen: Seen) -> None:
        if life.unknown or life.state not in _FLAGS["Unanswered"]:
            self._legal.breaks(seen.position, f"{seen.uetr} was flagged unknown while it was {'unknown' if life.unknown else life.state}")
        life.unknown = True

    def _recall_requested(self, life: Life, seen: Seen) -> None:
        life.recalls = life.recalls or {}
        if seen.facts["recall"] in life.recalls:
            self._once.breaks(seen.position, f"recall {seen.facts['recall']!r} of {seen.uetr} is requested a second time")
        if life.state not in _FLAGS["RecallRequested"]:
            self._legal.breaks(seen.position, f"{seen.uetr} was recalled while it was {life.state}")
        life.recalls[seen.facts["recall"]] = "open"

    def _recall_answered(self, life: Life, seen: Seen) -> None:
        life.recalls = life.recalls or {}
        if life.recalls.get(seen.facts["recall"]) != "open":
            self._legal.breaks(seen.position, f"recall {seen.facts['recall']!r} of {seen.uetr} was answered, and it was not open")
        life.recalls[seen.facts["recall"]] = "agreed" if seen.facts["agreed"] else "declined"

    # Facts of compliance cases

    def case_opened(self, seen: Seen) -> None:
        """A case about one transfer."""
        self._cases[seen.stream] = (seen.facts["uetr"], {})

    def opinion_given(self, seen: Seen) -> None:
        """One officer's opinion."""
        if seen.stream in self._cases:
            self._cases[seen.stream][1][seen.facts["actor"]] = seen.facts["opinion"]

    def case_decided(self, seen: Seen) -> None:
        """Two different officers said the same."""
        uetr, opinions = self._cases.pop(seen.stream, ("", {}))
        first, second = seen.facts["officers"]
        if first == second or {opinions.get(first), opinions.get(second)} != {seen.facts["outcome"]}:
            self._legal.breaks(seen.position, f"the case of {uetr or seen.uetr} was decided without two officers who agree")
        self._decided.add((uetr, seen.facts["outcome"]))

    # Boundaries

    def boundary(self, entries: Mapping[tuple[str, str, str], Entry]) -> None:
        """Compares the steps of a commit with the entries and the decisions of the same commit."""
        for key, (position, cash) in self._called_for.items():
            command, kind, reference = key
            entry = entries.get(key)
            if entry is None:
                self._legal.breaks(position, f"no {kind} of {reference} was booked by command {command}")
                continue
            booked: dict[str, int] = {}
            for account, amount in entry.lines:
                if account.kind == "cash":
                    booked[account.name] = booked.get(account.name, 0) + amount
            if booked != {name: amount for name, amount in cash.items() if amount}:
                self._legal.breaks(entry.position, f"the {kind} of {reference} moves {booked} in cash, its step says {cash}")
        if len(entries) > len(self._called_for):
            for (command, kind, reference), entry in entries.items():
                if kind in _BOOKED and (command, kind, reference) not in self._called_for:
                    self._legal.breaks(entry.position, f"a {kind} of {reference} was booked by command {command} without its step")
        for uetr, outcome, position in self._needs_case:
            if (uetr, outcome) not in self._decided:
                self._legal.breaks(position, f"{uetr} went on without two officers who said {outcome!r}")
        self._called_for.clear()
        self._needs_case.clear()
        self._decided.clear()

    def _call_for(self, step: str, seen: Seen, cash: dict[str, int]) -> None:
        self._called_for[seen.facts["command"], _BOOKS[step], str(seen.uetr)] = (seen.position, cash)


_CHECKS = {
    "Cleared": Lives._cleared,
    "Rejected": Lives._rejected,
    "Funded": Lives._funded,
    "ConditionMet": Lives._condition_met,
    "Dispatched": Lives._dispatched,
    "Paid": Lives._paid,
    "Cancelled": Lives._cancelled,
    "Expired": Lives._expired,
    "Refunded": Lives._refunded,
    "Returned": Lives._returned,
}
_FLAG_STEPS = {
    "Frozen": Lives._frozen,
    "FreezeLifted": Lives._freeze_lifted,
    "Unanswered": Lives._unanswered,
    "RecallRequested": Lives._recall_requested,
    "RecallAnswered": Lives._recall_answered,
}
FACTS_OF_A_LIFE = frozenset(_FLAG_STEPS) | {"Answered"} | {step for steps in STEPS.values() for step in steps}
"""Every fact of a transfer after its initiation."""
