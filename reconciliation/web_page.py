"""The report as one HTML page that needs nothing else: no script, no font, no address to fetch. It prints well, too."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from reconciliation.pages import days_of, headline
from reconciliation.picture import picture
from reconciliation.report import AccountPage, Report

_STYLE = """
:root { color-scheme: light dark; }
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 70rem; padding: 0 1rem; }
h1 { font-size: 1.4rem; margin-bottom: 0; } h2 { font-size: 1.1rem; margin-top: 2rem; }
table { border-collapse: collapse; width: 100%; font-size: 0.85rem; }
th, td { text-align: left; vertical-align: top; padding: 0.3rem 0.6rem; border-bottom: 1px solid #8884; }
.amount { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.reference { font-family: ui-monospace, monospace; font-size: 0.8rem; overflow-wrap: anywhere; }
.alarm { border-left: 0.4rem solid #b3261e; padding-left: 0.8rem; } .calm { border-left: 0.4rem solid #2e7d4f; padding-left: 0.8rem; }
.scroll { overflow-x: auto; } svg { max-width: 48rem; width: 100%; height: auto; margin-top: 1rem; }
footer { margin-top: 2rem; font-size: 0.8rem; }
@media print { body { margin: 0; max-width: none; } }
"""


class _Cell(str):
    """Text of a cell; the class says how it is set."""

    kind = ""


class _Amount(_Cell):
    kind = "amount"


class _Reference(_Cell):
    kind = "reference"


def report_html(report: Report) -> str:
    """The whole page. Everything that came from outside is escaped."""
    calm = not report.new_differences and not report.accounts_without_statement
    parts = [
        f"<h1>{escape(report.name)}</h1><p>Night of {report.business_date}, report {escape(report.id)}</p>",
        f'<p class="{"calm" if calm else "alarm"}">{escape(headline(report))}</p>',
        picture(report),
        _differences(report),
        "".join(_account(page) for page in report.accounts),
        _participants(report),
        _settlement(report),
        _open_breaks(report),
        f"<footer>Read at log position {report.boundary}; last booking before it at {escape(report.recorded_at)}. "
        f"{'Verified: ' + escape(report.verified) if report.verified else 'No verification of the log was given to this report.'}</footer>",
    ]
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(report.corridor)} · {report.business_date}</title><style>{_STYLE}</style></head>\n<body>\n"
        + "\n".join(part for part in parts if part)
        + "\n</body></html>\n"
    )


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    head = "".join(f'<th scope="col">{escape(text)}</th>' for text in heads)
    body = "".join("<tr>" + "".join(_cell(text) for text in row) + "</tr>" for row in rows)
    return f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def _cell(text: str) -> str:
    kind = text.kind if isinstance(text, _Cell) else ""
    return f'<td class="{kind}">{escape(text)}</td>' if kind else f"<td>{escape(text)}</td>"


def _words(name: str) -> str:
    return name.replace("_", " ")


def _differences(report: Report) -> str:
    if not report.differences:
        return ""
    rows = [
        (
            _words(found.break_class) + ("" if found.new else " (found before)"),
            found.account,
            _Amount(found.statement_amount or "–"),
            _Amount(found.ledger_amount or "–"),
            _Amount(f"{found.difference} {found.currency}"),
            _Reference(found.reference or found.statement),
            f"{found.statement}, line {found.entry}" if found.entry else f"log position {found.position}" if found.position else "–",
            found.next_step,
        )
        for found in report.differences
    ]
    heads = ("class", "account", "statement", "ledger", "difference", "reference", "where", "what to do next")
    return "<h2>What differs</h2>" + _table(heads, rows)


def _account(page: AccountPage) -> str:
    amounts = (page.opening, page.moved, page.closing, page.ledger_closing, page.explained, page.unexplained)
    heads = ("opening", "moved", "closing", "ledger", "open lines", "unexplained")
    classes = [
        (
            _words(total.line_class),
            *(_Amount(text) for text in (str(total.statement_lines), str(total.ledger_lines), total.debits, total.credits)),
        )
        for total in page.classes
    ]
    timing = [(line.side, _Amount(line.amount), _Reference(line.reference), str(line.booked_on)) for line in page.timing]
    gap = "" if page.follows_on else "<p class='alarm'>It does not open as the statement before it closed: one may be missing.</p>"
    whose = f"{page.bank}, statement {page.statement}, {days_of(page)}, in {page.currency}"
    return (
        f"<h2>{escape(page.account)}</h2><p>{escape(whose)}</p>{gap}"
        + _table(heads, [[_Amount(amount) for amount in amounts]])
        + _table(("class", "statement lines", "ledger lines", "money in", "money out"), classes)
        + (_table(("timing: stands in", "amount", "reference", "booked on"), timing) if timing else "")
    )


def _participants(report: Report) -> str:
    rows = [
        (
            bank.name,
            "; ".join(f"{_words(moved.entry)} ×{moved.times} {moved.amount}" for moved in bank.moved) or "–",
            _Amount(f"{bank.cash} {bank.currency}"),
            *(_Amount(amount) for amount in (bank.position, bank.room, bank.pay_in_due, bank.pay_out_due)),
            _Amount(f"{bank.in_flight} ({bank.transfers_in_flight})"),
            _Amount(f"{bank.held_before_funding} ({bank.transfers_held})"),
            _Amount(str(bank.transfers_unknown)),
        )
        for bank in report.participants
    ]
    heads = ("bank", "moved", "cash", "position", "room", "pays in", "is paid", "in flight", "held before funding", "unknown")
    days = f"{report.moved_from} – {report.moved_through}"
    return f"<h2>Banks</h2><p>Positions and money on the way in {report.settlement_currency}; moved {days}.</p>" + _table(heads, rows)


def _settlement(report: Report) -> str:
    rows = [
        (name, _Amount(f"{amount} {report.settlement_currency}"))
        for name, amount in (
            ("in flight", report.in_flight),
            ("remuneration", report.remuneration),
            ("settling", report.settling),
            ("settlement bank", report.settlement_bank),
        )
    ]
    rows += [("suspense", _Amount(f"{amount} {currency}")) for currency, amount in report.suspense.items()]
    alerts = [(alert.account, _Amount(f"{alert.balance} {alert.currency}"), _Amount(alert.floor)) for alert in report.below_floor]
    below = "<h2>Below their floor: new fundings stop</h2>" + _table(("account", "balance", "floor"), alerts) if alerts else ""
    return "<h2>Corridor</h2>" + _table(("account", "balance"), rows) + below


def _open_breaks(report: Report) -> str:
    if not report.open_breaks:
        return ""
    rows = [
        (
            _Amount(str(known.age_days)),
            _words(known.break_class),
            known.account,
            _Amount(f"{known.difference} {known.currency}"),
            _Reference(known.reference or "–"),
            known.state,
            _Reference(known.break_id),
        )
        for known in report.open_breaks
    ]
    at_risk = ", ".join(f"{risk.amount} {risk.currency} in {risk.breaks}" for risk in report.at_risk)
    heads = ("days", "class", "account", "difference", "reference", "state", "break")
    return f"<h2>Open breaks, the oldest first</h2><p>Money at risk: {escape(at_risk)}.</p>" + _table(heads, rows)
