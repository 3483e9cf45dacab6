"""The worker: fills the queue from the feeds and delivers what is due, until it is told to stop."""

from __future__ import annotations

import asyncio
import logging
from functools import partial
from threading import Event

import httpx

from api.service_key import read_service_key
from api.signing import RequestSigner
from api.webhooks.destinations import Destinations, read_destinations
from api.webhooks.post import client, post
from api.webhooks.queue import Delivery, Queue, Reader
from ledger.bootstrap import Service
from ledger.clock import Clock
from ledger.errors import LedgerError, Misconfigured

logger = logging.getLogger(__name__)

TAG = "corridor-webhook"
"""What a webhook's signature is made for: it is no request to this service, and no answer of it."""
AT_ONCE = 16
LOOK_EVERY_SECONDS = 1.0


class Worker:
    """Delivers to these destinations. Any number of workers, in any number of processes, may share one queue."""

    def __init__(self, queue: Queue, destinations: Destinations, auth: httpx.Auth, clock: Clock, *, verify: bool | str = True) -> None:
        self._queue = queue
        self._destinations = {destination.reader: destination.url for destination in destinations.destination}
        self._any_address = destinations.for_tests
        self._auth = auth
        self._clock = clock
        self._verify = verify

    @property
    def corridors(self) -> frozenset[str]:
        """Whose feeds it reads."""
        return frozenset(reader.corridor for reader in self._destinations)

    def run(self, stop: Event) -> None:
        """Goes on until ``stop`` is set. What the database or a bank does wrong is logged and tried again."""
        while not stop.is_set():
            try:
                taken = self.run_once()
            except Exception as error:
                # The words of a database error may repeat values.
                logger.error("webhooks wait: %s", error if isinstance(error, LedgerError) else type(error).__name__)
                taken = 0
            if not taken:
                stop.wait(LOOK_EVERY_SECONDS)

    def run_once(self) -> int:
        """Delivers all that is due now, old and new; how many entries were taken by their banks."""
        return asyncio.run(self._run_once())

    async def _run_once(self) -> int:
        readers = list(self._destinations)
        await asyncio.to_thread(self._queue.begin, readers)
        await asyncio.to_thread(self._queue.fill, readers, self._clock())
        await asyncio.to_thread(self._queue.forget, self._clock())
        claimed, taken = await self._claim(), 0
        if not claimed:
            return 0
        async with client(self._auth, any_address=self._any_address, verify=self._verify) as http:
            while claimed:
                taken += sum(await asyncio.gather(*(self._deliver(http, delivery) for delivery in claimed)))
                claimed = await self._claim()
        return taken

    async def _claim(self) -> list[Delivery]:
        return await asyncio.to_thread(self._queue.claim, list(self._destinations), self._clock(), AT_ONCE)

    async def _deliver(self, http: httpx.AsyncClient, delivery: Delivery) -> bool:
        url = self._destinations[Reader(delivery.corridor, delivery.participant)]
        outcome = await post(http, url, delivery)
        now = self._clock()
        if outcome.taken:
            assert outcome.status is not None
            await asyncio.to_thread(self._queue.delivered, delivery, outcome.status, now)
            return True
        again = await asyncio.to_thread(
            partial(self._queue.failed, delivery, now, status=outcome.status, error=outcome.error, wait_at_least=outcome.wait_at_least)
        )
        logger.warning("webhook %s attempt %d: %s%s", delivery.name, delivery.attempts, outcome.error, "" if again else "; given up")
        return False


def worker_of(service: Service) -> Worker:
    """The worker for the destinations and the key of a service's settings. Raises Misconfigured."""
    configured = service.settings
    if configured.webhooks_file is None:
        raise Misconfigured("CORRIDOR_WEBHOOKS_FILE is not set. Name the file of destinations; docs/guides/webhooks.md shows one.")
    destinations = read_destinations(configured.webhooks_file, production=configured.production)
    key = read_service_key(configured)
    signer = RequestSigner(key.key_id, key.private_key, clock=service.clock, tag=TAG)
    return Worker(Queue(service.pool), destinations, signer, service.clock)
