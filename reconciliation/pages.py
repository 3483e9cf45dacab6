"""The report as tables on a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from reconciliation.report import AccountPage, Report, ReportedDifference

_CALM, _ALARM = "green", "bold red"


def report_tables(report: Report) -> RenderableType:
    """The whole page, the most important first: what differs, then the accounts, the banks, the breaks that are open."""
    return Group(*_parts(report))


def headline(report: Report) -> str:
    """The night in one sentence."""
    new = len(report.new_differences)
    statements = "1 statement" if len(report.accounts) == 1 else f"{len(report.accounts)} statements"
    missing = f"; no statement of {', '.join(report.accounts_without_statement)}" if report.accounts_without_statement else ""
    differences = "no new difference" if not new else "1 new difference" if new == 1 else f"{new} new differences"
    return f"{statements} held against the ledger at position {report.boundary}: {differences}{missing}."


def _parts(report: Report) -> Iterator[RenderableType]:
    yield Text(f"{report.name} · night of {report.business_date}", style="bold")
    yield Text(headline(report), style=_ALARM if report.new_differences or report.accounts_without_statement else _CALM)
    if report.differences:
        yield _differences(report.differences)
    yield _accounts(report.accounts)
    yield _participants(report)
    if report.below_floor:
        yield _below_floor(report)
    if report.open_breaks:
        yield _open_breaks(report)
    if report.verified:
        yield Text(f"Verified: {report.verified}")


def _table(title: str, *columns: str, amounts: tuple[str, ...] = ()) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold")
    for column in columns:
        table.add_column(column, justify="right" if column in amounts else "left", overflow="fold", no_wrap=column in amounts)
    return table


def _add(table: Table, *cells: str | Text, style: str = "") -> None:
    """A row as it is: brackets in what banks wrote are no markup."""
    table.add_row(*(Text(cell) if isinstance(cell, str) else cell for cell in cells), style=style)


def _figures(*named: tuple[str, str]) -> str:
    """Names and amounts below each other, flush on both sides."""
    names, amounts = max(len(name) for name, _ in named), max(len(amount) for _, amount in named)
    return "\n".join(f"{name:<{names}} {amount:>{amounts}}" for name, amount in named)


def _differences(differences: tuple[ReportedDifference, ...]) -> Table:
    table = _table("What differs", "what, where, and what to do next", "amounts", amounts=("amounts",))
    table.show_lines = True
    for found in differences:
        what = Text(_words(found.break_class), style=_ALARM if found.new else "")
        age = "" if found.new else f", found {found.age_days} days ago"
        what.append(f"\n{found.account}{age}\n{found.reference or found.statement}\n", style="none")
        amounts = _figures(
            ("statement", found.statement_amount or "–"), ("ledger", found.ledger_amount or "–"), ("difference", found.difference)
        )
        _add(table, what.append(found.next_step, style="italic"), amounts)
    return table


def _accounts(accounts: tuple[AccountPage, ...]) -> Table:
    table = _table("Statements", "account, statement, days, lines", "balances", amounts=("balances",))
    table.show_lines = True
    for page in accounts:
        matched, timing = page.total("matched").statement_lines, page.total("timing")
        waiting = timing.statement_lines + timing.ledger_lines
        balances = _figures(
            ("opening", page.opening),
            ("moved", page.moved),
            ("closing", page.closing),
            ("ledger", page.ledger_closing),
            ("open lines", page.explained),
            *([("unexplained", page.unexplained)] if page.unexplained.strip("-0.") else []),
        )
        lines = f"{matched} of {page.statement_lines} lines matched" + (f", {waiting} a matter of time" if waiting else "")
        _add(table, f"{page.account}\n{page.statement}\n{days_of(page)}\n{lines}", balances)
    return table


def _participants(report: Report) -> Table:
    banks = report.participants
    names = tuple(bank.name for bank in banks)
    table = _table("Banks", f"in {report.settlement_currency}, but for cash", *names, amounts=names)
    for measure, values in (
        ("cash", [f"{bank.cash} {bank.currency}" for bank in banks]),
        ("moved", ["\n".join(f"{_words(m.entry)} ×{m.times} {m.amount}" for m in bank.moved) or "–" for bank in banks]),
        ("position", [bank.position for bank in banks]),
        ("room to the cap", [bank.room for bank in banks]),
        ("to pay in", [bank.pay_in_due for bank in banks]),
        ("to be paid", [bank.pay_out_due for bank in banks]),
        ("in flight", [f"{bank.in_flight} in {bank.transfers_in_flight}" for bank in banks]),
        ("held before funding", [f"{bank.held_before_funding} in {bank.transfers_held}" for bank in banks]),
        ("outcome unknown", [str(bank.transfers_unknown) for bank in banks]),
    ):
        _add(table, measure, *values)
    table.caption = (
        f"In flight {report.in_flight}, remuneration {report.remuneration}, settling {report.settling}, "
        f"settlement bank {report.settlement_bank} {report.settlement_currency}"
        + "".join(f", suspense {amount} {currency}" for currency, amount in report.suspense.items())
    )
    return table


def _below_floor(report: Report) -> Table:
    table = _table("Below their floor: new fundings stop", "account", "balance", "floor", amounts=("balance", "floor"))
    for alert in report.below_floor:
        _add(table, alert.account, f"{alert.balance} {alert.currency}", alert.floor, style=_ALARM)
    return table


def _open_breaks(report: Report) -> Table:
    at_risk = ", ".join(f"{risk.amount} {risk.currency} in {risk.breaks}" for risk in report.at_risk)
    amounts = ("days", "difference")
    table = _table(f"Open breaks, the oldest first: {at_risk}", "days", "break, account, class, state", "difference", amounts=amounts)
    for known in report.open_breaks:
        what = f"{known.break_id}\n{known.account}, {_words(known.break_class)}, {known.state}"
        _add(table, str(known.age_days), what, f"{known.difference} {known.currency}")
    return table


def days_of(page: AccountPage) -> str:
    """The days a statement covers."""
    return f"{page.first_day}" if page.first_day == page.last_day else f"{page.first_day} – {page.last_day}"


def _words(name: str) -> str:
    return name.replace("_", " ")
