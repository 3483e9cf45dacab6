"""What people and machines of the corridor wish for, at random: commands that are plausible as things stand, and some that are not."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import timedelta
from random import Random
from typing import Any, NamedTuple
from uuid import UUID

from hypothesis import strategies as st

from ledger import commands as c
from ledger.commands import Command
from ledger.domain import ids
from ledger.domain.corridor import Corridor
from ledger.domain.cycle import SettlementCycle
from ledger.domain.terms import Terms
from ledger.domain.transfer import Transfer, collection_code_digest
from ledger.domain.transfer_events import Condition
from tests.unit.corridor_fixtures import (
    ABB,
    AMINA,
    BAO,
    CLEAR,
    CORRIDOR,
    DEADLINES,
    FRIDAY,
    HIT,
    NIGHT_JOB,
    NOW,
    OPERATOR,
    PSBC,
    RESOLVER,
    SETTLEMENT_BANK,
    ask,
    initiate,
    publish,
    terms,
    uetr,
)
from tests.unit.memory_ledger import ACCOUNTS, MemoryLedger

OFFICERS = (AMINA, BAO, "officer:chen")
BANKS = (ABB, PSBC)
CODE = "0123456789"
AMOUNTS = (50_00, 333_33, 999_99, 1_000_00, 1_234_56, 4_999_99)
MONEY = (1, 99, 50_00, 101_00, 333_33, 1_000_00, 5_000_00)


class Wish(NamedTuple):
    """``kind`` names the command; ``pick`` and ``other`` choose among what there is, ``odd`` asks for something that does not fit."""

    kind: str
    pick: int
    other: int
    odd: bool


# Transfers take most of the time; what a kind appears for more often is wished for more often.
KINDS = (
    *["initiate"] * 8, *["next step"] * 36, *["any step"] * 3, *["publish"] * 2, "quote", "fund position", "withdraw", "confirm withdrawal",
    "charge", "cash", *["close cycle"] * 2, *["cycle payment"] * 4, "record break", *["adjust"] * 3, *["amend"] * 3, "account status",
    *["read"] * 2, *["erase"] * 2, "announce",
)  # fmt: skip
ALONE = {"close cycle", "amend", "account status"}
ODD = 0.08
SIZES = (1, 1, 1, 1, 2, 5)
# Small enough to be drawn evenly, with enough divisors to choose evenly among few things.
NUMBERS = st.integers(0, 119)
WISHES = st.builds(Wish, st.sampled_from(KINDS), NUMBERS, NUMBERS, st.integers(0, 9).map(lambda n: n == 0))
# Hypothesis likes small numbers; a whole hour of wishes is drawn from one seed instead.
SEEDS = st.integers(0, 2**32 - 1)
WISHES_OF_A_BATCH = WISHES.filter(lambda wish: wish.kind not in ALONE)


def wishes_of_an_hour(seed: int) -> list[list[Wish]]:
    """Some commits' worth of wishes, evenly drawn: mostly one a commit, sometimes several."""
    draw = Random(seed)
    hour = []
    for _ in range(draw.randint(1, 20)):
        size = draw.choice(SIZES)
        commit = [Wish(draw.choice(KINDS), draw.randrange(120), draw.randrange(120), draw.random() < ODD) for _ in range(size)]
        hour.append(commit if len(commit) == 1 else [wish for wish in commit if wish.kind not in ALONE])
    return hour


