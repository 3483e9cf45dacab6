"""One corridor's ledger: the library's application on our event store, with the batcher in front of it."""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from concurrent.futures import Future
from functools import partial
from typing import NamedTuple, cast
from uuid import UUID

from eventsourcing.application import Application
from eventsourcing.persistence import Mapper

from ledger.batching import Answer, Answered, Batcher, Request, decode_answer
from ledger.clock import Clock
from ledger.commands import Command
from ledger.domain import ids
from ledger.domain.corridor import Corridor
from ledger.domain.signing_keys import SigningKeys
from ledger.domain.terms import Terms
from ledger.errors import KeyReused, UnknownCorridor
from ledger.eventstore.factory import CorridorFactory
from ledger.eventstore.log import Log
from ledger.eventstore.mapper import EventMapper
from ledger.eventstore.records import Receipt
from ledger.evidence import BodyCipher, SignedRequest
from ledger.meter import Meter
from ledger.privacy.fingerprints import fingerprint, matches
from ledger.privacy.vault import Vault
from ledger.tracing import followed, span, tracer


class Asked(NamedTuple):
    """The request behind a command, as it came: what its fingerprint is made of; and, where it was signed, the evidence of that."""

    method: str
    path: str
    body: bytes
    signed: SignedRequest | None = None

    @classmethod
    def internally(cls, command: Command) -> Asked:
        """For commands of our own jobs, which come from no wire: the command itself."""
        return cls("COMMAND", type(command).__name__, command.model_dump_json().encode())

    def fingerprint(self, key: bytes) -> bytes:
        """Stands for method, path and body in a receipt."""
        return fingerprint(key, self.method, self.path, self.body)

    def matches(self, stored: bytes, key: bytes) -> bool:
        """Whether this is the request that a fingerprint was made of."""
        return matches(stored, key, self.method, self.path, self.body)


