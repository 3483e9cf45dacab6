"""Where an error becomes HTTP: one table from class to status and title, and one shape for all of them (RFC 9457).

The ``type`` of a problem is ``/problems/`` and the stable code of its class; ``field``, ``value`` and ``way_out`` say what was wrong
with what, and what to do; ``transient`` says whether a new attempt may pass later. What happened inside a failing service is logged,
never told.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from eventsourcing import persistence
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from api import errors as a
from ledger import errors as e
from ledger.books import GuardAfterFact
from ledger.eventstore.mapper import UnknownEvent
from ledger.fx.sheets import UnreadableRates
from ledger.iso20022 import errors as m
from ledger.privacy import errors as v
from ledger.settings import SettingsError
from reconciliation import errors as r

MEDIA_TYPE = "application/problem+json"
TYPE_PREFIX = "/problems/"


class Kind(NamedTuple):
    """What a class of error is to a client; ``retry_after`` in seconds where asking again is the way out."""

    status: int
    title: str
    retry_after: int | None = None


PROBLEMS: dict[type[e.LedgerError], Kind] = {
    e.LedgerError: Kind(500, "The service failed"),
    # Refusals: a rule of the ledger said no
    e.Refusal: Kind(409, "The command was refused"),
    e.AmountInvalid: Kind(400, "The amount is not valid"),
    e.CurrencyNotAccepted: Kind(422, "The currency is not accepted here"),
    e.AmountOverLimit: Kind(422, "The amount is over a limit"),
    e.AmountUnderLimit: Kind(422, "The amount is under a minimum"),
    e.UnknownCorridor: Kind(404, "There is no such corridor"),
    e.UnknownParticipant: Kind(422, "There is no such participant"),
    e.CorridorAlreadyOpen: Kind(409, "The corridor is open already"),
    e.TermsInvalid: Kind(422, "The terms are not valid"),
    e.PurposeUnknown: Kind(422, "The purpose is not agreed"),
    e.ProductUnknown: Kind(422, "The product is not agreed"),
    e.EvidenceMissing: Kind(422, "Evidence is missing"),
    e.PartyFieldMissing: Kind(422, "A field of a party is missing"),
    e.CalendarExhausted: Kind(409, "The calendar ends before this date"),
    e.KeyInvalid: Kind(422, "The public key is not valid"),
    e.KeyAlgorithmUnknown: Kind(422, "The algorithm is not taken"),
    e.KeyWeak: Kind(422, "The public key is weak"),
    e.KeyUnknown: Kind(404, "There is no such key"),
    e.KeyIdTaken: Kind(409, "The key id is taken"),
    e.PublicKeyTaken: Kind(409, "The public key is taken"),
    e.KeysOverlap: Kind(409, "Too many keys at once"),
    e.PermissionUnknown: Kind(422, "The permission cannot be given"),
    e.KeyStepOutOfOrder: Kind(409, "The step is out of order"),
    e.RateMissing: Kind(409, "No rate is in force"),
    e.RateSheetInvalid: Kind(422, "The rate sheet is not valid"),
    e.QuoteUnknown: Kind(404, "There is no such quote"),
    e.QuoteExpired: Kind(409, "The quote has expired"),
    e.QuoteAlreadyUsed: Kind(409, "The quote was used"),
    e.QuoteDiffers: Kind(422, "The transfer differs from its quote"),
    e.StatedAmountDiffers: Kind(422, "The stated amount is outside the tolerance"),
    e.TransferUnknown: Kind(404, "There is no such transfer"),
    e.UetrAlreadyUsed: Kind(409, "The UETR was used"),
    e.StepOutOfOrder: Kind(409, "The step is out of order"),
    e.TransferFrozen: Kind(409, "The transfer cannot go on at present"),
    e.TransferUnanswered: Kind(409, "The partner's answer is unknown"),
    e.ConditionNotDue: Kind(409, "No such condition is waited for"),
    e.NotYetExpired: Kind(409, "The deadline has not passed"),
    e.ReturnExceedsPayment: Kind(422, "The return exceeds the payment"),
    e.ReturnAlreadyBooked: Kind(409, "The return was booked with another amount"),
    e.RecallUnknown: Kind(404, "There is no such recall"),
    e.RecallAlreadyOpen: Kind(409, "The recall exists already"),
    e.RecallAlreadyAnswered: Kind(409, "The recall was answered"),
    e.CashProofMissing: Kind(422, "The proof for cash is missing"),
    e.AccountUnknown: Kind(404, "There is no such account"),
    e.AccountFrozen: Kind(409, "The account is frozen"),
    e.AccountClosed: Kind(409, "The account is closed"),
    e.AccountNotEmpty: Kind(409, "The account is not empty"),
    e.FloorReached: Kind(409, "The account's floor is reached"),
    e.RetentionRunning: Kind(409, "The retention has not ended"),
    e.SecondOfficerNeeded: Kind(403, "Another person is needed"),
    e.CaseUnknown: Kind(404, "There is no such case"),
    e.CaseAlreadyDecided: Kind(409, "The case was decided"),
    e.NotPermitted: Kind(403, "Not permitted"),
    e.CycleUnknown: Kind(404, "There is no such settlement cycle"),
    e.NotDueInCycle: Kind(409, "The cycle expects no such payment"),
    e.MovementAlreadyBooked: Kind(409, "The movement was booked with other data"),
    e.MovementUnknown: Kind(404, "There is no such movement"),
    e.MessageUnknown: Kind(404, "There is no such message"),
    e.BreakUnknown: Kind(404, "There is no such break"),
    e.BreakStepOutOfOrder: Kind(409, "The step is out of order"),
    e.ReferenceAlreadyUsed: Kind(409, "The reference was used"),
    e.StatementUnknown: Kind(404, "There is no such statement"),
    e.DayNotClosed: Kind(409, "The day has not closed"),
    # Requests that were not understood
    a.RequestError: Kind(400, "The request cannot be taken"),
    a.Unauthenticated: Kind(401, "The request is not authenticated"),
    a.SignatureMissing: Kind(401, "The request is not signed"),
    a.SignatureMalformed: Kind(401, "The signature cannot be read"),
    a.SignatureTagWrong: Kind(401, "The signature is not for this service"),
    a.SignatureIncomplete: Kind(401, "The signature leaves something out"),
    a.SignatureCoversMore: Kind(401, "The signature covers too much"),
    a.SignatureAlgorithmWrong: Kind(401, "The algorithm is not the key's"),
    a.SigningKeyUnknown: Kind(401, "The signing key is not known"),
    a.SigningKeyRevoked: Kind(401, "The signing key was taken back"),
    a.SigningKeyNotInForce: Kind(401, "The signing key is not in force"),
    a.SignatureTooOld: Kind(401, "The signature is too old"),
    a.SignatureFromTheFuture: Kind(401, "The signature is from the future"),
    a.SignatureWrong: Kind(401, "The signature is wrong"),
    a.NonceReused: Kind(401, "The request was sent before"),
    a.DigestWrong: Kind(401, "The digest is not that of the body"),
    a.ProxyAvoided: Kind(401, "The request did not come through the proxy"),
    a.ClientCertificateMissing: Kind(401, "There is no client certificate"),
    a.ClientCertificateMalformed: Kind(401, "The client certificate cannot be read"),
    a.ClientCertificateNotInForce: Kind(401, "The client certificate is not in force"),
    a.ClientCertificateForeign: Kind(401, "The client certificate is another's"),
    a.NotSignedIn: Kind(401, "Nobody is signed in"),
    a.SignInRefused: Kind(403, "The sign-in was refused"),
    a.StepUpNeeded: Kind(403, "A fresh sign-in is needed"),
    a.DecidedElsewhere: Kind(403, "Not from here, or not now"),
    a.OriginForeign: Kind(403, "The request comes from elsewhere"),
    a.CsrfTokenWrong: Kind(403, "The request lacks its session's token"),
    a.IdentityProviderDown: Kind(503, "Nobody can sign in at present", retry_after=10),
    a.KeyNotPermitted: Kind(403, "The key may not be used for this"),
    a.RequestInvalid: Kind(400, "A field of the request is not valid"),
    a.IdempotencyKeyMissing: Kind(400, "The idempotency key is missing"),
    a.IdempotencyKeyMalformed: Kind(400, "The idempotency key is not valid"),
    a.RouteUnknown: Kind(404, "There is nothing here"),
    a.ReportUnknown: Kind(404, "There is no such report"),
    a.MethodNotAllowed: Kind(405, "The method is not allowed"),
    a.AnswerNotAcceptable: Kind(406, "The answer cannot be given in this form"),
    a.BodyTooLarge: Kind(413, "The body is too large"),
    a.ContentTypeWrong: Kind(415, "The content type is not taken"),
    a.RequestTooSlow: Kind(408, "The body came too slowly"),
    a.TooManyRequests: Kind(429, "Too many requests", retry_after=1),
    a.TooFastForAPerson: Kind(429, "Faster than a person decides", retry_after=5),
    a.ShareTaken: Kind(429, "Your share of commands at once is taken", retry_after=1),
    e.Malformed: Kind(400, "The request cannot be read"),
    UnreadableRates: Kind(400, "The rates cannot be read"),
    m.UnreadableMessage: Kind(400, "The message cannot be read"),
    m.ChecksumWrong: Kind(400, "The checksum is wrong"),
    m.NotXml: Kind(400, "The message is not XML"),
    m.TruncatedMessage: Kind(400, "The message ends too early"),
    m.ForbiddenDoctype: Kind(400, "The message declares a document type"),
    m.TooLarge: Kind(413, "The message is too large"),
    m.TooDeep: Kind(400, "The message is nested too deep"),
    m.WrongMessage: Kind(400, "This is another message"),
    m.DocumentMissing: Kind(400, "The message has no document"),
    m.SeveralDocuments: Kind(400, "The message has several documents"),
    m.WrongNamespace: Kind(400, "The message is in another namespace"),
    m.UnexpectedMessage: Kind(400, "Another message is taken here"),
    m.UnsupportedVersion: Kind(400, "The version of the message is not read"),
    m.HeaderContradictsDocument: Kind(400, "Header and document differ"),
    m.WrongStructure: Kind(400, "The message lacks what holds it together"),
    m.ElementMissing: Kind(400, "An element is missing"),
    m.ElementRepeated: Kind(400, "An element is repeated"),
    m.ValueInvalid: Kind(400, "A value is not valid"),
    m.FileContradictsItself: Kind(400, "The file contradicts itself"),
    m.TransferCountWrong: Kind(400, "The count of transfers is wrong"),
    m.ControlSumWrong: Kind(400, "The control sum is wrong"),
    m.UnreliableStatement: Kind(400, "The statement is not reliable"),
    m.BalanceMissing: Kind(400, "A balance is missing"),
    m.StatementCurrencyMixed: Kind(400, "The statement mixes currencies"),
    m.StatementDoesNotAddUp: Kind(400, "The statement does not add up"),
    m.StatementTotalsWrong: Kind(400, "The statement's totals are wrong"),
    m.EntryRepeated: Kind(400, "An entry is repeated"),
    m.StatementRepeated: Kind(400, "A statement is repeated"),
    r.StatementCsvInvalid: Kind(400, "The statement is not the documented CSV"),
    r.StatementMt940Invalid: Kind(400, "The statement is not MT940"),
    r.StatementAccountUnknown: Kind(400, "The statement belongs to no account here"),
    r.StatementAccountDiffers: Kind(400, "The statement is in another currency"),
    r.StatementChanged: Kind(409, "The statement came before with another content"),
    r.StatementPagesMissing: Kind(400, "Pages of the statement are missing"),
    # Idempotency
    e.KeyReused: Kind(422, "The idempotency key was used for another request"),
    e.StillRunning: Kind(409, "The command is being decided", retry_after=1),
    e.OutcomeUnknown: Kind(503, "The outcome is unknown", retry_after=1),
    # The vault
    v.VaultError: Kind(500, "The service failed"),
    v.SubjectUnknown: Kind(404, "There is no such person"),
    v.SubjectErased: Kind(410, "The person was erased"),
    v.SubjectTaken: Kind(500, "The service failed"),
    v.RecordAltered: Kind(500, "The service failed"),
    v.RecordUnfit: Kind(400, "The record cannot be stored"),
    # The service itself
    e.Unavailable: Kind(503, "The service is not available", retry_after=5),
    e.Overloaded: Kind(503, "The service is overloaded", retry_after=1),
    e.ReadTooEarly: Kind(503, "What can be read is not that far yet", retry_after=1),
    v.KeyProviderDown: Kind(503, "The service is not available", retry_after=5),
    v.VaultDown: Kind(503, "The service is not available", retry_after=5),
    e.Misconfigured: Kind(500, "The service failed"),
    e.MigrationsMissing: Kind(500, "The service failed"),
    SettingsError: Kind(500, "The service failed"),
    v.KeyFileUnusable: Kind(500, "The service failed"),
    v.KeyFileExposed: Kind(500, "The service failed"),
    v.WrongMasterKey: Kind(500, "The service failed"),
    GuardAfterFact: Kind(500, "The service failed"),
    UnknownEvent: Kind(500, "The service failed"),
}

# What is said of classes whose own message is for the operator's log, or that carry no way out of their own.
WORDS: dict[str, tuple[str, str]] = {
    "service-failed": ("The service failed at this request.", "Report the instant to the operator; repeat a command only with its key."),
    "unavailable": ("The service cannot answer at present.", "Try again shortly, a command with the same idempotency key."),
    "identity-provider-down": ("The identity provider does not answer.", "Try again shortly; if it lasts, tell the operator."),
    "overloaded": ("Too many commands are waiting.", "Try again shortly with the same idempotency key."),
    "read-too-early": (
        "What can be read has not come as far as the position or instant asked for.",
        "Ask again shortly, or without a position.",
    ),
    "outcome-unknown": (
        "Whether the command was done is not known.",
        "Repeat it with the same idempotency key: the answer then says what became of it.",
    ),
    "still-running": ("A command with this idempotency key is being decided.", "Ask again shortly with the same key."),
    "key-reused": ("The idempotency key was used for another request.", "Use a new key for a new request."),
    "subject-unknown": ("The vault holds no such person.", "Check the id."),
    "subject-erased": ("The person's data was erased.", "It cannot be read again."),
    "record-unfit": ("The record cannot be stored as it is.", "Check the fields of the parties."),
}

UNAUTHENTICATED = {
    "WWW-Authenticate": 'Signature realm="corridor"',
    # RFC 9421 §5.1: what a signature for a command has to cover; a read covers the first two.
    "Accept-Signature": 'corridor=("@method" "@target-uri" "content-type" "content-digest" "idempotency-key");'
    'created;keyid;nonce;tag="corridor"',
}


class Problem(BaseModel):
    """A problem as it goes out. Fields with nothing to say are left out."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "type": "/problems/step-out-of-order",
                    "title": "The step is out of order",
                    "status": 409,
                    "detail": "Cannot pay 9f6f1e06-2f5e-4c43-8f2b-1f7c2f0a9c11: it is refunded.",
                    "instance": "urn:uuid:1d7e9f2c-40e5-5a0e-9f0b-7b7b8f6ad0a4",
                    "field": "state",
                    "value": "refunded",
                    "way_out": "This step follows dispatched or accepted.",
                    "transient": False,
                    "position": 1208,
                }
            ]
        },
    )

    type: str = Field(description="A relative reference, stable for one kind of problem.")
    title: str = Field(description="The kind of problem in a few words, the same for each occurrence.")
    status: int = Field(description="The HTTP status.")
    detail: str = Field(description="This occurrence in a sentence. Never personal.")
    instance: str | None = Field(default=None, description="The refused command, as a URN.")
    field: str | None = Field(default=None, description="What was wrong, where one field was.")
    value: str | None = Field(default=None, description="The value it had, where it may be repeated.")
    way_out: str | None = Field(default=None, description="What to do.")
    transient: bool = Field(description="Whether a new attempt may pass later (a refused command under a new idempotency key).")
    position: int | None = Field(default=None, description="The log position at which the ledger refused.")


