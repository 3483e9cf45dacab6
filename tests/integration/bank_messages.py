"""What banks send about transfers, as messages: status reports, returns, questions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from uuid import UUID

from ledger import commands as c
from ledger.bootstrap import Service
from ledger.domain.transfer import Transfer
from ledger.iso20022.credit_transfer import ChargeBearer, CreditTransfer, GroupHeader, Product
from ledger.iso20022.pacs002 import StatusReason, StatusReport, TransferStatus, read_pacs002, write_pacs002
from ledger.iso20022.pacs004 import write_pacs004
from ledger.iso20022.pacs008_writer import write_pacs008
from ledger.iso20022.pacs028 import AskedTransfer, StatusRequest, write_pacs028
from ledger.iso20022.payment_return import PaymentReturn, ReturnFile, ReturnReason
from ledger.iso20022.values import Amount
from ledger.messages.incoming import take_in
from ledger.messages.present_status import transfers_at
from ledger.sandbox.generator import generate_transfers, group_of
from tests.integration.serviced import facts

MADE_AT = datetime(2026, 3, 27, 9, 30, tzinfo=UTC)
SEED = 11


HIT = "Qasmir Volnadi"
"""A name on the invented list: a transfer of theirs is held."""


def file_of(
    *products: Product, seed: int = SEED, debtor: str | None = None, bearer: ChargeBearer = ChargeBearer.DEBTOR
) -> tuple[bytes, list[CreditTransfer]]:
    """A pacs.008 with one transfer of each product, and its transfers.

    ``debtor`` is the name of who sends all of them, ``bearer`` bears the charges.
    """
    drawn = [
        one
        for place, product in enumerate(products)
        for one in generate_transfers(seed + 1_000 * place, 1, facts(with_release_condition=False, products=((product, 1),)))
    ]
    transfers = [
        replace(one, index=index, charge_bearer=bearer, debtor=one.debtor if debtor is None else replace(one.debtor, name=debtor))
        for index, one in enumerate(drawn, 1)
    ]
    return write_pacs008(group_of(seed, len(transfers), facts()), transfers), transfers


def dispatched(service: Service, corridor: str, *products: Product, bearer: ChargeBearer = ChargeBearer.DEBTOR) -> list[UUID]:
    """Transfers that abb sent and psbc was told of; to an account unless said otherwise."""
    data, transfers = file_of(*(products or (Product.ACCOUNT_TO_ACCOUNT,)), bearer=bearer)
    taken = take_in(service, corridor, "abb", data)
    assert [item.status for item in taken.items] == ["ACTC"] * len(transfers)
    return [transfer.uetr for transfer in transfers]


def says(uetr: UUID | None, status: str, reason: str | None = None, word: str | None = None) -> TransferStatus:
    """What a bank says of one transfer."""
    reasons = (StatusReason(reason, word),) if reason or word else ()
    return TransferStatus(status, uetr, None, "E1", reasons=reasons)


def status_report(message_id: str, *statuses: TransferStatus) -> bytes:
    """A pacs.002."""
    return write_pacs002(StatusReport(message_id, MADE_AT, transfers=statuses))


def part(
    uetr: UUID, settlement: Amount, instructed: Amount | None = None, return_id: str | None = "R1", reason: str = "AC04"
) -> PaymentReturn:
    """One return."""
    return PaymentReturn(0, uetr, settlement, (ReturnReason(reason),), return_id, returned_instructed=instructed)


def payment_return(message_id: str, *parts: PaymentReturn) -> bytes:
    """A pacs.004."""
    group = GroupHeader(message_id, MADE_AT, len(parts), "CLRG", settlement_date=date(2026, 3, 27))
    return write_pacs004(ReturnFile(group, tuple(replace(one, index=index) for index, one in enumerate(parts, 1))))


def question(message_id: str, uetrs: Sequence[UUID]) -> bytes:
    """A pacs.028."""
    asked = tuple(AskedTransfer(index, uetr, original_end_to_end_id=f"E{index}") for index, uetr in enumerate(uetrs, 1))
    return write_pacs028(StatusRequest(message_id, MADE_AT, asked))


def replied(reply: bytes | None) -> list[tuple[str, str, str | None]]:
    """Of each transaction of a pacs.002: UETR, status, reason code."""
    assert reply is not None
    return [(str(one.uetr), one.status, one.reason_code) for one in read_pacs002(reply).transfers]


def transfer_of(service: Service, corridor: str, uetr: UUID) -> Transfer:
    """It, as it stands at the head of the log."""
    return transfers_at(service.ledger(corridor), [(uetr, 2**62)])[uetr, 2**62].transfer


def states(service: Service, corridor: str, uetrs: Iterable[UUID]) -> list[str]:
    """Where transfers stand."""
    return [transfer_of(service, corridor, uetr).state for uetr in uetrs]


def head(service: Service, corridor: str) -> tuple[int, int]:
    """Where the log ends, and how many receipts it holds."""
    [(receipts,)] = service.pool.rows("SELECT count(*) FROM ledger.receipts WHERE corridor = %(corridor)s", {"corridor": corridor})
    return service.ledger(corridor).log_store.head().position, receipts


def do(service: Service, corridor: str, command: type[c.Command], actor: str, **facts: object) -> None:
    """One command under a key of its own, which must be taken."""
    asked = command.model_validate({"corridor": corridor, "actor": actor, "idempotency_key": f"{command.__name__}-{facts}", **facts})
    answer = service.ledger(corridor).execute(asked)
    assert answer.refusal is None, answer.refusal
