"""What a bank of the corridor can ask, each once for both clients: ``quote`` answers at once on one, and can be awaited on the other.

Commands of officers, operators and the settlement bank are not among them; `command` makes any of them.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from functools import wraps
from typing import TYPE_CHECKING, Any, Generic, ParamSpec, TypeVar, overload

from api.corridor_client import questions as q
from api.corridor_client.asked import Asked

if TYPE_CHECKING:
    from api.corridor_client.clients import AsyncCorridorClient, CorridorClient

P = ParamSpec("P")
T = TypeVar("T")


class Operation(Generic[P, T]):
    """A function that makes a question, as a method that asks it."""

    def __init__(self, question: Callable[P, Asked[T]]) -> None:
        self.question = question
        self.__doc__ = question.__doc__

    @overload
    def __get__(self, client: None, owner: type) -> Operation[P, T]: ...
    @overload
    def __get__(self, client: CorridorClient, owner: type) -> Callable[P, T]: ...
    @overload
    def __get__(self, client: AsyncCorridorClient, owner: type) -> Callable[P, Coroutine[Any, Any, T]]: ...
    def __get__(self, client: Any, owner: type) -> Any:
        if client is None:
            return self

        @wraps(self.question)
        def ask(*args: P.args, **kwargs: P.kwargs) -> Any:
            return client.ask(self.question(*args, **kwargs))

        return ask


class Operations:
    """The methods of both clients."""

    # As debtor agent
    quote = Operation(q.quote)
    send_transfer = Operation(q.send_transfer)
    send_file = Operation(q.send_file)
    send_file_for_pacs002 = Operation(q.send_file_for_pacs002)
    fund = Operation(q.fund)
    cancel = Operation(q.cancel)
    recall = Operation(q.recall)
    # As creditor agent
    accept = Operation(q.accept)
    pay = Operation(q.pay)
    refuse = Operation(q.refuse)
    return_part = Operation(q.return_part)
    answer_recall = Operation(q.answer_recall)
    meet_condition = Operation(q.meet_condition)
    resolve_unknown = Operation(q.resolve_unknown)
    # Its treasury and its rates
    withdraw = Operation(q.withdraw)
    report_movement = Operation(q.report_movement)
    publish_rate_sheet = Operation(q.publish_rate_sheet)
    # What it may read
    shown_quote = Operation(q.shown_quote)
    transfer = Operation(q.transfer)
    transfers = Operation(q.transfers)
    trail = Operation(q.trail)
    feed_page = Operation(q.feed_page)
    messages_page = Operation(q.messages_page)
    message = Operation(q.message)
    accounts = Operation(q.accounts)
    account = Operation(q.account)
    lines = Operation(q.lines)
    statement = Operation(q.statement)
    shown_statement = Operation(q.shown_statement)
    notification = Operation(q.notification)
    shown_notification = Operation(q.shown_notification)
    positions = Operation(q.positions)
    in_flight = Operation(q.in_flight)
    movements = Operation(q.movements)
    cycles = Operation(q.cycles)
    cycle = Operation(q.cycle)
    breaks = Operation(q.breaks)
    shown_break = Operation(q.shown_break)
    terms = Operation(q.terms)
    rate_sheets = Operation(q.rate_sheets)
