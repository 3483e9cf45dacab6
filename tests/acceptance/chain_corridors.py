"""A corridor for a chain of messages that other banks wrote: a file of terms with their two banks and their currency.

Everything is in one currency, at a rate of one to one: what the messages say settles as it stands.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from uuid import UUID

from ledger import commands as c
from ledger.bootstrap import Service
from ledger.clock import SetClock
from ledger.domain.terms import read_terms
from ledger.iso20022.credit_transfer import CreditTransfer, GroupHeader, Product
from ledger.iso20022.pacs008_writer import write_pacs008
from ledger.iso20022.parties import Agent
from ledger.sandbox.generator import CorridorFacts, generate_transfers
from tests.integration.serviced import settings_of

SENDER, RECEIVER = "sender", "receiver"
_CALENDAR = """[{table}.calendar]
zone = "UTC"
weekend = []
cut_off = 23:59:00
valid_through = 2035-12-31
source = "a test"
holidays = []
"""


def corridor_file(code: str, sender: str, receiver: str, currency: str) -> str:
    """Terms under which one bank's customers send to the other's; a transfer needs to state no purpose."""
    participants = "\n".join(
        f"""[participants.{key}]
name = "{bic}"
country = "{bic[4:6]}"
currency = "{currency}"
bic = "{bic}"
statement_account = "{key}-1"
cap = "1000000000"
retained = "0"
{_CALENDAR.format(table=f"participants.{key}")}"""
        for key, bic in ((SENDER, sender), (RECEIVER, receiver))
    )
    return f"""code = "{code}"
version = 1
effective_from = 2000-01-01
name = "{sender} to {receiver}"
retention_years = 10
unanswered_minutes = 30
return_rate = "original"

[quoting]
rounding = "half_even"
quote_seconds = 900
sheet_hours = 96
tolerance_basis_points = 10

[settlement]
currency = "{currency}"
holder = "{sender}"
bank_bic = "SETLXX33XXX"
statement_account = "settlement-1"
{_CALENDAR.format(table="settlement")}
{participants}
[[legs]]
debtor_agent = "{SENDER}"
creditor_agent = "{RECEIVER}"
fee_flat = "0"
fee_basis_points = 0
remuneration = "0"
creditor_fee = "0"
fee_given_back_when = ["refused"]
min = "1"
max = "1000000000"
products = ["account_to_account", "account_to_cash", "cash_to_account", "cash_to_cash"]
cash_days_to_collect = 10
screening_list = "invented"
required_fields = []
purposes = [{{ code = "", evidence = [], source = "these messages state none" }}]
"""


@contextmanager
def chain_corridor(
    url: str, folder: Path, code: str, *, sender: str, receiver: str, currency: str, at: datetime
) -> Iterator[tuple[Service, SetClock]]:
    """A service with this corridor open and funded, on the day of its messages."""
    clock = SetClock(at)
    with Service(settings_of(url, folder), clock=clock) as service:
        commands: list[c.Command] = [
            c.OpenCorridor(
                corridor=code,
                actor="operator:test",
                idempotency_key="open",
                agreement=read_terms(corridor_file(code, sender, receiver, currency)),
            )
        ]
        commands += [
            c.PublishRateSheet(
                corridor=code,
                actor=participant,
                idempotency_key="rates",
                sheet="one-to-one",
                rates={currency: Decimal(1)},
                valid_from=at - timedelta(hours=1),
                valid_until=at + timedelta(days=3),
                source="a test",
            )
            for participant in (SENDER, RECEIVER)
        ]
        for command in commands:
            answer = service.ledger(code).execute(command)
            assert answer.refusal is None, answer.refusal
        yield service, clock


def first_transfer(
    uetr: UUID, *, sender: str, receiver: str, minor: int, currency: str, at: datetime, end_to_end_id: str, instruction_id: str | None
) -> bytes:
    """The pacs.008 that a chain begins with and does not have: our generator's, with the ids, the banks and the amount of the chain."""
    facts = CorridorFacts(
        debtor_agent_bic=sender,
        creditor_agent_bic=receiver,
        settlement_date=at.date(),
        opens_at=at,
        instructed_currency=currency,
        products=((Product.ACCOUNT_TO_ACCOUNT, 1),),
        with_release_condition=False,
    )
    [drawn] = generate_transfers(7, 1, facts)
    transfer = replace(
        drawn,
        uetr=uetr,
        end_to_end_id=end_to_end_id,
        instruction_id=instruction_id or drawn.instruction_id,
        instructed_minor=minor,
        settlement_minor=minor,
        purpose=None,
        evidence=(),
    )
    return file_of(transfer, at)


def file_of(transfer: CreditTransfer, at: datetime) -> bytes:
    """A pacs.008 with this one transfer."""
    return write_pacs008(GroupHeader(f"FIRST-{transfer.uetr.hex[:12]}", at, 1, "INDA", settlement_date=at.date()), [transfer])


def between(transfer: CreditTransfer, *, sender: str, receiver: str, on: date) -> CreditTransfer:
    """The same transfer on the leg between two of its banks, as if there were no others."""
    return replace(
        transfer,
        debtor_agent=Agent(bic=sender),
        creditor_agent=Agent(bic=receiver),
        instructing_agent=None,
        instructed_agent=None,
        settlement_date=on,
        instructed_minor=transfer.settlement_minor,
        instructed_currency=transfer.settlement_currency,
        charges=(),
    )