def code_of(error_class: type[e.LedgerError]) -> str:
    """The stable public code of a class of error: ``StepOutOfOrder`` is ``step-out-of-order``."""
    return re.sub(r"(?<!^)(?=[A-Z])", "-", error_class.__name__).lower()


_KINDS_BY_CODE = {code_of(error_class): kind for error_class, kind in PROBLEMS.items()}


def kind_of(error_class: type[BaseException]) -> tuple[str, Kind]:
    """(code, kind) of the nearest class that the table names. Everything that failed inside has one code."""
    for base in error_class.__mro__:
        if base in PROBLEMS:
            kind = PROBLEMS[base]
            if kind.status == 500:
                break
            return code_of(base), kind
    return "service-failed", PROBLEMS[e.LedgerError]


def problem_of(error: Exception) -> tuple[Problem, Kind]:
    """The problem that an error is, and its kind."""
    if isinstance(error, persistence.OperationalError | persistence.InterfaceError):
        error = e.Unavailable()
    code, kind = kind_of(type(error))
    said = WORDS.get("unavailable" if kind.status == 503 and code not in WORDS else code)
    if said is None or isinstance(error, a.RequestError | e.Malformed | e.Refusal):
        detail, way_out = getattr(error, "detail", str(error)), getattr(error, "way_out", "")
    else:
        detail, way_out = said
    return Problem(
        type=TYPE_PREFIX + code,
        title=kind.title,
        status=kind.status,
        detail=_sendable(detail),
        field=getattr(error, "field", "") or None,
        value=_sendable(getattr(error, "value", "")) or None,
        way_out=way_out or None,
        transient=getattr(error, "transient", kind.retry_after is not None),
    ), kind


