"""Prints what happened in the demo: tables a treasurer, an officer and an auditor would ask for."""

from __future__ import annotations

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ledger.domain.money import format_amount
from ledger.projections.audit_trail import LINE_TOPIC, TrailEntry
from ledger.sandbox import story
from ledger.sandbox.demo_result import DemoResult
from ledger.verify import RULES


def print_demo(result: DemoResult, console: Console) -> None:
    """All of it, in the order of the story."""
    _files(console, result)
    _states(console, result)
    _cycles(console, result)
    _night(console, result)
    _balances(console, result)
    _positions(console, result)
    _trail(console, result)
    _verified(console, result)


def _table(title: str, *columns: str) -> Table:
    """A column whose heading begins with ``>`` holds figures and is set flush right."""
    table = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        table.add_column(column.removeprefix(">"), justify="right" if column.startswith(">") else "left", overflow="fold")
    return table


def _add(table: Table, *cells: object) -> None:
    """A row of plain text: what looks like markup or an emoji in it is neither."""
    table.add_row(*(cell if isinstance(cell, Text) else Text(str(cell)) for cell in cells))


def _say(console: Console, sentence: str) -> None:
    console.print(sentence, markup=False, emoji=False, highlight=False)


def _files(console: Console, result: DemoResult) -> None:
    table = _table("Files of credit transfers (pacs.008)", "message", ">transfers", ">taken", ">rejected")
    for report in result.imports:
        _add(table, report.message_id, len(report.items), len(report.accepted), len(report.rejected))
    console.print(table)
    faults = _table("What the answer to the second file says (pacs.002)", ">no.", "reason", "rule", "what is wrong and the way out")
    for transfer in result.imports[1].rejected:
        _add(faults, transfer.index, transfer.reason, transfer.rule, transfer.sentence)
    console.print(faults)


def _states(console: Console, result: DemoResult) -> None:
    table = _table("Transfers", "state", ">count", ">USD")
    for state in result.states:
        _add(table, state.state, state.transfers, format_amount(state.settlement, result.flight.currency))
    console.print(table)
    _say(console, f"One order more came after its quote had lapsed and was refused ({result.lapsed}).\n")


def _cycles(console: Console, result: DemoResult) -> None:
    table = _table("Settlement", "cycle", "state", ">boundary", "bank", ">position then", ">pays in", ">is paid")
    for cycle in result.cycles:
        for participant, position in cycle.positions.items():
            paid = [format_amount(side.get(participant, 0), cycle.currency) for side in (cycle.pay_ins, cycle.pay_outs)]
            _add(table, cycle.number, cycle.state, cycle.to_boundary, participant, format_amount(position, cycle.currency), *paid)
    console.print(table)


def _night(console: Console, result: DemoResult) -> None:
    first, *later = result.reports
    table = _table(f"Night of {first.business_date}: where statements and ledger differ", "difference", "account", ">ledger", ">statement")
    for difference in first.new_differences:
        said = [difference.ledger_amount or "–", difference.statement_amount or "–"]
        _add(table, difference.break_class.replace("_", " "), difference.account, *said)
    console.print(table)
    for difference in first.new_differences:
        _say(console, f"· {difference.break_class.replace('_', ' ')}: {difference.next_step}")
    matched = sum(account.total("matched").statement_lines for report in result.reports for account in report.accounts)
    new = sum(len(report.new_differences) for report in later)
    _say(console, f"In {len(result.reports)} nights {matched} statement lines met their ledger line; the later nights found {new} more.\n")


def _balances(console: Console, result: DemoResult) -> None:
    table = _table("Balances", "account", "side", ">balance")
    sums: dict[str, int] = {}
    for found in result.accounts:
        _add(table, found.account, found.normal_side, format_amount(found.balance, found.currency))
        sums[found.currency] = sums.get(found.currency, 0) + found.signed
    console.print(table)
    said = ", ".join(f"{currency} {format_amount(total, currency)}" for currency, total in sorted(sums.items()))
    _say(console, f"Debits less credits over all accounts: {said}.\n")


def _positions(console: Console, result: DemoResult) -> None:
    flight = result.flight
    table = _table("Money in flight and positions", "what", f">{flight.currency}", "")
    _add(
        table,
        "customers' money in flight",
        format_amount(flight.in_flight, flight.currency),
        "1 transfer" if flight.transfers == 1 else f"{flight.transfers} transfers",
    )
    _add(table, "reserved for the paying bank", format_amount(flight.remuneration, flight.currency), "")
    for found in result.accounts:
        if found.kind == "position":
            floor = "" if found.floor is None else f"may fall to {format_amount(found.floor, found.currency)}"
            _add(table, f"position of {found.owner}", format_amount(found.balance, found.currency), floor)
    console.print(table)


def _trail(console: Console, result: DemoResult) -> None:
    order = result.traced
    sent = f"{format_amount(order.instructed_minor, order.instructed_currency)} {order.instructed_currency}"
    table = _table(f"Trail of transfer {order.uetr}: {sent}", ">position", "time (UTC)", "actor", "what", "why", "terms")
    booked = _table("What was booked for it", ">position", "entry", "account", ">debit", ">credit")
    for entry in result.trail:
        if entry.topic == LINE_TOPIC:
            amount = entry.facts["amount"]
            written = format_amount(abs(amount), entry.facts["currency"])
            sides = (written, "") if amount > 0 else ("", written)
            _add(booked, entry.position, entry.facts["entry"], entry.facts["account"], *sides)
        else:
            _add(table, entry.position, f"{entry.recorded_at:%d %b %H:%M}", entry.actor, _what(entry), _why(entry), f"v{entry.terms}")
    console.print(table)
    console.print(booked)


def _what(entry: TrailEntry) -> str:
    aggregate, fact, _version = entry.topic.split(".")
    return fact if aggregate == "Transfer" else f"{aggregate} {fact}"


def _why(entry: TrailEntry) -> str:
    return " · ".join(part for part in (entry.cause, *entry.rules) if part)


def _verified(console: Console, result: DemoResult) -> None:
    table = _table("corridor verify", "rule", "", ">checked", "what holds")
    for rule, found in result.verification.rules.items():
        told = Text("ok", style="green") if found.ok else Text("broken", style="red")
        _add(table, rule, told, found.checked, RULES[rule] if found.ok else f"position {found.first_break}: {found.detail}")
    console.print(table)
    _say(console, f"Log of {story.CORRIDOR}: {result.position} events, root {result.root}.")
    added = f"This run added {result.added} events." if result.added else "Every input was recognised: this run added nothing."
    _say(console, added)
