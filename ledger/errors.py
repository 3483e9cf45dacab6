"""Every error the ledger raises on purpose, in one tree.

::

    LedgerError
    ├── Refusal                      a rule said no: no event, the receipt keeps the answer
    │   ├── money                    AmountInvalid, CurrencyNotAccepted, AmountOverLimit, AmountUnderLimit
    │   ├── terms                    UnknownCorridor, UnknownParticipant, CorridorAlreadyOpen, TermsInvalid, PurposeUnknown,
    │   │                            ProductUnknown, EvidenceMissing, PartyFieldMissing, CalendarExhausted
    │   ├── keys                     KeyInvalid, KeyAlgorithmUnknown, KeyWeak, KeyUnknown, KeyIdTaken, PublicKeyTaken, KeysOverlap,
    │   │                            PermissionUnknown, KeyStepOutOfOrder
    │   ├── rates and quotes         RateMissing, RateSheetInvalid, QuoteUnknown, QuoteExpired, QuoteAlreadyUsed, QuoteDiffers,
    │   │                            StatedAmountDiffers
    │   ├── transfer                 TransferUnknown, UetrAlreadyUsed, StepOutOfOrder, TransferFrozen, TransferUnanswered,
    │   │                            ConditionNotDue, NotYetExpired, ReturnExceedsPayment, ReturnAlreadyBooked, RecallUnknown,
    │   │                            RecallAlreadyOpen, RecallAlreadyAnswered, CashProofMissing
    │   ├── account                  AccountUnknown, AccountFrozen, AccountClosed, AccountNotEmpty, FloorReached
    │   ├── officers                 RetentionRunning, SecondOfficerNeeded, CaseUnknown, CaseAlreadyDecided, NotPermitted
    │   ├── settlement               CycleUnknown, NotDueInCycle, MovementAlreadyBooked, MovementUnknown,
    │   │                            BreakUnknown, BreakStepOutOfOrder, ReferenceAlreadyUsed
    │   └── messages, statements     MessageUnknown, StatementUnknown, DayNotClosed
    ├── Malformed                    the request cannot be read: 400, nothing is kept
    ├── KeyReused                    an idempotency key came back with another request
    ├── StillRunning                 the same key is being decided right now
    ├── OutcomeUnknown               the commit's answer was lost: ask again with the same key
    ├── Unavailable                  a part the ledger needs is down: try again later
    │   ├── Overloaded
    │   └── ReadTooEarly
    └── Misconfigured                the process cannot start as it is set up
        └── MigrationsMissing

A refusal is one class for one rule. Its ``code`` is stable and public, ``transient`` says whether a new attempt (with a new
idempotency key) may pass later, ``field`` and ``value`` name what was wrong and ``way_out`` what to do. Nothing personal stands in
any of them. `api/problems.py` maps the tree to HTTP; a test proves that table complete.
"""

from __future__ import annotations

import re
from typing import ClassVar


class LedgerError(Exception):
    """The root: whatever the ledger raises on purpose."""


class Refusal(LedgerError):
    """A rule said no.

    ``detail`` is the sentence for people, ``field`` and ``value`` name the offending input (never personal data), ``way_out`` says
    what the caller can do. ``transient`` refusals may pass later under a new idempotency key.
    """

    transient: ClassVar[bool] = False
    code: ClassVar[str] = "refused"

    def __init_subclass__(cls, **kwargs: object) -> None:
        super().__init_subclass__(**kwargs)
        cls.code = re.sub(r"(?<!^)(?=[A-Z])", "-", cls.__name__).lower()

    def __init__(self, detail: str, *, field: str = "", value: object = "", way_out: str = "") -> None:
        super().__init__(detail)
        self.detail = detail
        self.field = field
        self.value = str(value)
        self.way_out = way_out

    def __str__(self) -> str:
        return f"{self.detail} {self.way_out}".strip()


# Money


class AmountInvalid(Refusal):
    """Not a positive decimal with at most the currency's decimals (ISO 4217 minor unit)."""


class CurrencyNotAccepted(Refusal):
    """The corridor does not carry this currency at this place."""


class AmountOverLimit(Refusal):
    """Above what the terms allow for one transfer."""


class AmountUnderLimit(Refusal):
    """Below what the terms allow for one transfer, or nothing would be left to pay out."""


# Terms


class UnknownCorridor(Refusal):
    """No such corridor has been opened."""

    @classmethod
    def never_opened(cls, code: str) -> UnknownCorridor:
        """The refusal for a code under which nobody agreed on terms."""
        return cls(f"Corridor {code!r} was not opened.", field="corridor", value=code, way_out="Open it with its terms first.")


class UnknownParticipant(Refusal):
    """Not a participant of this corridor."""


class CorridorAlreadyOpen(Refusal):
    """A corridor is opened once; later terms amend it."""


class TermsInvalid(Refusal):
    """The terms contradict themselves or the corridor as it stands."""


class PurposeUnknown(Refusal):
    """The purpose is not one the terms list."""


class ProductUnknown(Refusal):
    """The product is not one the terms list."""


class EvidenceMissing(Refusal):
    """The purpose asks for evidence that was not named."""


class PartyFieldMissing(Refusal):
    """The terms require a field of a party that is absent (FATF Recommendation 16; corridor usage guideline)."""


class CalendarExhausted(Refusal):
    """The calendar ends before this date; the ledger refuses, it does not guess."""


# Keys


class KeyInvalid(Refusal):
    """The public key cannot be read, is not the one that was proposed, or would be valid at no sensible time."""


class KeyAlgorithmUnknown(Refusal):
    """Keys of this algorithm are not taken."""


