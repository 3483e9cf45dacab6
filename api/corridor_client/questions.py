"""Each operation as a question: which path, which body, which answer.

``key`` is the idempotency key, chosen and stored before the first attempt. Reads take ``at_least``, a log position that they have to
reach, such as the one a command was answered with; where balances are read, ``as_of`` is a position or an instant (RFC 3339). Lists come
in pages: ``cursor`` is the ``next`` of the page before.
"""

from __future__ import annotations

from datetime import date
from typing import Literal
from uuid import UUID

from api.corridor_client.asked import XML, Asked, command, command_bytes, model_reader, path_of, read, read_bytes
from api.schemas.accounts import AccountLines, Accounts, AccountShown, MoneyInFlight, Positions
from api.schemas.agreements import RateSheets, SheetPublished, TermsShown
from api.schemas.breaks import BreakPage, BreakShown
from api.schemas.cycles import CyclePage, CycleShown
from api.schemas.feed import FeedPage
from api.schemas.messages import FileAnswer
from api.schemas.movement_views import MovementPage
from api.schemas.outbox import OutgoingPage
from api.schemas.parts import CommandBody
from api.schemas.quotes import QuoteBody, QuoteGiven, QuoteShown
from api.schemas.statements import BookedShown, StatementShown
from api.schemas.transfer_views import Trail, TransferPage, TransferShown
from api.schemas.transfers import (
    ConditionMetBody,
    PayBody,
    RecallAnswerBody,
    RecallBody,
    RefuseBody,
    ResolveUnknownBody,
    ReturnBody,
    TransferBody,
    TransferInitiated,
    TransferMoved,
    TransferState,
)
from api.schemas.treasury import CashMovementBody, MovementBody, MovementBooked

_NO_MORE = CommandBody()


def quote(body: QuoteBody, *, key: str) -> Asked[QuoteGiven]:
    """Locks both rates and all amounts for one transfer, for a while."""
    return command("/quotes", body, QuoteGiven, key=key)


def send_transfer(body: TransferBody, *, key: str) -> Asked[TransferInitiated]:
    """Sends a transfer. The caller is the debtor agent and holds the money."""
    return command("/transfers", body, TransferInitiated, key=key)


def send_file(pacs008: bytes, *, key: str) -> Asked[FileAnswer]:
    """Sends a pacs.008; each of its transfers is taken or turned away by itself."""
    return command_bytes("/messages", pacs008, model_reader(FileAnswer), key=key, content_type=XML)


def send_file_for_pacs002(pacs008: bytes, *, key: str) -> Asked[bytes]:
    """Sends a pacs.008 and gets the pacs.002 that answers it, as bytes."""
    return command_bytes("/messages", pacs008, bytes, key=key, content_type=XML, accept=f"{XML}, application/problem+json")


def fund(uetr: UUID, body: CommandBody = _NO_MORE, *, key: str) -> Asked[TransferMoved]:
    """A cleared transfer that found no room under a floor tries again."""
    return command(path_of("/transfers/{}/fund", uetr), body, TransferMoved, key=key)


def cancel(uetr: UUID, body: CommandBody = _NO_MORE, *, key: str) -> Asked[TransferMoved]:
    """Takes a transfer back before it was sent onward."""
    return command(path_of("/transfers/{}/cancel", uetr), body, TransferMoved, key=key)


def recall(uetr: UUID, body: RecallBody, *, key: str) -> Asked[TransferMoved]:
    """Asks the creditor agent for the money back."""
    return command(path_of("/transfers/{}/recalls", uetr), body, TransferMoved, key=key)


def accept(uetr: UUID, body: CommandBody = _NO_MORE, *, key: str) -> Asked[TransferMoved]:
    """The creditor agent will pay."""
    return command(path_of("/transfers/{}/accept", uetr), body, TransferMoved, key=key)


def pay(uetr: UUID, body: PayBody | None = None, *, key: str) -> Asked[TransferMoved]:
    """The creditor has the money. Hand cash over only after this was answered."""
    return command(path_of("/transfers/{}/pay", uetr), body or PayBody(), TransferMoved, key=key)


