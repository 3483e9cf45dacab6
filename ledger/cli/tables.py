"""Tables for people: amounts as decimals, right-aligned, negative ones with their sign."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.table import Table

from ledger.domain.money import format_amount
from ledger.evidence_shown import EvidenceShown
from ledger.privacy.received import ReceivedMessage
from ledger.projections.audit_trail import LINE_TOPIC, TrailEntry
from ledger.projections.balances import Balance, InFlight
from ledger.projections.cycles import Cycle
from ledger.projections.lines import JournalLine
from ledger.projections.transfers import TransferRow
from ledger.verify import RULES, Report


def balances_table(balances: Iterable[Balance], title: str) -> Table:
    """Every account with its balance on its normal side."""
    table = Table("account", title=title, title_justify="left", box=None)
    table.add_column("balance", justify="right")
    table.add_column("")
    table.add_column("floor", justify="right")
    table.add_column("status")
    for b in balances:
        floor = "" if b.floor is None else format_amount(b.floor, b.currency)
        status = f"{b.status}{', below its floor' if b.below_floor else ''}"
        table.add_row(b.account, format_amount(b.balance, b.currency), b.normal_side, floor, status)
    return table


def in_flight_line(held: InFlight) -> str:
    """The regulator's first question, answered."""
    return (
        f"In flight: {format_amount(held.in_flight, held.currency)} {held.currency} of {held.transfers} transfers; "
        f"held before funding: {format_amount(held.held_before_funding, held.currency)} {held.currency} of {held.held_transfers}."
    )


def lines_table(lines: Iterable[JournalLine], title: str) -> Table:
    """The journal: debits and credits in their own columns."""
    table = Table("position", "booked", "value", "account", "entry", title=title, title_justify="left", box=None)
    table.add_column("debit", justify="right")
    table.add_column("credit", justify="right")
    table.add_column("reference")
    for line in lines:
        amount = format_amount(abs(line.amount), line.currency)
        sides = (amount, "") if line.amount > 0 else ("", amount)
        table.add_row(
            str(line.position), str(line.booking_date), str(line.value_date), line.account, line.entry, *sides, str(line.reference)
        )
    return table


def transfer_table(row: TransferRow) -> Table:
    """One transfer, its amounts and where it stands."""
    table = Table("transfer", str(row.uetr), box=None)
    flags = [name for name, on in (("unknown outcome", row.unanswered), ("waits for its condition", row.waits_for_condition)) if on]
    table.add_row("state", ", ".join([row.state, *flags, *(["settled"] if row.settled else [])]))
    table.add_row("from, to", f"{row.debtor_agent} → {row.creditor_agent}, {row.product}, {row.purpose}, charges {row.charge_bearer}")
    table.add_row("instructed", f"{format_amount(row.instructed, row.debtor_currency)} {row.debtor_currency}")
    table.add_row("fee", f"{format_amount(row.fee, row.debtor_currency)} {row.debtor_currency}")
    table.add_row("settlement", f"{format_amount(row.settlement, row.settlement_currency)} {row.settlement_currency} at {row.debtor_rate}")
    table.add_row(
        "paid to creditor", f"{format_amount(row.paid_to_creditor, row.creditor_currency)} {row.creditor_currency} at {row.creditor_rate}"
    )
    if row.returned_payout:
        table.add_row("returned", f"{format_amount(row.returned_payout, row.creditor_currency)} {row.creditor_currency}")
    if row.reason:
        table.add_row("reason", row.reason)
    table.add_row("initiated", f"{row.initiated_at:%Y-%m-%d %H:%M:%S}Z, position {row.first_position}")
    return table


def trail_table(entries: Iterable[TrailEntry], title: str) -> Table:
    """Every event of a transfer: position, time, who, what, why, under which terms."""
    table = Table("position", "time (UTC)", "who", "what", "why", "terms", title=title, title_justify="left", box=None)
    for entry in entries:
        table.add_row(
            str(entry.position),
            f"{entry.recorded_at:%Y-%m-%d %H:%M:%S}",
            entry.actor,
            what(entry),
            entry.cause,
            str(entry.terms) if entry.terms else "",
        )
    return table


def what(entry: TrailEntry) -> str:
    """An event in words: its name, or for a booked line the posting."""
    if entry.topic != LINE_TOPIC:
        reason = entry.facts.get("reason")
        return f"{entry.topic.rsplit('.', 1)[0]}{f' ({reason})' if reason else ''}"
    facts = entry.facts
    side = "Dr" if facts["amount"] > 0 else "Cr"
    return f"  {side} {facts['account']} {format_amount(abs(facts['amount']), facts['currency'])}"


def cycles_table(cycles: Iterable[Cycle]) -> Table:
    """Settlement cycles: who pays in, who is paid out, what is still missing."""
    table = Table("cycle", "state", "log positions", "pay in", "pay out", "not confirmed yet", box=None)
    for cycle in cycles:
        missing = {**cycle.due("pay_in"), **cycle.due("pay_out")}
        table.add_row(
            str(cycle.number),
            cycle.state,
            f"{cycle.from_boundary + 1}–{cycle.to_boundary}",
            _sums(cycle.pay_ins, cycle.currency),
            _sums(cycle.pay_outs, cycle.currency),
            _sums(missing, cycle.currency),
        )
    return table


def _sums(sums: dict[str, int], currency: str) -> str:
    return ", ".join(f"{who} {format_amount(amount, currency)}" for who, amount in sums.items()) or "–"


def verification_table(report: Report) -> Table:
    """What `verify` recomputed from the log, rule by rule."""
    title = f"verify {report.corridor} up to position {report.position}"
    table = Table("", "rule", "", title=title, title_justify="left", box=None)
    table.add_column("checked", justify="right")
    table.add_column("first break")
    for name, rule in report.rules.items():
        mark = "[green]✓[/green]" if rule.ok else "[red]✗[/red]"
        broken = "" if rule.ok else f"position {rule.first_break}: {rule.detail}"
        table.add_row(mark, name, RULES[name], f"{rule.checked:,}", broken)
    return table


def received_table(found: Iterable[ReceivedMessage], title: str | None = None) -> Table:
    """Messages as they were received, one a row."""
    table = Table("came (UTC)", "from", "message", "id", "bytes", "SHA-256", "refused", box=None, title=title, title_justify="left")
    for one in found:
        words = (one.sender, one.message or "", one.message_id or "", str(one.size), one.digest.hex()[:16], one.refused or "")
        table.add_row(f"{one.came_at:%Y-%m-%d %H:%M:%S}", *words)
    return table


def evidence_table(shown: Sequence[EvidenceShown]) -> Table:
    """The signed requests behind a trail, one a command."""
    table = Table(
        "position", "who", "what", "key", "signed at (UTC)", "signature", "body", box=None, title="evidence", title_justify="left"
    )
    for one in shown:
        if one.key_id is None:
            table.add_row(str(one.position), one.actor, one.what, "", "", "asked without a signature", "")
            continue
        signed_at = f"{one.created:%Y-%m-%d %H:%M:%S}" if one.created else ""
        table.add_row(
            str(one.position), one.actor, one.what, one.key_id, signed_at, one.wrong or "verifies", one.body or ""
        )  # fmt: skip
    return table