class KeyWeak(Refusal):
    """A point of the curve under which signatures prove nothing."""


class KeyUnknown(Refusal):
    """No such key was proposed or registered."""


class KeyIdTaken(Refusal):
    """The key id stands for another key, for good."""


class PublicKeyTaken(Refusal):
    """The public key was registered or proposed before, under another id."""


class KeysOverlap(Refusal):
    """A principal has at most two keys at any instant."""


class PermissionUnknown(Refusal):
    """A key of this principal cannot be given this permission."""


class KeyStepOutOfOrder(Refusal):
    """The key does not stand where this step begins."""


# Rates and quotes


class RateMissing(Refusal):
    """No rate sheet in force gives the rate."""

    transient = True


class RateSheetInvalid(Refusal):
    """A rate sheet that contradicts itself or the corridor."""


class QuoteUnknown(Refusal):
    """No such quote."""


class QuoteExpired(Refusal):
    """The quote's time has passed."""


class QuoteAlreadyUsed(Refusal):
    """A quote serves one transfer."""


class QuoteDiffers(Refusal):
    """The transfer does not say what its quote says."""


class StatedAmountDiffers(Refusal):
    """The message's own settlement amount or rate is outside the corridor's tolerance."""


# Transfer


class TransferUnknown(Refusal):
    """No transfer has this UETR."""


class UetrAlreadyUsed(Refusal):
    """One UETR initiates at most one transfer."""


class StepOutOfOrder(Refusal):
    """The life of a transfer has no such step from where it stands."""


class TransferFrozen(Refusal):
    """Frozen by compliance: neither paid, expired nor refunded until two officers lift it."""

    transient = True


class TransferUnanswered(Refusal):
    """The partner's answer is unknown: nothing is cancelled or expired until it is resolved."""

    transient = True


class ConditionNotDue(Refusal):
    """The transfer waits for no condition, or not for this one."""


class NotYetExpired(Refusal):
    """The deadline has not passed."""

    transient = True


class ReturnExceedsPayment(Refusal):
    """The parts returned would exceed what was paid."""


class ReturnAlreadyBooked(Refusal):
    """This return id was booked before with another amount."""


class RecallUnknown(Refusal):
    """No recall with this case id is open on the transfer."""


class RecallAlreadyOpen(Refusal):
    """The case id was used before on this transfer."""


class RecallAlreadyAnswered(Refusal):
    """A recall is answered once."""


class CashProofMissing(Refusal):
    """Cash is paid only after an identity check and with the one-time code."""


# Account


class AccountUnknown(Refusal):
    """No such account."""


class AccountFrozen(Refusal):
    """A frozen account takes part in no funding, withdrawal or settlement pay-out."""

    transient = True


class AccountClosed(Refusal):
    """A closed account takes part in nothing new."""


class AccountNotEmpty(Refusal):
    """Only an account with a zero balance can be closed."""

    transient = True


class FloorReached(Refusal):
    """The booking would take the account below the floor now in force (I12)."""

    transient = True


# Officers


class RetentionRunning(Refusal):
    """The people of a transfer are kept until the terms' years after its end have passed."""

    transient = True


class SecondOfficerNeeded(Refusal):
    """Four eyes: the second word must come from another person."""


class CaseUnknown(Refusal):
    """No such compliance case."""


class CaseAlreadyDecided(Refusal):
    """A case is decided once."""


class NotPermitted(Refusal):
    """This actor may not do this."""


# Settlement, treasury, reconciliation


class CycleUnknown(Refusal):
    """No such settlement cycle."""


class NotDueInCycle(Refusal):
    """The cycle expects no such payment, or another amount."""


class MovementAlreadyBooked(Refusal):
    """The bank's reference was booked before with other data."""


class MovementUnknown(Refusal):
    """No movement has this reference."""


class MessageUnknown(Refusal):
    """No such message to the caller, or it cannot be written any more."""


class BreakUnknown(Refusal):
    """No such reconciliation break."""


class BreakStepOutOfOrder(Refusal):
    """The break does not stand where this step begins."""


class ReferenceAlreadyUsed(Refusal):
    """The reference was used before for something else."""


# Statements


class StatementUnknown(Refusal):
    """No statement is given of this account, or this date is no business day of the corridor."""


class DayNotClosed(Refusal):
    """The business day's cut-off has not passed: something may still be booked on it."""

    transient = True


# Not refusals


class Malformed(LedgerError):
    """The request cannot be read. ``field`` and ``value`` name what was wrong; nothing is kept of it."""

    def __init__(self, detail: str, *, field: str = "", value: object = "", way_out: str = "") -> None:
        super().__init__(f"{detail} {way_out}".strip())
        self.detail = detail
        self.field = field
        self.value = str(value)
        self.way_out = way_out


class KeyReused(LedgerError):
    """The idempotency key was used before for another request (I6)."""


class StillRunning(LedgerError):
    """A command with this idempotency key is being decided in this process: ask again shortly with the same key."""


class OutcomeUnknown(LedgerError):
    """The commit may or may not have happened: ask again with the same key, and exactly one of the two becomes true (I5)."""


class Unavailable(LedgerError):
    """The database, the vault or the key provider does not answer."""


class Overloaded(Unavailable):
    """Too many commands are waiting."""


class ReadTooEarly(Unavailable):
    """The projections have not reached the position or instant the read asks for: ask again shortly."""


class Misconfigured(LedgerError):
    """The process cannot start as it is set up; the message says what to change."""


class MigrationsMissing(Misconfigured):
    """The database lacks migrations; the message names the command to run."""
