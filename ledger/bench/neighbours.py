"""What else happens on a ledger while it is written to, each in a process of its own, again and again until told to stop.

They call what the commands of the same names call, at the same priority. Run as a module it is such a process.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from datetime import date, timedelta
from itertools import count
from threading import Event, Thread
from time import monotonic
from typing import Any

from ledger.bench.children import Child, child, settings, tell, told
from ledger.bench.laid import laid, statements
from ledger.bench.machine import peak_rss_mb
from ledger.bench.project import forget
from ledger.bench.statement_lines import TwoSides, two_sides
from ledger.bootstrap import Service
from ledger.eventstore.connections import APPLICATION_ROLE, connect
from ledger.projections.rebuild import rebuild
from ledger.projections.runner import Runner
from ledger.verify import verify

SLOW_ROWS, SLOW_PAUSE_SECONDS = 20, 0.05
_LOOK_SECONDS = 0.5
_EVERYTHING = "SELECT events.* FROM ledger.events, generate_series(1, 1000)"
"""More than any reader takes before its bench ends."""
_NIGHT_LINES, _NIGHT_DAYS = 2_000, 1


class Enough(Exception):
    """The bench has said stop."""


class Neighbour:
    """One activity beside the load: it counts what it did, and ends between two of its pages. ``nights`` numbers what must be another one
    each time."""

    def __init__(self, service: Service, corridor: str) -> None:
        self.service, self.corridor = service, corridor
        self.begun, self.stop = Event(), Event()
        self.done = 0
        self.nights = count()
        self._reached = 0

    def begin(self) -> None:
        """Another round, which begins with the first event."""
        self.begun.clear()
        self.stop.clear()
        self._reached = 0

    def progress(self, position: int, _head: int) -> None:
        """Counts the events of another page. Raises Enough."""
        self.done += max(0, position - self._reached)
        self._reached = position
        self.end_page()

    def first_progress(self, position: int, head: int) -> None:
        """The same for work that has begun with its first page."""
        self.begun.set()
        self.progress(position, head)

    def end_page(self) -> None:
        """Raises Enough when the bench has said stop."""
        if self.stop.is_set():
            raise Enough

    def again(self) -> None:
        """From the first event once more."""
        self._reached = 0
        self.end_page()


def read_slowly(neighbour: Neighbour) -> None:
    """One snapshot for all the time, from which rows are fetched now and then; and a reader that takes nothing of what it asked for."""
    stalled = Thread(target=_stall, args=(neighbour,), daemon=True)
    stalled.start()
    with neighbour.service.pool.transaction("REPEATABLE READ, READ ONLY") as cursor:
        cursor.execute(f"DECLARE slowly NO SCROLL CURSOR FOR {_EVERYTHING}")
        cursor.rows("FETCH 1 FROM slowly")
        neighbour.begun.set()
        while not neighbour.stop.wait(SLOW_PAUSE_SECONDS):
            neighbour.done += len(cursor.rows(f"FETCH {SLOW_ROWS} FROM slowly"))


def _stall(neighbour: Neighbour) -> None:
    class TakesNothing(io.RawIOBase):
        def write(self, _some: Any) -> int:
            neighbour.stop.wait()
            raise Enough

    with closing(connect(neighbour.service.database_url, role=APPLICATION_ROLE)) as connection, suppress(Enough):
        connection.cursor().copy_expert(f"COPY ({_EVERYTHING}) TO STDOUT", TakesNothing())


def check_everything(neighbour: Neighbour) -> None:
    """`corridor verify`, without end; it has begun with its first page, since passing over the receipts of other corridors is a matter of
    the database and not of the log."""
    while True:
        verify(neighbour.service.pool, neighbour.corridor, neighbour.first_progress)
        neighbour.again()


def report(neighbour: Neighbour) -> None:
    """The night job over statements it has not seen yet, one night after the other; what is counted is reports."""
    from reconciliation.nightly import run_nightly  # noqa: PLC0415 - only this process needs the night job

    ledger, today = neighbour.service.ledger(neighbour.corridor), neighbour.service.clock().date()
    said = list(statements(ledger, _sides(today)))
    neighbour.begun.set()
    for night in neighbour.nights:
        bodies = [statement.replace(b"BENCH-", b"%06d" % night) for statement in said]
        run_nightly(neighbour.service, neighbour.corridor, bodies, today)
        neighbour.done += 1
        neighbour.end_page()


def _sides(today: date) -> TwoSides:
    """Lines that agree: what differs becomes a command, and commands are writers."""
    sides = two_sides("night", _NIGHT_LINES, today - timedelta(days=1), _NIGHT_DAYS)
    return sides._replace(reported=sides.expected)


def build_anew(neighbour: Neighbour) -> None:
    """`corridor rebuild`, without end; it has begun with its first page, since its tables are made once and not all the time."""
    while True:
        rebuild(neighbour.service.pool, progress=lambda _corridor, position, head: neighbour.first_progress(position, head))
        neighbour.again()


def catch_up(neighbour: Neighbour) -> None:
    """A projector that begins with nothing, far behind, and follows."""
    forget(neighbour.service, neighbour.corridor)
    runner = Runner(neighbour.service.ledger(neighbour.corridor).log_store)
    neighbour.begun.set()
    while True:
        runner.catch_up(progress=neighbour.progress)
        neighbour.end_page()


NIGHT = "night report"
NEIGHBOURS: dict[str, tuple[Callable[[Neighbour], None], str]] = {
    "slow readers": (read_slowly, "rows"),
    "verify": (check_everything, "events"),
    NIGHT: (report, "reports"),
    "rebuild": (build_anew, "events"),
    "projector far behind": (catch_up, "events"),
}
"""By what is told of it: the activity, and what it counts."""


class Running:
    """An activity seen from the bench: a process that is there all the time and works only while it is asked to."""

    def __init__(self, process: Child) -> None:
        self._process = process
        self.per_second: list[float] = []
        self.peak_rss_mb = 0.0

    @contextmanager
    def working(self) -> Iterator[None]:
        """For as long as the block lasts; what it came to a second is noted."""
        self._process.tell(go=True)
        self._process.answer()
        yield
        self._process.tell(stop=True)
        said = self._process.answer()
        self.per_second.append(said["done"] / said["seconds"])
        self.peak_rss_mb = said["peak_rss_mb"]


@contextmanager
def neighbour(service: Service, corridor: str, activity: str) -> Iterator[Running]:
    """One activity in a process of its own."""
    with ExitStack() as stack:
        if activity == NIGHT:
            stack.enter_context(laid(service, service.ledger(corridor), _sides(service.clock().date())))
        process = stack.enter_context(child(service, __name__, corridor=corridor, activity=activity))
        process.answer()
        yield Running(process)


def main() -> None:
    """The process beside."""
    wanted = told()
    activity, _counted = NEIGHBOURS[wanted["activity"]]
    with Service(settings()) as service:
        service.ledger(wanted["corridor"]).terms()
        tell(ready=True)
        neighbour = Neighbour(service, wanted["corridor"])
        while told():
            _work(activity, neighbour)


def _work(activity: Callable[[Neighbour], None], working: Neighbour) -> None:
    """Until the bench says stop."""
    working.begin()
    failed: list[Exception] = []

    def run() -> None:
        try:
            activity(working)
        except Enough:
            pass
        except Exception as error:
            failed.append(error)

    worker = Thread(target=run, name="neighbour")
    worker.start()
    while not working.begun.wait(_LOOK_SECONDS) and worker.is_alive():
        pass
    began, done_before = monotonic(), working.done
    tell(going=True)
    told()
    working.stop.set()
    done, seconds = working.done - done_before, monotonic() - began
    worker.join()
    if failed:
        raise failed[0]
    tell(done=done, seconds=seconds, peak_rss_mb=peak_rss_mb())


if __name__ == "__main__":
    main()