class Ledger(Application[UUID]):
    """Takes commands and gives durable answers. Close it when done."""

    name = "ledger"
    env = {"PERSISTENCE_MODULE": "ledger.eventstore"}  # noqa: RUF012 - the library's own way to configure an application

    def __init__(self, corridor: str, database_url: str, *, clock: Clock, vault: Vault) -> None:
        super().__init__({"CORRIDOR": corridor, "CORRIDOR_DATABASE_URL": database_url})
        self.corridor_code = corridor
        self.clock = clock
        self.vault = vault
        self._body_cipher: BodyCipher | None = None
        self._tracer = tracer()
        self.batcher = Batcher(self.log_store, cast(EventMapper, self.mapper), clock)

    @property
    def log_store(self) -> Log:
        """The corridor's log in the database."""
        return cast(CorridorFactory, self.factory).log

    @property
    def meter(self) -> Meter:
        """What this process's part in the corridor is counted by."""
        return self.batcher.meter

    def _said(self, request: Request) -> dict[str, str]:
        return {"corridor": self.corridor_code, "command": type(request.command).__name__}

    def construct_mapper(self) -> Mapper[UUID]:
        return self.factory.mapper(mapper_class=EventMapper)

    def close(self) -> None:
        self.batcher.close()
        super().close()

    # Commands

    def submit(self, request: Request) -> Future[Answered]:
        """Queues a command whose receipt was prepared. See `Batcher.submit`."""
        return followed(self._tracer, "command", lambda: self.batcher.submit(request), **self._said(request))

    def submit_all(self, requests: Sequence[Request]) -> list[Future[Answered]]:
        """Queues commands together, in their order. See `Batcher.submit_all`."""
        futures = self.batcher.submit_all(requests)
        if self._tracer is None:
            return futures
        return [
            followed(self._tracer, "command", partial(_same, future), **self._said(r)) for r, future in zip(requests, futures, strict=True)
        ]

    def ask(self, request: Request) -> Awaitable[Answered]:
        """The durable answer to a prepared request, for a task of an event loop to await at once. See `Batcher.ask`."""
        return self.batcher.ask(request) if self._tracer is None else self._ask_traced(request)

    async def _ask_traced(self, request: Request) -> Answered:
        with span(self._tracer, "command", **self._said(request)):
            return await self.batcher.ask(request)

    def request(self, command: Command, asked: Asked | None = None) -> Request:
        """A command without personal data, with the fingerprint of what asked for it, and the evidence if that was signed."""
        key = self.vault.corridor_fingerprint_key(self.corridor_code)
        asked = asked or Asked.internally(command)
        evidence = None if asked.signed is None else asked.signed.sealed(self.body_cipher(), command.id)
        return Request(command, asked.fingerprint(key), None, evidence)

    def body_cipher(self) -> BodyCipher:
        """What seals and opens the bodies of signed requests without personal data."""
        if self._body_cipher is None:
            self._body_cipher = BodyCipher(self.vault.corridor_fingerprint_key(self.corridor_code))
        return self._body_cipher

    def execute(self, command: Command, asked: Asked | None = None) -> Answer:
        """Decides one command and waits for the durable answer: a result or a refusal.

        Raises KeyReused, StillRunning, Overloaded, Unavailable, OutcomeUnknown.
        """
        return self.execute_all([command], [asked or Asked.internally(command)])[0]

    def execute_all(self, commands: Sequence[Command], asked: Sequence[Asked] | None = None) -> list[Answer]:
        """Decides commands together and waits for all of their answers."""
        origins = asked or [Asked.internally(command) for command in commands]
        futures = self.submit_all([self.request(command, origin) for command, origin in zip(commands, origins, strict=True)])
        return [self.answer(future.result(), origin) for future, origin in zip(futures, origins, strict=True)]

    def answer(self, answered: Answered, asked: Asked) -> Answer:
        """The answer, if the receipt belongs to this very request. Raises KeyReused otherwise."""
        if answered.replayed and not self._same(answered.receipt, asked):
            raise KeyReused("This idempotency key was used for another request. Use a new key for a new request.")
        return decode_answer(answered)

    def replay(self, actor: str, idempotency_key: str, asked: Asked) -> Answer | None:
        """The durable answer given before under this key, or None. Raises KeyReused when it was for another request."""
        receipt = self.log_store.replay_receipt(ids.receipt_digest(actor, idempotency_key))
        if receipt is None:
            return None
        answered = Answered(receipt, replayed=True)
        self.meter.answered([answered])
        return self.answer(answered, asked)

    def _same(self, receipt: Receipt, asked: Asked) -> bool:
        """A repeat is compared under the key of the first request; once that person is erased, it can no longer be shown to differ."""
        if receipt.fingerprint_key is None:
            key: bytes | None = self.vault.corridor_fingerprint_key(self.corridor_code)
        else:
            key = self.vault.fingerprint_keys([receipt.fingerprint_key]).get(receipt.fingerprint_key)
        return key is None or asked.matches(receipt.fingerprint, key)

    # Reading what decides: always from the log, never from a projection

    def corridor_or_none(self) -> Corridor | None:
        """The corridor as it stands at the head of the log."""
        stream = ids.corridor_stream(self.corridor_code)
        return cast(Corridor, self.repository.get(stream)) if stream in self.repository else None

    def signing_keys_or_none(self) -> SigningKeys | None:
        """The corridor's public keys as they stand at the head of the log; None before the first was proposed."""
        stream = ids.keys_stream(self.corridor_code)
        return cast(SigningKeys, self.repository.get(stream)) if stream in self.repository else None

    def terms(self) -> Terms:
        """The terms in force now. Raises UnknownCorridor."""
        corridor = self.corridor_or_none()
        if corridor is None:
            raise UnknownCorridor.never_opened(self.corridor_code)
        return corridor.terms_on(corridor.agreements[-1].settlement.calendar.local(self.clock()).date())


def _same(future: Future[Answered]) -> Future[Answered]:
    return future
