"""The corridor's terms: one dated, versioned document that both banks signed, as data.

The model mirrors the TOML file field by field; amounts stay decimal strings in it, so that the event reads like the file, and are
parsed once. `corridors/abb-psbc.toml` is the commented example.
"""

from __future__ import annotations

import re
import tomllib
from datetime import date, timedelta
from functools import cached_property
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from ledger.domain.calendar import Calendar
from ledger.domain.money import Rounding, parse_amount
from ledger.errors import LedgerError, ProductUnknown, PurposeUnknown, TermsInvalid, UnknownParticipant

# How each product hands the money to the creditor (UPU's four account/cash pairs, and merchants by QR code).
PAYOUT_METHODS: dict[str, Literal["account", "cash"]] = {
    "account_to_account": "account",
    "cash_to_account": "account",
    "account_to_cash": "cash",
    "cash_to_cash": "cash",
    "merchant_qr": "account",
}

RefundCause = Literal["refused", "cancelled", "expired", "condition_lapsed"]


# The messages that the corridor writes to banks, each in the versions it can write, the usual one first. A header (head.001) stands before
# them only where a bank asked for it.
MESSAGE_VERSIONS: dict[str, tuple[str, ...]] = {
    "pacs.002": ("pacs.002.001.10", "pacs.002.001.12", "pacs.002.001.14"),
    "pacs.004": ("pacs.004.001.09", "pacs.004.001.11", "pacs.004.001.13"),
    "pacs.008": ("pacs.008.001.08", "pacs.008.001.10", "pacs.008.001.12"),
    "pacs.009": ("pacs.009.001.08",),
    "pacs.028": ("pacs.028.001.03",),
    "camt.029": ("camt.029.001.09", "camt.029.001.13"),
    "camt.056": ("camt.056.001.08", "camt.056.001.11"),
    "head.001": ("head.001.001.02", "head.001.001.03", "head.001.001.04"),
}


# What banks fetch of their position accounts, likewise.
STATEMENT_VERSIONS: dict[str, tuple[str, ...]] = {
    "camt.053": ("camt.053.001.08", "camt.053.001.12"),
    "camt.054": ("camt.054.001.08", "camt.054.001.12"),
}
_AGREED_ON = MESSAGE_VERSIONS | STATEMENT_VERSIONS


