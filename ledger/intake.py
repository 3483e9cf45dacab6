"""From a request with personal data to a command without: vault, screening, commitments.

Before any money moves, the parties are stored in the vault (in its own transaction, so a crash leaves at most an orphan that is swept),
held against the screening list, and hidden behind salted commitments. Only ids and commitments go on to the ledger.
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple, TypeAlias
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from ledger.application import Asked, Ledger
from ledger.batching import Request
from ledger.commands import InitiateTransfer
from ledger.domain.pricing import ChargeBearer
from ledger.domain.terms import PAYOUT_METHODS, Terms
from ledger.domain.transfer import collection_code_digest
from ledger.domain.transfer_events import Condition, Screened
from ledger.errors import Malformed
from ledger.evidence import halves
from ledger.iso20022.credit_transfer import CreditTransfer, GroupHeader
from ledger.iso20022.parties import Account, Party
from ledger.privacy.commitments import commit, commit_party, utf8
from ledger.privacy.entropy import Entropy, new_subject_id
from ledger.privacy.errors import RecordUnfit
from ledger.privacy.records import RecordKind, RecordValue
from ledger.privacy.subjects import NewSubject
from ledger.screening.port import ScreenedParty, Screening

CODE_DIGITS = 10

Unfit: TypeAlias = Malformed | RecordUnfit
"""Why one order cannot be taken: a party without a name that can be screened, or a value that cannot be kept."""


class PartyDetails(BaseModel):
    """A debtor or creditor as a bank sends it: personal, so it stays out of every ``repr``. Dates are ISO 8601, countries ISO 3166."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    name: str = Field(min_length=1, max_length=140, repr=False)
    native_name: str | None = Field(default=None, max_length=140, repr=False)
    street: str | None = Field(default=None, max_length=70, repr=False)
    building_number: str | None = Field(default=None, max_length=16, repr=False)
    post_code: str | None = Field(default=None, max_length=16, repr=False)
    town: str | None = Field(default=None, max_length=35, repr=False)
    country: str | None = Field(default=None, pattern="^[A-Z]{2}$", repr=False)
    birth_date: str | None = Field(default=None, pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$", repr=False)
    birth_town: str | None = Field(default=None, max_length=35, repr=False)
    birth_country: str | None = Field(default=None, pattern="^[A-Z]{2}$", repr=False)
    document: str | None = Field(default=None, max_length=35, repr=False)
    account: str | None = Field(default=None, max_length=34, repr=False)

    def fields(self) -> dict[str, str]:
        """The fields that are there, by name."""
        return {name: value for name, value in self.__dict__.items() if value}


class OrderMessage(BaseModel):
    """The message an order came in, by which its sender will know what is said of the transfer."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    message_id: str
    version: str
    created_at: datetime
    instruction_id: str = ""
    transaction_id: str = ""


class TransferOrder(BaseModel):
    """A transfer as a debtor agent asks for it. Amounts in minor units."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    uetr: UUID
    creditor_agent: str
    product: str
    purpose: str
    evidence: tuple[str, ...] = ()
    charge_bearer: ChargeBearer = "DEBT"
    amount: int
    currency: str
    quote: UUID | None = None
    stated_settlement: int | None = None
    debtor: PartyDetails
    creditor: PartyDetails
    end_to_end_id: str = ""
    remittance: str = Field(default="", repr=False)
    condition: Condition | None = None
    message: OrderMessage | None = None


class Received(NamedTuple):
    """An order with who sent it under which key, because of what, and the bytes it came in."""

    order: TransferOrder
    actor: str
    idempotency_key: str
    cause: str
    asked: Asked


class _Prepared(NamedTuple):
    """An order that is fit: its command, and what the vault is to hold before the command may be submitted."""

    command: InitiateTransfer
    debtor: NewSubject
    creditor: NewSubject


class Intake:
    """Turns orders into requests for one corridor's ledger."""

    def __init__(self, ledger: Ledger, screening: Screening, entropy: Entropy) -> None:
        self._ledger = ledger
        self._screening = screening
        self._entropy = entropy

    def requests(self, received: Sequence[Received]) -> list[Request]:
        """One request an order, in order, as `prepare_all` makes them; raises the first `Unfit` there is, after storing the others."""
        requests = []
        for prepared in self.prepare_all(received):
            if not isinstance(prepared, Request):
                raise prepared
            requests.append(prepared)
        return requests

    def prepare_all(self, received: Sequence[Received]) -> list[Request | Unfit]:
        """For each order, in order, its request, or why it alone cannot be taken.

        Every order is checked before anything is written; those that are fit are stored durably together, in one transaction and one
        trip to the vault, whether they are one or a thousand. Orders of different callers may be prepared together, from any thread.
        Raises VaultDown or KeyProviderDown, which concern all of them alike and pass: nothing is to be submitted then, and what was
        stored all the same is an orphan.
        """
        prepared = [self._prepare_or_refuse(one) for one in received]
        fit = [one for one in prepared if isinstance(one, _Prepared)]
        stored = self._ledger.vault.store_subjects([subject for one in fit for subject in (one.debtor, one.creditor)])
        keys = {subject.subject_id: subject.fingerprint_key for subject in stored}
        return [
            _request(one, origin.asked, keys[one.debtor.subject_id]) if isinstance(one, _Prepared) else one
            for origin, one in zip(received, prepared, strict=True)
        ]

    def collection_code(self, uetr: UUID) -> str:
        """The one-time code that the debtor passes on and the creditor shows when collecting cash; told to the debtor agent only."""
        return f"{int.from_bytes(self._keyed(b'collection code', uetr, b'')) % 10**CODE_DIGITS:0{CODE_DIGITS}d}"

    def code_proof(self, uetr: UUID, code: str) -> str:
        """What a payment command carries of the code the creditor showed: keyed, so that nobody who reads the log can try out codes."""
        return self._keyed(b"code proof", uetr, code.encode()).hex()

    def _keyed(self, purpose: bytes, uetr: UUID, text: bytes) -> bytes:
        key = self._ledger.vault.corridor_fingerprint_key(self._ledger.corridor_code)
        return hmac.digest(key, purpose + uetr.bytes + text, "sha256")

    def _prepare_or_refuse(self, received: Received) -> _Prepared | Unfit:
        try:
            return self._prepare(received)
        except (Malformed, RecordUnfit) as unfit:
            return unfit

    def _prepare(self, received: Received) -> _Prepared:
        order = received.order
        debtor_id, creditor_id = new_subject_id(self._entropy), new_subject_id(self._entropy)
        debtor = commit_party(order.debtor.fields(), self._entropy)
        creditor = commit_party(order.creditor.fields(), self._entropy)
        result = self._screening.screen([_screened("debtor", order.debtor), _screened("creditor", order.creditor)])
        found = result.canonical()
        salt = self._entropy(32)
        command = InitiateTransfer(
            corridor=self._ledger.corridor_code,
            actor=received.actor,
            idempotency_key=received.idempotency_key,
            cause=received.cause,
            uetr=order.uetr,
            creditor_agent=order.creditor_agent,
            product=order.product,
            purpose=order.purpose,
            evidence=order.evidence,
            charge_bearer=order.charge_bearer,
            amount=order.amount,
            currency=order.currency,
            quote=order.quote,
            stated_settlement=order.stated_settlement,
            debtor=debtor_id,
            creditor=creditor_id,
            commitments={f"debtor.{name}": hidden for name, hidden in debtor.commitments.items()}
            | {f"creditor.{name}": hidden for name, hidden in creditor.commitments.items()},
            screened=Screened(
                list_name=result.list_name,
                list_version=result.list_version,
                outcome=result.outcome,
                commitment=commit(salt, "screening", found).hex(),
            ),
            condition=order.condition,
            collection_code_digest=collection_code_digest(order.uetr, self.code_proof(order.uetr, self.collection_code(order.uetr)))
            if PAYOUT_METHODS.get(order.product) == "cash"
            else None,
        )
        # Said here, where it concerns this order alone: the vault would refuse all that are stored with it.
        utf8(order.end_to_end_id, what="end-to-end id")
        utf8(order.remittance, what="remittance")
        references: dict[str, JsonValue] = {
            "end_to_end_id": order.end_to_end_id,
            "remittance": order.remittance,
            "screening": {"salt": salt.hex(), "result": found},
        }
        if order.message is not None:
            references["message"] = order.message.model_dump(mode="json")
        of_debtor: dict[RecordKind, RecordValue] = {RecordKind.PARTY: debtor.encoded(), RecordKind.REFERENCE: references}
        of_creditor: dict[RecordKind, RecordValue] = {RecordKind.PARTY: creditor.encoded()}
        signed = received.asked.signed
        if signed is not None and signed.body is not None:
            of_debtor[RecordKind.BODY], of_creditor[RecordKind.BODY] = halves(signed.body)
        return _Prepared(
            command,
            NewSubject(debtor_id, of_debtor, self._person(received.actor, order.debtor)),
            NewSubject(creditor_id, of_creditor, self._person(order.creditor_agent, order.creditor)),
        )

    def _person(self, participant: str, party: PartyDetails) -> frozenset[UUID]:
        """Whose data this is, if a document says so: erasing the person then finds every transfer of theirs."""
        if not party.document:
            return frozenset()
        return frozenset({self._ledger.vault.person_id(self._ledger.corridor_code, participant, party.document)})


def _request(prepared: _Prepared, asked: Asked, key: bytes) -> Request:
    debtor, creditor = prepared.debtor.subject_id, prepared.creditor.subject_id
    signed = asked.signed
    kept = signed is not None and signed.body is not None
    evidence = None if signed is None else signed.in_the_vault(*((debtor, creditor) if kept else (None, None)))
    return Request(prepared.command, asked.fingerprint(key), debtor, evidence)


def _screened(role: str, party: PartyDetails) -> ScreenedParty:
    return ScreenedParty(role, tuple(name for name in (party.name, party.native_name) if name))


# From a message


def order_of(transfer: CreditTransfer, terms: Terms, group: GroupHeader | None = None) -> TransferOrder:
    """The order that a pacs.008 transfer is; ``group`` says of the message it came in what is kept of it.

    Raises UnknownParticipant when its creditor agent is not of this corridor.
    """
    condition = transfer.release_condition
    return TransferOrder(
        uetr=transfer.uetr,
        creditor_agent=terms.participant_of_bic(transfer.creditor_agent.bic or ""),
        product=transfer.product.value,
        purpose=transfer.purpose or "",
        evidence=transfer.evidence,
        charge_bearer=transfer.charge_bearer.value,
        amount=transfer.instructed_minor,
        currency=transfer.instructed_currency,
        stated_settlement=transfer.settlement_minor if transfer.states_settlement else None,
        debtor=_details(transfer.debtor, transfer.debtor_account),
        creditor=_details(transfer.creditor, transfer.creditor_account),
        end_to_end_id=transfer.end_to_end_id,
        remittance=" ".join(transfer.remittance),
        condition=None
        if condition is None
        else Condition(
            kind=condition.kind.value,
            reference=condition.reference,
            confirmed_by=terms.participant_of_bic(condition.confirmed_by),
            deadline=condition.deadline,
        ),
        message=None
        if group is None
        else OrderMessage(
            message_id=group.message_id,
            version=group.version,
            created_at=group.created_at,
            instruction_id=transfer.instruction_id or "",
            transaction_id=transfer.transaction_id or "",
        ),
    )


def _details(party: Party, account: Account | None) -> PartyDetails:
    address, birth = party.address, party.birth
    return PartyDetails(
        name=party.name,
        native_name=party.native_name,
        street=address.street if address else None,
        building_number=address.building_number if address else None,
        post_code=address.post_code if address else None,
        town=address.town if address else None,
        country=address.country if address else None,
        birth_date=birth.on.isoformat() if birth else None,
        birth_town=birth.town if birth else None,
        birth_country=birth.country if birth else None,
        document=party.identifications[0].number if party.identifications else None,
        account=account.number if account else None,
    )
