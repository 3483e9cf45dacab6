"""Orders prepared together: what is fit goes into the vault in one transaction, and what is not is told apart."""

from __future__ import annotations

from uuid import UUID

import pytest

from ledger.application import Asked
from ledger.batching import Request
from ledger.bootstrap import Service
from ledger.errors import LedgerError, Malformed
from ledger.intake import PartyDetails, Received, TransferOrder
from ledger.privacy.errors import RecordUnfit
from ledger.privacy.records import RecordKind

FATIMA = PartyDetails(name="Fatima Benali", native_name="فاطمة بنعلي", town="Rabat", country="MA", document="NIDN MA ZZ123456")
WANG = PartyDetails(name="Wang Wei", native_name="王伟", town="Beijing", country="CN")


def received(number: int, debtor: PartyDetails = FATIMA, creditor: PartyDetails = WANG, remittance: str = "Loyer") -> Received:
    """An order as a bank sends it, each under its own key."""
    order = TransferOrder(
        uetr=UUID(int=number, version=4),
        creditor_agent="psbc",
        product="account_to_account",
        purpose="DEPD",
        evidence=("kinship",),
        amount=100_000,
        currency="MAD",
        debtor=debtor,
        creditor=creditor,
        end_to_end_id=f"E-{number}",
        remittance=remittance,
    )
    return Received(order, "abb", f"key-{number}", "because", Asked("POST", "/transfers", b"body %d" % number))


def subjects(service: Service) -> int:
    """How many subjects the vault holds."""
    [(count,)] = service.pool.rows("SELECT count(*) FROM vault.subjects")
    return int(count)


def test_unfit_orders_are_told_apart_and_the_others_are_stored(service: Service, corridor: str) -> None:
    """A nameless party, an empty document and a text that is no Unicode: each stands at its order's place, and only fit ones are kept."""
    orders = [
        received(1),
        received(2, creditor=PartyDetails(name="???")),
        received(3, debtor=FATIMA.model_copy(update={"document": "-"})),
        received(4, remittance="Loyer \ud800"),
        received(5, debtor=FATIMA.model_copy(update={"name": "Fatima \ud800"})),
        received(6),
    ]
    before = subjects(service)

    prepared = service.intake(corridor).prepare_all(orders)

    told = [str(one) if isinstance(one, LedgerError) else one.command.idempotency_key for one in prepared]
    assert told == [
        "key-1",
        "The creditor has no name that can be screened. Give the name in letters of any script.",
        "The identity document is empty: give its kind, country and number.",
        "The remittance holds a character that is no Unicode text (a lone surrogate).",
        "The name holds a character that is no Unicode text (a lone surrogate).",
        "key-6",
    ]
    assert [type(one) for one in prepared] == [Request, Malformed, RecordUnfit, RecordUnfit, RecordUnfit, Request]
    assert subjects(service) == before + 4


def test_a_prepared_order_names_subjects_that_stand_in_the_vault(service: Service, corridor: str) -> None:
    """Debtor and creditor can be read back, the debtor's key makes the fingerprint, and one person is found by the document."""
    orders = [received(1), received(2)]

    prepared = service.intake(corridor).prepare_all(orders)

    for order, request in zip(orders, prepared, strict=True):
        assert isinstance(request, Request)
        debtor, creditor = request.command.debtor, request.command.creditor  # type: ignore[attr-defined]
        read = service.vault.read_many([debtor, creditor])
        assert {name: opened["value"] for name, opened in read[debtor][RecordKind.PARTY].items()} == FATIMA.fields()  # type: ignore[union-attr, index, call-overload]
        assert {name: opened["value"] for name, opened in read[creditor][RecordKind.PARTY].items()} == WANG.fields()  # type: ignore[union-attr, index, call-overload]
        assert request.fingerprint_key == debtor
        assert order.asked.matches(request.fingerprint, service.vault.fingerprint_keys([debtor])[debtor])
    person = service.vault.person_id(corridor, "abb", "nidn-ma-zz123456")
    assert set(service.vault.subjects_of(person)) == {request.fingerprint_key for request in prepared}  # type: ignore[union-attr]


def test_the_first_unfit_order_is_raised_where_single_requests_are_wanted(service: Service, corridor: str) -> None:
    """For callers that send one order and answer with the error itself."""
    with pytest.raises(Malformed) as refused:
        service.intake(corridor).requests([received(1, creditor=PartyDetails(name="???"))])
    assert refused.value.field == "creditor.name"


def test_no_orders_make_no_requests(service: Service, corridor: str) -> None:
    """Nothing is asked of the vault."""
    assert service.intake(corridor).prepare_all([]) == []
