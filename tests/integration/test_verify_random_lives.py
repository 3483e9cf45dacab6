"""Random lives, legal and illegal steps alike: whatever the ledger accepts, the checker finds sound."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from random import Random

import pytest

from ledger import commands as c
from ledger.projections.runner import Runner
from ledger.verify import verify
from tests.integration.small_corridor import CLEAR, CODE, HIT, SmallCorridor, uetr_of

STEPS = 400
ACTORS = ("abb", "psbc", "officer:amina", "officer:li", "system:job", "bank:settlement", "operator:test")


class RandomDay:
    """Asks for anything at any time, of any transfer that might exist."""

    def __init__(self, small: SmallCorridor, seed: int) -> None:
        self.small = small
        self.random = Random(seed)
        self.begun = 0
        self.count = 0

    def live(self) -> dict[str, int]:
        """Steps in groups that share commits, with time passing between them; how many were accepted and refused."""
        said = {"accepted": 0, "refused": 0}
        left = STEPS
        while left > 0:
            size = min(left, self.random.choice((1, 1, 3, 20)))
            for answer in self.small.together(*(self.step() for _ in range(size))):
                said["accepted" if answer.refusal is None else "refused"] += 1
            left -= size
            self.small.wait(minutes=self.random.choice((0, 1, 10, 600)))
            if self.random.random() < 0.1:
                self.count += 1
                self.small.publish_rates(f"r{self.count}")
        return said

    def step(self) -> c.Command:
        """A step of a transfer three times out of four, else something around them."""
        if self.begun == 0 or self.random.random() < 0.3:
            return self.initiation()
        if self.random.random() < 0.25:
            return self.around()
        return self.of_a_transfer()

    def initiation(self) -> c.Command:
        self.begun += 1
        return self.small.initiation(
            self.begun,
            amount=self.random.randrange(10_000, 3_000_000),
            product=self.random.choice(("account_to_account", "cash_to_cash")),
            screened=self.random.choice((CLEAR, CLEAR, CLEAR, HIT)),
            condition=self.random.choice((None, None, self.small.condition("parcel", days=1))),
            actor=self.random.choice(("abb", "abb", "psbc")),
            charge_bearer=self.random.choice(("DEBT", "SHAR", "CRED")),
        )

    def of_a_transfer(self) -> c.Command:
        number = self.random.randrange(max(1, self.begun - 12), self.begun + 1)
        recall, return_id = (f"{kind}{self.random.randrange(2)}" for kind in ("recall", "return"))
        bank = self.random.choice(("psbc", "psbc", "abb"))
        case = self.random.choice((f"hold-{uetr_of(number)}", *(f"freeze-{uetr_of(number)}-{version}" for version in (4, 5, 6))))
        kind, actor, facts = self.random.choice(
            (
                (c.AcceptTransfer, bank, {}),
                (c.PayTransfer, bank, {"identity_checked": True, "code": CODE}),
                (c.PayTransfer, bank, {"identity_checked": True, "code": CODE}),
                (c.RefuseTransfer, bank, {"reason": "AC04"}),
                (c.CancelTransfer, bank, {}),
                (c.ExpireTransfer, "system:job", {}),
                (c.MeetCondition, "psbc", {"reference": "parcel"}),
                (c.FundTransfer, "system:job", {}),
                (c.ReturnTransfer, bank, {"return_id": return_id, "amount": self.random.randrange(1, 900_000), "reason": "AC04"}),
                (c.RequestRecall, bank, {"recall": recall, "reason": "DUPL"}),
                (c.AnswerRecall, bank, {"recall": recall, "agreed": self.random.random() < 0.5, "reason": "x"}),
                (c.FlagUnanswered, "system:job", {"since": self.small.clock()}),
                (c.ResolveUnanswered, bank, {"outcome": self.random.choice(("paid", "refused", "pending")), "reason": "AC04"}),
                (c.FreezeTransfer, "officer:amina", {}),
                (c.GiveOpinion, self.random.choice(ACTORS[2:4]), {"case": case, "opinion": self.random.choice(("clear", "reject"))}),
                (c.GiveOpinion, self.random.choice(ACTORS[2:4]), {"case": case, "opinion": "clear"}),
            )
        )
        if kind is c.GiveOpinion:
            return self.small.command(kind, actor, reasons="22" * 32, **facts)
        return self.small.command(kind, actor, uetr=uetr_of(number), **facts)

    def around(self) -> c.Command:
        self.count += 1
        bank, amount = self.random.choice(("abb", "psbc")), self.random.randrange(1, 500_000)
        usd = {"participant": bank, "amount": amount, "currency": "USD"}
        own = {"participant": bank, "amount": amount, "currency": {"abb": "MAD", "psbc": "CNY"}[bank]}
        found = {
            "break_id": f"b{self.random.randrange(4)}", "break_class": "amount_differs", "account": "psbc:cash:CNY", "difference": 700,
            "statement": "s", "reference": "r", "business_date": date(2026, 4, 7),
        }  # fmt: skip
        cycle = {"cycle": self.random.randrange(1, 4), "bank_reference": "x", "participant": bank, "amount": amount}
        kind, actor, facts = self.random.choice(
            (
                (c.FundPosition, "bank:settlement", {**usd, "reference": f"m{self.count}"}),
                (c.RequestWithdrawal, bank, {**usd, "reference": f"w{self.random.randrange(5)}"}),
                (c.ConfirmWithdrawal, "bank:settlement", {"reference": f"w{self.random.randrange(5)}", "bank_reference": "x"}),
                (c.ChargeSettlement, "bank:settlement", {**usd, "amount": 5, "reference": f"m{self.count}"}),
                (c.MoveCash, bank, {**own, "reference": f"m{self.count}", "kind": self.random.choice(("float_in", "cover_spent"))}),
                (c.CloseCycle, "operator:test", {}),
                (c.ConfirmPayIn, "bank:settlement", cycle),
                (c.ConfirmPayOut, "bank:settlement", cycle),
                (c.RecordBreaks, "system:job", {"found": (found,)}),
                (c.ParkBreak, self.random.choice(ACTORS[2:4]), {"break_id": found["break_id"]}),
                (
                    c.ResolveBreak,
                    self.random.choice(ACTORS[2:4]),
                    {"break_id": found["break_id"], "to_account": self.random.choice(("", "psbc:fees:CNY")), "explanation": "e"},
                ),
                (c.SetAccountStatus, "officer:li", {"account": f"{bank}:position:USD", "status": self.random.choice(("open", "frozen"))}),
                *((c.SetAccountStatus, officer, {"account": f"{bank}:position:USD", "status": "open"}) for officer in ACTORS[2:4]),
            )
        )
        return self.small.command(kind, actor, **facts)


@pytest.fixture
def small(database_url: str, corridor: str) -> Iterator[SmallCorridor]:
    """A corridor with little room under its caps, so that floors are reached."""
    small = SmallCorridor(database_url, corridor)
    small.open(cap="20000.00", retained="1000.00", prefund=200_000)
    yield small
    small.close()


@pytest.mark.parametrize("seed", range(6))
def test_whatever_the_ledger_accepts_keeps_every_rule(small: SmallCorridor, seed: int) -> None:
    """A random day leaves many accepted steps and many refusals, and a log in which every rule holds, as do its projections."""
    said = RandomDay(small, seed).live()
    Runner(small.log, page_size=90).catch_up()
    report = verify(small.pool, small.code)
    assert {rule: (found.first_break, found.detail) for rule, found in report.rules.items() if not found.ok} == {}
    assert min(said.values()) > STEPS // 5, said
