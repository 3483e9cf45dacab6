"""Where transfer orders wait to be taken in: all that come while one group goes into the vault go there next, in one transaction."""

from __future__ import annotations

from collections.abc import Sequence

from api.gathering import Gathering
from ledger.application import Ledger
from ledger.batching import Answer, Request
from ledger.bootstrap import Service
from ledger.domain import ids
from ledger.intake import Received

Taken = Request | Answer
"""A request to be decided, or the answer that its key was given before."""

GROUPS_AT_ONCE = 2
"""While one group waits for the database the next is sealed."""


class Reception:
    """Takes in the orders of all corridors. One for each event loop; close it when done."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._gathering: Gathering[tuple[str, Received], Taken] = Gathering("intake", self._take_in, groups_at_once=GROUPS_AT_ONCE)

    async def take_in(self, corridor: str, received: Received) -> Taken:
        """Stores an order's parties. Raises KeyReused, Malformed, RecordUnfit, VaultDown, KeyProviderDown."""
        return await self._gathering.ask((corridor, received))

    def close(self) -> None:
        """Finishes what is in hand."""
        self._gathering.close()

    def _take_in(self, group: Sequence[tuple[str, Received]]) -> list[Taken | Exception]:
        by_corridor: dict[str, list[Received]] = {}
        for corridor, received in group:
            by_corridor.setdefault(corridor, []).append(received)
        taken = {corridor: iter(self._taken_of(corridor, orders)) for corridor, orders in by_corridor.items()}
        return [next(taken[corridor]) for corridor, _ in group]

    def _taken_of(self, corridor: str, orders: Sequence[Received]) -> list[Taken | Exception]:
        """The receipts are looked up first, all in one trip: who repeats a request must not leave a second person in the vault."""
        ledger = self._service.ledger(corridor)
        digests = [ids.receipt_digest(order.actor, order.idempotency_key) for order in orders]
        answered = ledger.log_store.receipts(digests)
        new = [order for order, digest in zip(orders, digests, strict=True) if digest not in answered]
        prepared = iter(self._service.intake(corridor).prepare_all(new))
        return [_replayed(ledger, order) if digest in answered else next(prepared) for order, digest in zip(orders, digests, strict=True)]


def _replayed(ledger: Ledger, order: Received) -> Answer | Exception:
    """The stored answer, as durable as a commit of its own would make it, if it was given to this very request."""
    try:
        answer = ledger.replay(order.actor, order.idempotency_key, order.asked)
    except Exception as error:
        return error
    assert answer is not None
    return answer