def refuse(uetr: UUID, body: RefuseBody, *, key: str) -> Asked[TransferMoved]:
    """The creditor agent will not pay."""
    return command(path_of("/transfers/{}/refuse", uetr), body, TransferMoved, key=key)


def return_part(uetr: UUID, body: ReturnBody, *, key: str) -> Asked[TransferMoved]:
    """A part of what was paid, or all of it, comes back."""
    return command(path_of("/transfers/{}/return", uetr), body, TransferMoved, key=key)


def answer_recall(uetr: UUID, recalled: str, body: RecallAnswerBody, *, key: str) -> Asked[TransferMoved]:
    """The creditor agent's answer to the recall with this case id."""
    return command(path_of("/transfers/{}/recalls/{}/answer", uetr, recalled), body, TransferMoved, key=key)


def meet_condition(uetr: UUID, body: ConditionMetBody, *, key: str) -> Asked[TransferMoved]:
    """What the transfer waited for has happened."""
    return command(path_of("/transfers/{}/condition", uetr), body, TransferMoved, key=key)


def resolve_unknown(uetr: UUID, body: ResolveUnknownBody, *, key: str) -> Asked[TransferMoved]:
    """The creditor agent says at last what became of a transfer it was silent on."""
    return command(path_of("/transfers/{}/resolve-unknown", uetr), body, TransferMoved, key=key)


def withdraw(body: MovementBody, *, key: str) -> Asked[MovementBooked]:
    """Takes part of the caller's position back."""
    return command("/withdrawals", body, MovementBooked, key=key)


def report_movement(body: CashMovementBody, *, key: str) -> Asked[MovementBooked]:
    """The caller's treasury reports float, cover or fees taken."""
    return command("/treasury-movements", body, MovementBooked, key=key)


def publish_rate_sheet(published: bytes, *, key: str, source: str | None = None) -> Asked[SheetPublished]:
    """Publishes rates as JSON in the shape of Bank Al-Maghrib; ``source`` says who fixed them."""
    params = () if source is None else (("source", source),)
    return command_bytes("/rate-sheets", published, model_reader(SheetPublished), key=key, params=params)


def shown_quote(quote_id: UUID, *, at_least: int | None = None) -> Asked[QuoteShown]:
    """A quote, and which transfer used it."""
    return read(path_of("/quotes/{}", quote_id), QuoteShown, at_least=at_least)


def transfer(uetr: UUID, *, at_least: int | None = None) -> Asked[TransferShown]:
    """Where a transfer stands, what it costs and becomes."""
    return read(path_of("/transfers/{}", uetr), TransferShown, at_least=at_least)


def transfers(
    *states: TransferState,
    order: Literal["oldest", "newest"] | None = None,
    cursor: str | None = None,
    limit: int | None = None,
    at_least: int | None = None,
) -> Asked[TransferPage]:
    """A page of the caller's transfers, in any of these states."""
    return read("/transfers", TransferPage, state=states, order=order, cursor=cursor, limit=limit, at_least=at_least)


def trail(uetr: UUID, *, at_least: int | None = None) -> Asked[Trail]:
    """Every event about a transfer."""
    return read(path_of("/transfers/{}/trail", uetr), Trail, at_least=at_least)


def feed_page(*, after: int = 0, limit: int | None = None, at_least: int | None = None) -> Asked[FeedPage]:
    """What happened to the caller's transfers after a position."""
    return read("/feed", FeedPage, after=after, limit=limit, at_least=at_least)


def messages_page(*, after: int = 0, limit: int | None = None, at_least: int | None = None) -> Asked[OutgoingPage]:
    """The messages of the corridor to the caller after a position."""
    return read("/messages", OutgoingPage, after=after, limit=limit, at_least=at_least)


def message(position: int, index: int, *, at_least: int | None = None) -> Asked[bytes]:
    """One message of the corridor to the caller, as bytes."""
    return read_bytes(path_of("/messages/{}/{}", position, index), accept=XML, at_least=at_least)


