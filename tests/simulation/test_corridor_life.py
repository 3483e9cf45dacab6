"""Random lives of many transfers on one corridor, with an auditor who looks at every commit.

Everything is decided by the handlers on a ledger in memory that replays its stored bytes for each batch; the clock moves only when told.
After every commit the auditor checks I1, I2, I6, I7, I10, I12, I15, I16 and the posting table from the recorded events alone.
"""

from __future__ import annotations

from datetime import timedelta
from random import Random

import hypothesis
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from ledger import commands as c
from ledger.commands import Command
from ledger.domain.money import format_amount
from ledger.errors import Refusal
from tests.golden.test_events import KINDS, NO_LONGER_RECORDED
from tests.simulation.auditor import Auditor
from tests.simulation.key_wishes import key_command
from tests.simulation.wishes import NUMBERS, SEEDS, WISHES, WISHES_OF_A_BATCH, People, Wish, of, wishes_of_an_hour
from tests.unit.corridor_fixtures import ABB, OPEN, PSBC, RATES, SETTLEMENT_BANK, ask, publish
from tests.unit.memory_ledger import ACCOUNTS, Answer, MemoryLedger

PREFUNDED = [
    ask(c.FundPosition, SETTLEMENT_BANK, participant=bank, amount=3_000_00, currency="USD", reference=f"PREFUND {bank}")
    for bank in (ABB, PSBC)
]
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
WAITS = [MINUTE, 20 * MINUTE, 420 * MINUTE, DAY, 3 * DAY, 31 * DAY]


class CorridorLife(RuleBasedStateMachine):
    """One corridor from its opening on."""

    def __init__(self) -> None:
        super().__init__()
        self.ledger = MemoryLedger().given(OPEN, *RATES, *PREFUNDED)
        self.people = People(self.ledger)
        self.auditor = Auditor()
        self.asked: list[Command] = [OPEN]
        self.key_steps = 0

    @rule(wish=WISHES)
    def somebody_asks(self, wish: Wish) -> None:
        """One command in a commit of its own."""
        self._ask(self.people.command(wish))

    @rule(seed=SEEDS)
    def an_hour_goes_by(self, seed: int) -> None:
        """One seed drives all that is asked in it, a few minutes apart."""
        for wishes in wishes_of_an_hour(seed):
            self._ask(*(self.people.command(wish) for wish in wishes))
            self.ledger.clock.advance(3 * MINUTE)

    @rule(wishes=st.lists(WISHES_OF_A_BATCH, min_size=2, max_size=6))
    def many_ask_at_once(self, wishes: list[Wish]) -> None:
        """Commands that do not know of each other share a commit."""
        self._ask(*(self.people.command(wish) for wish in wishes))

    @rule(pick=NUMBERS)
    def somebody_asks_again(self, pick: int) -> None:
        """The same command under the same key: the same answer, and nothing more happens (I6)."""
        before, first = list(self.ledger.rows), self.ledger.batch(of(self.asked, pick))
        assert self.ledger.batch(of(self.asked, pick)) == first
        assert self.ledger.rows == before

    @rule(pick=NUMBERS, other=NUMBERS)
    def somebody_handles_keys(self, pick: int, other: int) -> None:
        """One step about one public key, by one of four who are three people."""
        self.key_steps += 1
        self._ask(key_command(self.ledger, self.key_steps, pick, other))

    @rule(wait=st.sampled_from(WAITS))
    def time_passes(self, wait: timedelta) -> None:
        """Minutes to a month; after a day the deadline job runs and the banks publish new rates."""
        now = self.ledger.clock.advance(wait)
        if wait >= DAY:
            day = f"{now:%Y-%m-%d}"
            self._ask(*self.people.deadlines())
            self._ask(publish(ABB, "9.87", sheet=f"ABB {day}", at=now), publish(PSBC, "7.05", sheet=f"PSBC {day}", at=now))

    def _ask(self, *commands: Command) -> list[Answer]:
        before = len(self.ledger.rows)
        answers = self.ledger.batch(*commands)
        self.asked += commands
        told = [type(command).__name__ for command in commands]
        if answers and all(isinstance(answer, Refusal) for answer in answers):
            kept = [row.topic for row in self.ledger.rows[before:]]
            assert set(kept) <= {"ReconciliationBreak.Found.v1"}, f"{told} were refused and left {kept}"
        return answers

    @invariant()
    def the_auditor_finds_nothing(self) -> None:
        """In any commit since the last look."""
        assert self.auditor.take(self.ledger.rows[self.audited :]) == []

    @property
    def audited(self) -> int:
        """How far the auditor has read."""
        return self.auditor.position

    def teardown(self) -> None:
        """The balances of the replayed accounts are those the auditor made of the lines."""
        theirs = {name: self.ledger.account(name) for name in ACCOUNTS}
        shown = {name: format_amount(account.balance, account.currency) for name, account in theirs.items()}
        assert shown == {
            name: format_amount(self.auditor.balances[name] * (1 if theirs[name].normal_side == "debit" else -1), theirs[name].currency)
            for name in ACCOUNTS
        }


TestCorridorLife = CorridorLife.TestCase
TestCorridorLife.settings = hypothesis.settings(max_examples=60, stateful_step_count=30)


TAKES_TEN_YEARS = {"Retention.Ended.v1"}


def test_seeded_days_meet_every_event_and_the_auditor_finds_nothing() -> None:
    """Twelve corridors, a week each, the same in every run: all that can happen to money happens, and every rule holds."""
    met: set[str] = set()
    for seed in range(12):
        corridor = CorridorLife()
        for day in range(7):
            corridor.an_hour_goes_by(100 * seed + day)
            corridor.an_hour_goes_by(100 * seed + day + 50)
            draw = Random(1000 * seed + day)
            for _ in range(10):
                corridor.somebody_handles_keys(draw.randrange(120), draw.randrange(120))
            corridor.time_passes(WAITS[3 + (seed + day) % 3])
            corridor.the_auditor_finds_nothing()
        corridor.teardown()
        met |= {row.topic for row in corridor.ledger.rows}
    assert set(KINDS) - met == NO_LONGER_RECORDED | TAKES_TEN_YEARS