def _sendable(text: str) -> str:
    """JSON can carry half a surrogate pair in, UTF-8 cannot carry it out."""
    return text.encode("utf-8", "backslashreplace").decode()


def refusal_problem(refusal: Mapping[str, Any], *, position: int, instance: str) -> Problem:
    """The problem that a stored refusal is; the same each time it is replayed."""
    kind = _KINDS_BY_CODE.get(refusal["code"], PROBLEMS[e.Refusal])
    return Problem(
        type=TYPE_PREFIX + refusal["code"],
        title=kind.title,
        status=kind.status,
        detail=refusal["detail"],
        instance=instance,
        field=refusal["field"] or None,
        value=refusal["value"] or None,
        way_out=refusal["way_out"] or None,
        transient=refusal["transient"],
        position=position,
    )


def answer_with(problem: Problem, headers: Mapping[str, str] | None = None) -> Response:
    """The response that carries a problem."""
    return Response(
        problem.model_dump_json(exclude_none=True), status_code=problem.status, media_type=MEDIA_TYPE, headers=dict(headers or {})
    )


def respond(error: Exception, headers: Mapping[str, str] | None = None) -> Response:
    """The response to an error that was raised."""
    problem, kind = problem_of(error)
    extra = dict(headers or {})
    if kind.retry_after is not None:
        extra["Retry-After"] = str(kind.retry_after)
    if kind.status == 401:
        extra |= UNAUTHENTICATED
    return answer_with(problem, extra)