def accounts(*, as_of: int | str | None = None, at_least: int | None = None) -> Asked[Accounts]:
    """The accounts the caller may see, all at one boundary."""
    return read("/accounts", Accounts, as_of=as_of, at_least=at_least)


def account(name: str, *, as_of: int | str | None = None, at_least: int | None = None) -> Asked[AccountShown]:
    """One account, such as ``abb:position:USD``."""
    return read(path_of("/accounts/{}", name), AccountShown, as_of=as_of, at_least=at_least)


def lines(
    name: str, *, as_of: int | str | None = None, cursor: str | None = None, limit: int | None = None, at_least: int | None = None
) -> Asked[AccountLines]:
    """A page of an account's lines, in log order."""
    return read(path_of("/accounts/{}/lines", name), AccountLines, as_of=as_of, cursor=cursor, limit=limit, at_least=at_least)


def statement(account: str, day: date, *, as_csv: bool = False) -> Asked[bytes]:
    """The statement of the caller's position account for a closed business day, as camt.053 or CSV."""
    return read_bytes(path_of("/accounts/{}/statements/{}", account, day.isoformat()), accept="text/csv" if as_csv else XML)


def shown_statement(account: str, day: date) -> Asked[StatementShown]:
    """The same statement, line by line."""
    return read(path_of("/accounts/{}/statements/{}", account, day.isoformat()), StatementShown)


def notification(account: str, *, after: int = 0, until: int | None = None, at_least: int | None = None) -> Asked[bytes]:
    """What was booked on the caller's position account after a position, as camt.054."""
    return read_bytes(path_of("/accounts/{}/notification", account), accept=XML, after=after, until=until, at_least=at_least)


def shown_notification(account: str, *, after: int = 0, until: int | None = None, at_least: int | None = None) -> Asked[BookedShown]:
    """The same entries, line by line; the next ones come after its ``position``."""
    return read(path_of("/accounts/{}/notification", account), BookedShown, after=after, until=until, at_least=at_least)


def positions(*, as_of: int | str | None = None, at_least: int | None = None) -> Asked[Positions]:
    """What the corridor owes each participant that the caller may see."""
    return read("/positions", Positions, as_of=as_of, at_least=at_least)


def in_flight(*, at_least: int | None = None) -> Asked[MoneyInFlight]:
    """Customers' money between funding and payout."""
    return read("/in-flight", MoneyInFlight, at_least=at_least)


def movements(*, cursor: str | None = None, limit: int | None = None, at_least: int | None = None) -> Asked[MovementPage]:
    """A page of the caller's prefunds, withdrawals, charges and treasury reports."""
    return read("/movements", MovementPage, cursor=cursor, limit=limit, at_least=at_least)


def cycles(*, cursor: str | None = None, limit: int | None = None, at_least: int | None = None) -> Asked[CyclePage]:
    """A page of settlement cycles."""
    return read("/cycles", CyclePage, cursor=cursor, limit=limit, at_least=at_least)


def cycle(number: int, *, at_least: int | None = None) -> Asked[CycleShown]:
    """One settlement cycle: what is due and what was confirmed."""
    return read(path_of("/cycles/{}", number), CycleShown, at_least=at_least)


def breaks(*, only_open: bool = True, cursor: str | None = None, limit: int | None = None, at_least: int | None = None) -> Asked[BreakPage]:
    """A page of differences between statements and ledger."""
    return read("/breaks", BreakPage, only_open=only_open, cursor=cursor, limit=limit, at_least=at_least)


def shown_break(break_id: str, *, at_least: int | None = None) -> Asked[BreakShown]:
    """One difference, and what was decided about it."""
    return read(path_of("/breaks/{}", break_id), BreakShown, at_least=at_least)


def terms(*, at_least: int | None = None) -> Asked[TermsShown]:
    """All that the two banks agreed."""
    return read("/terms", TermsShown, at_least=at_least)


def rate_sheets(*, participant: str | None = None, in_force: bool = True, at_least: int | None = None) -> Asked[RateSheets]:
    """Rate sheets of both banks."""
    return read("/rate-sheets", RateSheets, participant=participant, in_force=in_force, at_least=at_least)
