"""The demo: two weeks of a corridor, through the same commands, imports, jobs and readers as production.

Every step has its instant on a clock that only the demo moves, and every input has an idempotency key. So the demo can be killed at any
moment: run again, the steps that were done are recognised by their receipts and change nothing, the one that was cut short goes on at its
own instant, and the simulated banks, whose minds follow from the seed, rebuild their own books on the way.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from ledger import verify
from ledger.bootstrap import Service
from ledger.clock import SetClock
from ledger.errors import Misconfigured
from ledger.jobs import up_to_date
from ledger.projections.audit_trail import trail
from ledger.projections.balances import balances, in_flight
from ledger.projections.cycles import cycles
from ledger.projections.runner import Runner
from ledger.projections.transfers import totals
from ledger.sandbox import story
from ledger.sandbox.acts import Acts, Step
from ledger.sandbox.demo_result import DemoResult
from ledger.sandbox.paying_bank import Intent
from ledger.sandbox.seeded import SeededEntropy
from ledger.settings import Settings


@contextmanager
def demo_service(settings: Settings, seed: int = story.SEED) -> Iterator[Service]:
    """A service on the demo's own clock and chance. The database must be migrated. Raises Misconfigured in production mode."""
    if settings.production:
        raise Misconfigured("The demo invents banks and money: it does not run in production mode. Set CORRIDOR_MODE=demo.")
    with Service(settings, clock=SetClock(story.OPENED), entropy=SeededEntropy(seed)) as service:
        yield service


def run_demo(service: Service, *, transfers: int = story.TRANSFERS, seed: int = story.SEED, console: Console | None = None) -> DemoResult:
    """Runs the story with so many transfers in its first file, with a progress bar on ``console`` if there is one.

    ``service`` comes from `demo_service`. Run again with the same number and seed it adds nothing. Raises Misconfigured when the database
    holds the demo with another number or seed, when there are too few transfers, or when the service's clock is not the demo's.
    """
    clock, entropy = service.clock, service.entropy
    if not isinstance(clock, SetClock):
        raise Misconfigured("The demo moves its own clock: run it on the service that `demo_service` gives.")
    if transfers < story.TRANSFERS_MIN:
        raise Misconfigured(f"{transfers} transfers do not fill the story: run it with {story.TRANSFERS_MIN} or more.")
    log = service.ledger(story.CORRIDOR).log_store
    began_at = log.head().position
    if isinstance(entropy, SeededEntropy):
        entropy.restart(f"{transfers}/{began_at}")
    acts = Acts(service, transfers, seed)
    with _bar(console) as bar:
        _play(acts.steps(), clock, bar)
        Runner(log).catch_up()
        checking = bar.add_task("verifying the log", total=None)
        verification = verify.verify(service.pool, story.CORRIDOR, lambda done, of: bar.update(checking, completed=done, total=of))
    return _result(service, acts, began_at, verification)


def _play(steps: Sequence[Step], clock: SetClock, bar: Progress) -> None:
    """Step by step, each at its own instant; the log's last instant is never after it unless the step was done before."""
    task = bar.add_task("", total=len(steps))
    for step in steps:
        clock.set(step.at)
        bar.update(task, description=f"{step.at:%d %b %H:%M} UTC  {step.what}")
        step.do(step.at)
        bar.advance(task)
    bar.update(task, description="two weeks played")


def _bar(console: Console | None) -> Progress:
    columns = (TextColumn("{task.description:<50}"), BarColumn(bar_width=20), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=console, disable=console is None)


def _result(service: Service, acts: Acts, began_at: int, verification: verify.Report) -> DemoResult:
    head = service.ledger(story.CORRIDOR).log_store.head()
    [returned] = acts.payer.desk.with_intent(Intent.PAY_AND_RETURN)
    with up_to_date(service, story.CORRIDOR) as at:
        return DemoResult(
            position=head.position,
            root=head.tree.root().hex(),
            added=head.position - began_at,
            accounts=tuple(balances(at)),
            states=tuple(totals(at)),
            flight=in_flight(at),
            cycles=tuple(cycles(at)),
            imports=(acts.imported, acts.imported_faulty),
            planted=acts.faulty.planted,
            lapsed=(acts.lapsed.refusal or {}).get("code", ""),
            decided=acts.payer.desk.decided,
            reports=tuple(acts.reports),
            traced=next(order for order in acts.orders if order.uetr == returned.row.uetr),
            trail=tuple(trail(at, returned.row.uetr)),
            verification=verification,
        )
