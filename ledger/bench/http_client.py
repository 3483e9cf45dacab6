"""A process full of banks' connections: it sends requests that were signed beforehand and notes how long each waited for its answer."""

from __future__ import annotations

import asyncio
import time
from asyncio import StreamReader, TaskGroup
from collections import Counter
from time import monotonic
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ledger.bench.children import tell, told
from ledger.bench.presigned import Signing, post, transfer


class Sent(NamedTuple):
    """What became of the requests. ``waits`` are seconds from when a request was due to when its answer was there."""

    began: float
    ended: float
    waits: list[float]
    statuses: dict[int, int]


async def send_all(host: str, port: int, requests: list[bytes], connections: int, rate: float | None) -> Sent:
    """Sends every request over so many connections: each as soon as the one before is answered, or, with a rate a second, when it is
    due, however late the ones before were answered."""
    waits: list[float] = []
    statuses: Counter[int] = Counter()
    numbered = iter(enumerate(requests))
    began = monotonic()

    async def one_connection() -> None:
        reader, writer = await asyncio.open_connection(host, port)
        for number, request in numbered:
            due = monotonic() if rate is None else began + number / rate
            await asyncio.sleep(max(0.0, due - monotonic()))
            writer.write(request)
            statuses[await _read_answer(reader)] += 1
            waits.append(monotonic() - due)
        writer.close()

    async with TaskGroup() as group:
        for _ in range(connections):
            group.create_task(one_connection())
    return Sent(began, monotonic(), waits, dict(statuses))


async def _read_answer(reader: StreamReader) -> int:
    """The status of an answer, whose body is read and dropped."""
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    length = head.partition(b"content-length:")[2].partition(b"\r\n")[0]
    await reader.readexactly(int(length or b"0"))
    return int(head[9:12])


def main() -> None:
    """One of the processes: prepares, says so, waits for the word, sends, tells; until the bench has had enough."""
    given = told()
    private_key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(given["private_key"]))
    authority = f"{given['host']}:{given['port']}"
    while True:
        wanted = told()
        signing = Signing(private_key, int(time.time()))
        requests = [
            post(signing, authority, given["path"], transfer(wanted["seed"], number), f"{wanted['seed']}/{number}")
            for number in range(wanted["requests"])
        ]
        tell(ready=True)
        told()
        sent = asyncio.run(send_all(given["host"], given["port"], requests, wanted["connections"], wanted["rate"]))
        tell(began=sent.began, ended=sent.ended, waits=sent.waits, statuses=sent.statuses)


if __name__ == "__main__":
    main()