class People:
    """The people around one ledger: it remembers what they named, so that later wishes can be about it."""

    def __init__(self, ledger: MemoryLedger) -> None:
        self.ledger = ledger
        self.keys = 0
        self.transfers: list[UUID] = []
        self.quotes: dict[UUID, dict[str, Any]] = {}
        self.withdrawals: list[str] = []
        self.breaks: list[str] = []

    def command(self, wish: Wish) -> Command:
        """The command that the wish is as things stand."""
        self.keys += 1
        makers: dict[str, Callable[[Wish], Command]] = {
            "initiate": self._initiate,
            "next step": self._next_step,
            "any step": self._any_step,
            "publish": lambda w: publish(
                of(BANKS, w.pick), of(("10", "9.3189", "11.05"), w.other), sheet=self._name(), at=self.ledger.clock()
            ),
            "quote": self._quote,
            "fund position": lambda w: self._movement(c.FundPosition, SETTLEMENT_BANK, w),
            "announce": self._announce,
            "withdraw": self._withdraw,
            "confirm withdrawal": self._confirm_withdrawal,
            "charge": lambda w: self._movement(c.ChargeSettlement, SETTLEMENT_BANK, w),
            "cash": self._cash,
            "close cycle": lambda w: ask(c.CloseCycle, OPERATOR),
            "cycle payment": self._cycle_payment,
            "record break": self._record_break,
            "adjust": self._adjust,
            "amend": self._amend,
            "read": self._read,
            "erase": lambda w: ask(c.ErasePerson, of(OFFICERS, w.pick), subject=UUID(int=w.other % 4), reason="retention_ended"),
            "account status": lambda w: ask(
                c.SetAccountStatus,
                of(OFFICERS, w.pick // len(ACCOUNTS)),
                account=of(ACCOUNTS, w.pick),
                status=of(("frozen", "open", "open", "closed"), w.other),
            ),
        }
        made = makers[wish.kind](wish)
        # A key of its own, except where somebody uses one twice.
        return made if wish.odd and wish.other % 5 == 0 else made.model_copy(update={"idempotency_key": f"key {self.keys}"})

    def _name(self) -> str:
        return f"N-{self.keys}"

    def deadlines(self) -> list[Command]:
        """The job that expires what it can."""
        return [ask(c.ExpireTransfer, DEADLINES, key=f"{one} {self.ledger.clock()}", uetr=one) for one in self.transfers[-12:]]

    # Transfers

    def _initiate(self, wish: Wish) -> Command:
        fresh = uetr(self.keys)
        one = of(self.transfers, wish.other) if wish.odd and self.transfers else fresh
        self.transfers.append(one)
        changes: dict[str, Any] = {"uetr": one, "amount": of(AMOUNTS, wish.pick), "screened": HIT if wish.other % 5 == 0 else CLEAR}
        changes["charge_bearer"] = of(("DEBT", "SHAR", "CRED"), wish.other)
        if wish.pick % 4 == 0:
            changes |= {"actor": PSBC, "creditor_agent": ABB, "currency": "CNY"}
        elif wish.pick % 4 == 1:
            changes |= {"product": "account_to_cash", "collection_code_digest": collection_code_digest(one, CODE)}
        if wish.other % 7 == 0:
            deadline = self.ledger.clock() + timedelta(days=2)
            changes["condition"] = Condition(kind="parcel_delivered", reference="PARCEL", confirmed_by=PSBC, deadline=deadline)
        if wish.pick % 3 == 0 and self.quotes:
            quote = of(list(self.quotes), wish.other)
            changes |= {"quote": quote, **self.quotes[quote]}
        return initiate(**changes)

    def _quote(self, wish: Wish) -> Command:
        quote = UUID(int=2**64 + self.keys)
        said = {"amount": of(AMOUNTS, wish.pick), "currency": "MAD", "charge_bearer": of(("DEBT", "SHAR"), wish.other)}
        self.quotes[quote] = {**said, "actor": ABB, "creditor_agent": PSBC}
        return ask(c.AskQuote, ABB, quote=quote, creditor_agent=PSBC, **said)

    def _next_step(self, wish: Wish) -> Command:
        """A step that may follow, of one of the transfers that still live."""
        known = [found for one in self.transfers[-12:] if isinstance(found := self.ledger.find(one), Transfer)]
        living = [found for found in known if found.state not in ("rejected", "refunded")]
        if not living:
            return self._initiate(wish)
        transfer = of(living, wish.pick)
        return self._step(transfer, of(plausible(transfer), wish.other), wish)

    def _any_step(self, wish: Wish) -> Command:
        found = self.ledger.find(of(self.transfers, wish.pick)) if self.transfers else None
        if not isinstance(found, Transfer):
            return ask(c.PayTransfer, PSBC, uetr=uetr(10**9))
        return self._step(found, of(STEPS, wish.other), wish)

    def _step(self, transfer: Transfer, step: str, wish: Wish) -> Command:
        p, odd = transfer.pricing, wish.odd
        sender, payer = (p.creditor_agent, p.debtor_agent) if odd else (p.debtor_agent, p.creditor_agent)
        officer, now = of(OFFICERS, wish.other), self.ledger.clock()
        recall = of(list(transfer.recalls), wish.pick) if transfer.recalls else "R-0"
        proof = {"identity_checked": not odd, "code": CODE}
        command: tuple[type[c.Command], str, dict[str, Any]] = {
            "fund": (c.FundTransfer, sender, {}),
            "meet": (c.MeetCondition, payer, {"reference": "OTHER" if odd else "PARCEL"}),
            "accept": (c.AcceptTransfer, payer, {}),
            "pay": (c.PayTransfer, payer, proof),
            "refuse": (c.RefuseTransfer, payer, {"reason": "AC04"}),
            "cancel": (c.CancelTransfer, sender, {}),
            "expire": (c.ExpireTransfer, DEADLINES, {}),
            "return": (
                c.ReturnTransfer,
                payer,
                {"return_id": named("RET", transfer.returns, odd=odd), "amount": self._part(transfer, wish), "reason": "AC04"},
            ),
            "recall": (c.RequestRecall, sender, {"recall": named("R", transfer.recalls, odd=odd), "reason": "DUPL"}),
            "answer": (c.AnswerRecall, payer, {"recall": recall, "agreed": wish.other % 2 == 0, "reason": "CUST"}),
            "flag": (c.FlagUnanswered, RESOLVER, {"since": now}),
            "resolve": (c.ResolveUnanswered, payer, {"outcome": of(("paid", "refused", "pending"), wish.pick), "reason": "AC04", **proof}),
            "freeze": (c.FreezeTransfer, officer, {}),
        }.get(step, (c.GiveOpinion, officer, {}))
        kind, actor, facts = command
        if kind is c.GiveOpinion:
            said = "clear" if wish.pick % 4 else "reject"
            return ask(c.GiveOpinion, actor, case=transfer.case or f"hold-{transfer.id}", opinion=said, reasons="ee" * 32)
        return ask(kind, actor, uetr=transfer.id, **facts)

    def _read(self, wish: Wish) -> Command:
        """An officer or an operator looks at the parties of a transfer or at a message as it was received, for a case or another reason."""
        one = of(self.transfers, wish.pick) if self.transfers else uetr(0)
        actor = of((AMINA, OPERATOR, ABB), wish.other)
        if wish.other % 4 == 0:
            return ask(c.ReadReceivedMessage, actor, message=one, reason="complaint")
        if wish.odd:
            return ask(c.ReadPersonalData, actor, uetr=one, reason="case", case=f"hold-{one}")
        return ask(c.ReadPersonalData, actor, uetr=one, reason="complaint")

    @staticmethod
    def _part(transfer: Transfer, wish: Wish) -> int:
        left = transfer.pricing.paid_to_creditor - transfer.returned.payout
        return of((left, max(1, left // 3), max(1, left // 7), 1, left + (1 if wish.odd else 0)), wish.other) or 1

    # Settlement and treasury

    def _movement(self, kind: type[c.MovementCommand], actor: str, wish: Wish) -> Command:
        reference = f"M-{wish.other % 5}" if wish.odd else self._name()
        return ask(kind, actor, participant=of(BANKS, wish.pick), amount=of(MONEY, wish.other), currency="USD", reference=reference)

    def _announce(self, wish: Wish) -> Command:
        bank = of(BANKS, wish.pick)
        said = {"participant": bank, "amount": of(MONEY, wish.other), "currency": "USD", "reference": f"announced:{bank}:{self._name()}"}
        return ask(c.AnnouncePayIn, SETTLEMENT_BANK if wish.odd else bank, expected_on=NOW.date(), **said)

    def _withdraw(self, wish: Wish) -> Command:
        self.withdrawals.append(self._name())
        return self._movement(c.RequestWithdrawal, of(BANKS, wish.pick), wish._replace(odd=False))

    def _confirm_withdrawal(self, wish: Wish) -> Command:
        reference = of(self.withdrawals, wish.pick) if self.withdrawals else "NONE"
        return ask(c.ConfirmWithdrawal, SETTLEMENT_BANK, reference=reference, bank_reference=self._name())

    def _cash(self, wish: Wish) -> Command:
        bank = of(BANKS, wish.pick)
        kind = of(("float_in", "float_out", "cover_spent", "cover_received", "fees_taken"), wish.other)
        currency = "USD" if wish.odd else {ABB: "MAD", PSBC: "CNY"}[bank]
        return ask(c.MoveCash, bank, participant=bank, kind=kind, amount=of(MONEY, wish.other), currency=currency, reference=self._name())

    def _cycle_payment(self, wish: Wish) -> Command:
        """A payment that some cycle awaits, the right amount unless it is odd."""
        corridor = self.ledger.find(ids.corridor_stream(CORRIDOR))
        assert isinstance(corridor, Corridor)
        due: list[tuple[type[c.CycleCommand], int, str, int]] = []
        for number in corridor.unsettled_cycles:
            cycle = self.ledger.find(ids.cycle_stream(CORRIDOR, number))
            assert isinstance(cycle, SettlementCycle)
            due += [(c.ConfirmPayIn, number, bank, amount) for bank, amount in cycle.due_in.items()]
            due += [(c.ConfirmPayOut, number, bank, amount) for bank, amount in cycle.due_out.items()]
        if not due:
            missing = {"cycle": 1, "participant": ABB, "amount": 1, "bank_reference": "B"}
            return ask(c.ConfirmPayIn, SETTLEMENT_BANK, **missing) if wish.odd else self._next_step(wish)
        kind, number, bank, amount = of(due, wish.pick)
        return ask(kind, SETTLEMENT_BANK, cycle=number, participant=bank, amount=amount + wish.odd, bank_reference=self._name())

    # Reconciliation and the corridor itself

    def _record_break(self, wish: Wish) -> Command:
        self.breaks.append(self._name())
        account = of(("abb:cash:MAD", "psbc:cash:CNY", "corridor:settlement_bank:USD", "abb:fx:MAD"), wish.pick)
        found = c.FoundBreak(
            break_id=self._name(), break_class="amount_differs", account=account, difference=of((1, -1, 25_00, -25_00, 0), wish.other),
            statement="S", reference="B", business_date=FRIDAY,
        )  # fmt: skip
        return ask(c.RecordBreaks, NIGHT_JOB, key=f"RecordBreaks/{found.break_id}", found=(found,))

    def _adjust(self, wish: Wish) -> Command:
        if not self.breaks and not wish.odd:
            return self._record_break(wish)
        break_id, officer = (of(self.breaks, wish.pick) if self.breaks else "NONE"), of(OFFICERS, wish.other)
        if wish.pick % 2:
            return ask(c.ParkBreak, officer, break_id=break_id)
        to_account = of(("abb:own:MAD", "psbc:own:CNY", "abb:position:USD", "", "corridor:in_flight:USD"), wish.other // 3)
        return ask(c.ResolveBreak, officer, break_id=break_id, to_account=to_account, explanation="found")

    def _amend(self, wish: Wish) -> Command:
        today = self.ledger.clock().date()
        corridor = self.ledger.find(ids.corridor_stream(CORRIDOR))
        assert isinstance(corridor, Corridor)
        newest: Terms = corridor.agreements[-1]
        agreement = terms(
            newest.version + 1,
            abb_cap=of(("0.00", "100.00", "500.00", "2000.00"), wish.pick // 2),
            abb_retained=of(("0.00", "50.00"), wish.other),
            return_rate=of(("original", "today"), wish.other),
            effective_from=max(today + timedelta(days=wish.other % 3), newest.effective_from),
        )
        return ask(c.OpenCorridor, OPERATOR, agreement=agreement)


STEPS = (
    "fund", "meet", "accept", "pay", "refuse", "cancel", "expire", "return", "recall", "answer", "flag", "resolve", "freeze", "opinion",
)  # fmt: skip


def plausible(transfer: Transfer) -> tuple[str, ...]:
    """The steps that somebody may well wish for now."""
    if transfer.frozen or transfer.state == "held":
        return ("opinion", "opinion", "opinion", "pay", "expire")
    if transfer.unanswered:
        return ("resolve", "pay", "expire", "recall", "answer" if transfer.recalls else "recall")
    return {
        "cleared": ("fund", "fund", "cancel"),
        "funded": ("meet", "meet", "expire", "cancel", "freeze"),
        "dispatched": ("accept", "accept", "accept", "pay", "pay", "refuse", "recall", "answer", "flag", "freeze", "cancel"),
        "accepted": ("pay", "pay", "pay", "refuse", "expire", "recall", "answer", "flag", "freeze"),
        "paid": ("return", "return", "accept", "recall", "answer", "pay"),
        "returned": ("return", "return", "recall", "answer"),
    }.get(transfer.state, ("pay", "resolve"))


def named(what: str, known: Collection[str], *, odd: bool) -> str:
    """A new name, or the last one once more."""
    return f"{what}-{max(1, len(known) + (not odd))}"


def of(options: Any, pick: int) -> Any:
    """One of the options."""
    return options[pick % len(options)]
