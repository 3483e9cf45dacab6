"""Which benches there are, and how one is run: measured, told where, and the rules of the ledger verified at the end."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable

from ledger.bench import beside, file, growth, http, idle, in_one_process, processes, project, reconcile, start
from ledger.bench.machine import machine, postgres
from ledger.bench.plan import Plan
from ledger.bench.result import Found, Result
from ledger.bench.targets import TARGETS
from ledger.bootstrap import Service
from ledger.projections.runner import Runner
from ledger.verify import verify

BENCHES: dict[str, Callable[[Plan], Found]] = {
    "engine": in_one_process.bench,
    "processes": processes.bench,
    "http": http.bench,
    "file": file.bench,
    "project": project.bench,
    "growth": growth.bench,
    "reconcile": reconcile.bench,
    "idle": idle.bench,
    "start": start.bench,
    "beside": beside.bench,
}


def measure(name: str, plan: Plan) -> Result:
    """One bench, its surroundings, and whether every rule held in every corridor it wrote to."""
    found = BENCHES[name](plan)
    plan.progress("verifying the rules")
    return Result(
        bench=name,
        command=command_line(),
        measured_at=plan.service.clock(),
        machine=machine(),
        postgres=postgres(plan.service.pool),
        target=TARGETS[name],
        found=found,
        broken=broken_rules(plan.service, found.corridors),
    )


def broken_rules(service: Service, corridors: Iterable[str]) -> dict[str, dict[str, str]]:
    """By corridor, the rules that do not hold, each with what was found; the projections are brought to the end of the log first."""
    broken = {}
    for corridor in corridors:
        Runner(service.ledger(corridor).log_store).catch_up()
        report = verify(service.pool, corridor)
        if not report.ok:
            broken[corridor] = {
                rule: f"position {result.first_break}: {result.detail}" for rule, result in report.rules.items() if not result.ok
            }
    return broken


def command_line() -> str:
    """What was typed."""
    return " ".join(["corridor", *sys.argv[1:]])