class _Terms(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Participant(_Terms):
    """A bank of the corridor. ``cap`` and ``retained`` are in the settlement currency. ``messages`` are the versions it wants to be sent,
    by message (see `message_version`)."""

    name: str
    country: str
    currency: str
    bic: str
    statement_account: str
    cap: str
    retained: str
    calendar: Calendar
    messages: dict[str, str] = {}


class Settlement(_Terms):
    """Where the banks settle with each other. ``holder`` is the settlement account's legal holder; the corridor is only a book.
    ``messages`` are the versions the settlement bank wants to be sent."""

    currency: str
    holder: str
    bank_bic: str
    statement_account: str
    calendar: Calendar
    messages: dict[str, str] = {}


class Purpose(_Terms):
    """What a transfer may be for (ISO 20022 ExternalPurpose1Code), with the evidence the debtor agent must hold."""

    code: str
    evidence: tuple[str, ...] = ()
    max: str | None = None
    source: str = ""


class RequiredFields(_Terms):
    """Fields of a party that must be present when the settlement amount is at or above ``from_amount`` (settlement currency)."""

    from_amount: str
    debtor: tuple[str, ...]
    creditor: tuple[str, ...]
    source: str = ""

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The fields as commitments are named: ``debtor.name``."""
        return (*(f"debtor.{field}" for field in self.debtor), *(f"creditor.{field}" for field in self.creditor))


class Leg(_Terms):
    """One direction of the corridor: its tariff, limits, products and purposes. Amounts are in the debtor agent's currency, except
    ``remuneration`` (settlement currency) and ``creditor_fee`` (creditor agent's currency, taken from the payout unless the debtor
    bears all charges)."""

    debtor_agent: str
    creditor_agent: str
    fee_flat: str
    fee_basis_points: int
    remuneration: str
    creditor_fee: str
    fee_given_back_when: tuple[RefundCause, ...]
    min: str
    max: str
    products: tuple[str, ...]
    cash_days_to_collect: int
    purposes: tuple[Purpose, ...]
    required_fields: tuple[RequiredFields, ...]
    screening_list: str

    @cached_property
    def purposes_by_code(self) -> dict[str, Purpose]:
        return {purpose.code: purpose for purpose in self.purposes}

    def purpose(self, code: str) -> Purpose:
        """Raises PurposeUnknown with the codes the terms list."""
        try:
            return self.purposes_by_code[code]
        except KeyError:
            raise PurposeUnknown(
                f"Purpose {code!r} is not agreed for {self.debtor_agent} to {self.creditor_agent}.",
                field="purpose",
                value=code,
                way_out=f"Use one of {', '.join(sorted(self.purposes_by_code))}.",
            ) from None

    def check_product(self, product: str) -> Literal["account", "cash"]:
        """How the product pays out. Raises ProductUnknown with the products the terms list."""
        if product not in self.products:
            raise ProductUnknown(
                f"Product {product!r} is not agreed for {self.debtor_agent} to {self.creditor_agent}.",
                field="product",
                value=product,
                way_out=f"Use one of {', '.join(self.products)}.",
            )
        return PAYOUT_METHODS[product]


class Quoting(_Terms):
    """``rounding`` applies to every conversion, ``tolerance_basis_points`` to amounts or rates that a message states itself."""

    rounding: Rounding
    quote_seconds: int
    sheet_hours: int
    tolerance_basis_points: int


class Terms(_Terms):
    """All that the two banks agreed, in force from ``effective_from`` on."""

    code: str
    version: int
    effective_from: date
    name: str
    retention_years: int
    unanswered_minutes: int
    return_rate: Literal["original", "today"]
    settlement: Settlement
    participants: dict[str, Participant]
    legs: tuple[Leg, ...]
    quoting: Quoting

    @model_validator(mode="after")
    def agrees_with_itself(self) -> Self:
        if not re.fullmatch(r"[a-z]{2,8}-[a-z]{2,8}", self.code):
            raise ValueError(f"code {self.code!r} is not two short names joined by a hyphen")
        if len(self.participants) != 2 or "corridor" in self.participants:
            raise ValueError("a corridor has exactly two participants, and neither is called 'corridor'")
        currency = self.settlement.currency
        for messages in (self.settlement.messages, *(participant.messages for participant in self.participants.values())):
            for message, version in messages.items():
                if version not in _AGREED_ON.get(message, ()):
                    known = sorted(version for versions in _AGREED_ON.values() for version in versions)
                    raise ValueError(f"messages: {message} in version {version} is not written; use one of {', '.join(known)}")
        for participant in self.participants.values():
            parse_amount(participant.cap, currency, field="cap", allow_zero=True)
            parse_amount(participant.retained, currency, field="retained", allow_zero=True)
        for leg in self.legs:
            here, there = self.participant(leg.debtor_agent), self.participant(leg.creditor_agent)
            if here is there:
                raise ValueError("a leg goes from one participant to the other")
            parse_amount(leg.fee_flat, here.currency, field="fee_flat", allow_zero=True)
            parse_amount(leg.min, here.currency, field="min")
            parse_amount(leg.max, here.currency, field="max")
            parse_amount(leg.creditor_fee, there.currency, field="creditor_fee", allow_zero=True)
            parse_amount(leg.remuneration, currency, field="remuneration", allow_zero=True)
            for purpose in leg.purposes:
                if purpose.max is not None:
                    parse_amount(purpose.max, here.currency, field=f"purposes.{purpose.code}.max")
            for rule in leg.required_fields:
                parse_amount(rule.from_amount, currency, field="required_fields.from_amount", allow_zero=True)
            if unknown := set(leg.products) - set(PAYOUT_METHODS):
                raise ValueError(f"products {sorted(unknown)} are not known; use {sorted(PAYOUT_METHODS)}")
        return self

    def participant(self, key: str) -> Participant:
        """Raises UnknownParticipant with the two that exist."""
        try:
            return self.participants[key]
        except KeyError:
            raise UnknownParticipant(
                f"{key!r} is not a participant of {self.code}.",
                field="participant",
                value=key,
                way_out=f"Use one of {', '.join(sorted(self.participants))}.",
            ) from None

    def leg(self, debtor_agent: str, creditor_agent: str) -> Leg:
        """The direction from one bank to the other. Raises UnknownParticipant when the terms have no such leg."""
        for leg in self.legs:
            if (leg.debtor_agent, leg.creditor_agent) == (debtor_agent, creditor_agent):
                return leg
        self.participant(debtor_agent)
        self.participant(creditor_agent)
        raise UnknownParticipant(
            f"{self.code} carries nothing from {debtor_agent} to {creditor_agent}.",
            field="creditor_agent",
            value=creditor_agent,
            way_out="Amend the terms with this leg first.",
        )

    def cap(self, participant: str) -> int:
        """The net debit cap in minor units of the settlement currency: the position's floor is minus this."""
        return parse_amount(self.participant(participant).cap, self.settlement.currency, allow_zero=True)

    def retained(self, participant: str) -> int:
        """The agreed prefund a participant keeps at settlement, in minor units of the settlement currency."""
        return parse_amount(self.participant(participant).retained, self.settlement.currency, allow_zero=True)

    def calendar(self, owner: str) -> Calendar:
        """The calendar that dates the lines of an owner's accounts: the participant's own, or the settlement currency's."""
        return self.participants[owner].calendar if owner in self.participants else self.settlement.calendar

    def participant_of_bic(self, bic: str) -> str:
        """The participant with this BIC (ISO 9362); eight characters name the head office. Raises UnknownParticipant."""
        for key, participant in self.participants.items():
            if participant.bic[:8] == bic[:8]:
                return key
        raise UnknownParticipant(
            f"BIC {bic!r} belongs to no participant of {self.code}.",
            field="bic",
            value=bic,
            way_out=f"Use {' or '.join(p.bic for p in self.participants.values())}.",
        )

    def message_version(self, recipient: str, message: str) -> str:
        """The version of a message such as ``pacs.008`` that a recipient (a participant, or the settlement bank) wants to be sent."""
        bank: Participant | Settlement | None = self.participants.get(recipient)
        return (bank or self.settlement).messages.get(message, _AGREED_ON[message][0])

    def header_version(self, recipient: str) -> str | None:
        """The version of the business application header that a recipient wants before its messages; None where it wants none."""
        bank: Participant | Settlement | None = self.participants.get(recipient)
        return (bank or self.settlement).messages.get("head.001")

    @property
    def quote_life(self) -> timedelta:
        return timedelta(seconds=self.quoting.quote_seconds)

    @property
    def sheet_life(self) -> timedelta:
        return timedelta(hours=self.quoting.sheet_hours)


def read_terms(text: str) -> Terms:
    """The terms of a corridor file. Raises TermsInvalid naming each field that is wrong and why."""
    try:
        document: dict[str, Any] = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise TermsInvalid(f"The corridor file is not TOML: {error}.", field="file", way_out="Mend the line it names.") from None
    try:
        return Terms.model_validate(document)
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, e['loc'])) or 'file'}: {e['msg']}" for e in error.errors())
        raise TermsInvalid(f"The corridor file does not hold: {wrong}.", field="file", way_out="Mend the fields it names.") from None
    except LedgerError as error:
        raise TermsInvalid(f"The corridor file does not hold: {error}", field="file", way_out="Mend the field it names.") from None
