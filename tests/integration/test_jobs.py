"""The jobs that act when nobody does: they find what is due, the domain decides, and running them again changes nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

from corridors import shipped_terms
from ledger import commands as c
from ledger.bootstrap import Service
from ledger.clock import SetClock
from ledger.domain.terms import Participant
from ledger.iso20022.credit_transfer import CreditTransfer, Product
from ledger.iso20022.pacs008_writer import write_pacs008
from ledger.jobs import JobReport, close_cycle, expire_due, flag_unanswered, fund_waiting, run_due, up_to_date
from ledger.messages.incoming import take_in
from ledger.projections.transfers import transfer
from ledger.sandbox.generator import generate_transfers, group_of
from tests.integration.serviced import FRIDAY, facts, open_corridor, settings_of

SEED = 5
ONE_MINUTE = timedelta(minutes=1)


def sent(service: Service, corridor: str, count: int = 2, *, product: Product = Product.ACCOUNT_TO_ACCOUNT) -> list[CreditTransfer]:
    """Transfers of one product, taken in and dispatched."""
    said = facts(products=((product, 1),), with_release_condition=False)
    transfers = list(generate_transfers(SEED, count, said))
    take_in(service, corridor, "abb", write_pacs008(group_of(SEED, count, said), transfers))
    return transfers


def answer(service: Service, corridor: str, step: type[c.TransferCommand], uetr: UUID) -> None:
    """The creditor agent takes a step."""
    said = step(corridor=corridor, actor="psbc", idempotency_key=f"{step.__name__}/{uetr}", uetr=uetr)
    assert service.ledger(corridor).execute(said).refusal is None


def state_of(service: Service, corridor: str, uetr: UUID) -> tuple[str, str | None, bool]:
    """State, refund cause, and whether its outcome is unknown."""
    with up_to_date(service, corridor) as at:
        found = transfer(at, uetr)
    return found.state, found.refund_cause, found.unanswered


def listed(order: CreditTransfer) -> CreditTransfer:
    """The same order, sent by somebody on the screening list."""
    return replace(order, debtor=replace(order.debtor, name="Qasmir Volnadi"))


def without_credit() -> dict[str, Participant]:
    """The shipped participants, the sender's cap at zero."""
    participants = shipped_terms("abb-psbc").participants
    return {**participants, "abb": participants["abb"].model_copy(update={"cap": "0.00"})}


def nothing(job: str) -> JobReport:
    return JobReport(job, (), ())


def test_cash_that_nobody_collects_expires_after_its_last_day(service: Service, corridor: str, clock: SetClock) -> None:
    """Ten days to collect: at the last instant nothing is due, a minute later it expires, refunded without the fee; only once."""
    accepted, _waiting = sent(service, corridor, product=Product.ACCOUNT_TO_CASH)
    answer(service, corridor, c.AcceptTransfer, accepted.uetr)
    clock.set(FRIDAY + timedelta(days=10))
    assert expire_due(service, corridor) == nothing("expire")

    clock.advance(ONE_MINUTE)

    assert expire_due(service, corridor) == JobReport("expire", (accepted.uetr,), ())
    assert state_of(service, corridor, accepted.uetr) == ("refunded", "expired", False)
    assert expire_due(service, corridor) == nothing("expire")


def test_a_condition_that_nobody_met_in_time_lapses(service: Service, corridor: str, clock: SetClock) -> None:
    """The transfer was never sent onward; its money goes back under the tariff's line for lapsed conditions."""
    transfers = generate_transfers(SEED, 3, facts())
    [waiting] = [order for order in transfers if order.release_condition is not None]
    take_in(service, corridor, "abb", write_pacs008(group_of(SEED, 3, facts()), transfers))
    clock.set(datetime(2026, 4, 6, 12, 0, tzinfo=UTC))

    report = expire_due(service, corridor)

    assert report == JobReport("expire", (waiting.uetr,), ())
    assert state_of(service, corridor, waiting.uetr) == ("refunded", "condition_lapsed", False)


def test_silence_is_flagged_once_the_answer_is_overdue(service: Service, corridor: str, clock: SetClock) -> None:
    """Thirty minutes after dispatch, and not for the one that was accepted."""
    silent, accepted = sent(service, corridor)
    answer(service, corridor, c.AcceptTransfer, accepted.uetr)
    clock.advance(timedelta(minutes=30))
    assert flag_unanswered(service, corridor) == nothing("flag unanswered")

    clock.advance(ONE_MINUTE)

    assert flag_unanswered(service, corridor) == JobReport("flag unanswered", (silent.uetr,), ())
    assert state_of(service, corridor, silent.uetr) == ("dispatched", None, True)
    assert flag_unanswered(service, corridor) == nothing("flag unanswered")


def test_what_was_cleared_without_room_is_funded_when_there_is_room(
    module_database_url: str, key_folder: Path, clock: SetClock, corridor: str
) -> None:
    """Two officers clear a hold while the position has no room; once prefund has come, the job funds and dispatches it."""
    with Service(settings_of(module_database_url, key_folder), clock=clock) as service:
        terms = facts(with_release_condition=False, products=((Product.ACCOUNT_TO_ACCOUNT, 1),))
        open_corridor(service, corridor, prefund=0, participants=without_credit())
        [order] = generate_transfers(SEED, 1, terms)
        held = [listed(order)]
        take_in(service, corridor, "abb", write_pacs008(group_of(SEED, 1, terms), held))
        for officer in ("officer:amina", "officer:bo"):
            said = c.GiveOpinion(
                corridor=corridor, actor=officer, idempotency_key="opinion", case=f"hold-{order.uetr}", opinion="clear", reasons="00" * 32
            )
            assert service.ledger(corridor).execute(said).refusal is None
        assert state_of(service, corridor, order.uetr) == ("cleared", None, False)
        assert fund_waiting(service, corridor) == JobReport("fund", (), ())

        clock.advance(ONE_MINUTE)
        prefund = c.FundPosition(
            corridor=corridor,
            actor="bank:settlement",
            idempotency_key="prefund",
            participant="abb",
            amount=1_000_000,
            currency="USD",
            reference=f"{corridor}-prefund",
        )
        service.ledger(corridor).execute(prefund)

        assert run_due(service, corridor) == [
            nothing("expire"),
            nothing("flag unanswered"),
            JobReport("fund", (order.uetr,), ()),
        ]
        assert state_of(service, corridor, order.uetr) == ("dispatched", None, False)


def test_the_cycle_closes_once_a_business_date(service: Service, corridor: str, clock: SetClock) -> None:
    """Run again on the same date it gives the same cycle; on a Saturday in New York there is none."""
    [paid] = sent(service, corridor, 1)
    answer(service, corridor, c.PayTransfer, paid.uetr)
    clock.set(datetime(2026, 3, 27, 20, 30, tzinfo=UTC))

    closed = close_cycle(service, corridor)
    again = close_cycle(service, corridor)
    clock.set(datetime(2026, 3, 28, 20, 30, tzinfo=UTC))
    on_saturday = close_cycle(service, corridor)

    assert closed is not None
    owed = paid.settlement_minor + 100
    retained = 5_000_000
    assert (closed["cycle"], closed["pay_ins"], closed["pay_outs"]) == (1, {}, {"abb": 50_000_000 - owed - retained, "psbc": owed})
    assert (again, on_saturday) == (closed, None)
