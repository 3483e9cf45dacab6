"""Asking things of a corridor: quote, the steps of a transfer, cycles, the night job."""

from __future__ import annotations

import secrets
import sys
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID, uuid4

import typer
from rich.table import Table

from ledger import commands as c
from ledger.batching import Answer
from ledger.cli import frame as cli
from ledger.cli.frame import AsJson, Corridor, app, console, print_json
from ledger.domain.money import format_amount, parse_amount
from ledger.errors import Malformed

transfer_app = typer.Typer(help="The steps of one transfer.", no_args_is_help=True)
cycle_app = typer.Typer(help="Settlement cycles.", no_args_is_help=True)
app.add_typer(transfer_app, name="transfer")
app.add_typer(cycle_app, name="cycle")

As = Annotated[str, typer.Option("--as", help="Who acts: abb, psbc, officer:amina, operator:omar, bank:settlement.")]
Key = Annotated[str | None, typer.Option("--key", help="The idempotency key; give the same one to repeat a command safely.")]
Uetr = Annotated[UUID, typer.Argument(help="The transfer's UETR.")]


def report_answer(answer: Answer, as_json: bool, **more: object) -> None:
    """Prints what was decided and at which position, in JSON with ``more``; a refusal leaves with its exit code."""
    if as_json:
        print_json({"position": answer.position, "replayed": answer.replayed, "result": answer.result, "refusal": answer.refusal} | more)
    elif answer.result is not None:
        words = " · ".join(f"{name} {value}" for name, value in answer.result.items())
        console.print(f"{words} · position {answer.position}{' (answered before)' if answer.replayed else ''}", highlight=False)
    if answer.refusal is not None:
        if not as_json:
            said = answer.refusal
            cli.errors.print(f"[red]{said['code']}:[/red] ", end="")
            cli.errors.print(f"{said['detail']} {said['way_out']}", markup=False, highlight=False)
        raise SystemExit(cli.REFUSED)


def execute(command: c.Command, as_json: bool) -> None:
    with cli.service() as service:
        report_answer(service.ledger(command.corridor).execute(command), as_json)


def key_or_random(given: str | None) -> str:
    return given or f"cli-{secrets.token_hex(8)}"


@app.command()
def quote(
    amount: Annotated[str, typer.Argument(help="The instructed amount, for example 1000.00.")],
    currency: Annotated[str, typer.Argument(help="Its currency: the debtor agent's own.")],
    actor: As,
    to: Annotated[str, typer.Option(help="The creditor agent.")] = "psbc",
    charges: Annotated[str, typer.Option(help="Who bears charges: DEBT, SHAR or CRED.")] = "DEBT",
    key: Key = None,
    corridor: str = Corridor,
    as_json: bool = AsJson,
) -> None:
    """Ask what an amount costs and becomes, and lock it for a while."""
    command = c.AskQuote.model_validate(
        {
            "corridor": corridor,
            "actor": actor,
            "idempotency_key": key_or_random(key),
            "quote": uuid4(),
            "creditor_agent": to,
            "amount": parse_amount(amount, currency),
            "currency": currency,
            "charge_bearer": charges,
        }
    )
    with cli.service() as service:
        answer = service.ledger(corridor).execute(command)
    if as_json or answer.result is None:
        report_answer(answer, as_json)
        return
    console.print(_quote_table(answer.result["quote"], answer.result["pricing"]))


def _quote_table(quote_id: str, p: dict[str, Any]) -> Table:
    def said(name: str, side: str) -> str:
        return f"{format_amount(p[name], p[f'{side}_currency'])} {p[f'{side}_currency']}"

    table = Table("quote", quote_id, box=None)
    table.add_row("instructed", said("instructed", "debtor"))
    table.add_row("fee", said("fee", "debtor"))
    table.add_row("settlement", f"{said('settlement', 'settlement')} at {p['debtor_rate']}")
    paid = format_amount(p["payout"] - p["creditor_fee"], p["creditor_currency"])
    table.add_row("paid to creditor", f"{paid} {p['creditor_currency']} at {p['creditor_rate']}")
    table.add_row("valid until", p["valid_until"])
    return table


# One command a step


def _step(kind: type[c.TransferCommand], uetr: UUID, actor: str, key: str | None, corridor: str, as_json: bool, **facts: Any) -> None:
    execute(kind(corridor=corridor, actor=actor, idempotency_key=key_or_random(key), uetr=uetr, **facts), as_json)


@transfer_app.command()
def accept(uetr: Uetr, actor: As, key: Key = None, corridor: str = Corridor, as_json: bool = AsJson) -> None:
    """The creditor agent will pay."""
    _step(c.AcceptTransfer, uetr, actor, key, corridor, as_json)


@transfer_app.command()
def pay(
    uetr: Uetr,
    actor: As,
    key: Key = None,
    identity_checked: Annotated[bool, typer.Option(help="For cash: the creditor's document was checked.")] = False,
    code: Annotated[str, typer.Option(help="For cash: the one-time code.")] = "",
    corridor: str = Corridor,
    as_json: bool = AsJson,
) -> None:
    """The creditor has the money."""
    with cli.service() as service:
        proof = service.intake(corridor).code_proof(uetr, code) if code else ""
    _step(c.PayTransfer, uetr, actor, key, corridor, as_json, identity_checked=identity_checked, code=proof)


@transfer_app.command()
def refuse(uetr: Uetr, reason: str, actor: As, key: Key = None, corridor: str = Corridor, as_json: bool = AsJson) -> None:
    """The creditor agent will not pay (REASON: an ISO 20022 status reason such as AC04)."""
    _step(c.RefuseTransfer, uetr, actor, key, corridor, as_json, reason=reason)


@transfer_app.command()
def cancel(uetr: Uetr, actor: As, key: Key = None, corridor: str = Corridor, as_json: bool = AsJson) -> None:
    """The debtor agent takes it back before it was sent onward."""
    _step(c.CancelTransfer, uetr, actor, key, corridor, as_json)


@transfer_app.command()
def fund(uetr: Uetr, actor: As, key: Key = None, corridor: str = Corridor, as_json: bool = AsJson) -> None:
    """Try again to fund a cleared transfer that found no room under a floor."""
    _step(c.FundTransfer, uetr, actor, key, corridor, as_json)


@transfer_app.command()
def expire(uetr: Uetr, actor: As = "system:cli", key: Key = None, corridor: str = Corridor, as_json: bool = AsJson) -> None:
    """End a transfer whose deadline passed."""
    _step(c.ExpireTransfer, uetr, actor, key, corridor, as_json)


@transfer_app.command()
def condition(uetr: Uetr, reference: str, actor: As, key: Key = None, corridor: str = Corridor, as_json: bool = AsJson) -> None:
    """What the transfer waited for has happened."""
    _step(c.MeetCondition, uetr, actor, key, corridor, as_json, reference=reference)


@transfer_app.command(name="return")
def return_(
    uetr: Uetr,
    return_id: str,
    amount: Annotated[str, typer.Argument(help="In the creditor agent's currency.")],
    currency: str,
    reason: Annotated[str, typer.Argument(help="An ISO 20022 return reason such as AC04.")],
    actor: As,
    key: Key = None,
    corridor: str = Corridor,
    as_json: bool = AsJson,
) -> None:
    """Part of what was paid comes back."""
    minor = parse_amount(amount, currency)
    _step(c.ReturnTransfer, uetr, actor, key, corridor, as_json, return_id=return_id, amount=minor, reason=reason)


@transfer_app.command()
def recall(uetr: Uetr, case: str, reason: str, actor: As, key: Key = None, corridor: str = Corridor, as_json: bool = AsJson) -> None:
    """Ask the creditor agent for the money back."""
    _step(c.RequestRecall, uetr, actor, key, corridor, as_json, recall=case, reason=reason)


@transfer_app.command()
def answer_recall(
    uetr: Uetr, case: str, agreed: bool, reason: str, actor: As, key: Key = None, corridor: str = Corridor, as_json: bool = AsJson
) -> None:
    """The creditor agent's answer to a recall (AGREED: true or false)."""
    _step(c.AnswerRecall, uetr, actor, key, corridor, as_json, recall=case, agreed=agreed, reason=reason)


@transfer_app.command()
def resolve(uetr: Uetr, outcome: str, actor: As, key: Key = None, corridor: str = Corridor, as_json: bool = AsJson) -> None:
    """The creditor agent says what became of a silent transfer (OUTCOME: paid, refused or pending)."""
    if outcome not in ("paid", "refused", "pending"):
        raise Malformed(f"{outcome!r} is no outcome.", field="outcome", value=outcome, way_out="Use paid, refused or pending.")
    _step(c.ResolveUnanswered, uetr, actor, key, corridor, as_json, outcome=outcome, reason="NOAS" if outcome == "refused" else "")


@transfer_app.command()
def freeze(uetr: Uetr, actor: As, key: Key = None, corridor: str = Corridor, as_json: bool = AsJson) -> None:
    """An officer stops a transfer in flight; this opens a case."""
    _step(c.FreezeTransfer, uetr, actor, key, corridor, as_json)


# Cycles


@cycle_app.command("close")
def close_cycle(actor: As = "operator:cli", key: Key = None, corridor: str = Corridor, as_json: bool = AsJson) -> None:
    """Net the positions at the end of the last commit; tells who pays in and who is paid out."""
    execute(c.CloseCycle(corridor=corridor, actor=actor, idempotency_key=key_or_random(key)), as_json)


def _confirm(
    kind: type[c.CycleCommand], cycle: int, participant: str, amount: str, reference: str, key: str | None, corridor: str, as_json: bool
) -> None:
    with cli.service() as service:
        ledger = service.ledger(corridor)
        command = kind(
            corridor=corridor,
            actor="bank:settlement",
            idempotency_key=key or f"{kind.__name__}-{cycle}-{participant}-{amount}-{reference}",
            cycle=cycle,
            participant=participant,
            amount=parse_amount(amount, ledger.terms().settlement.currency),
            bank_reference=reference,
        )
        report_answer(ledger.execute(command), as_json)


@cycle_app.command("pay-in")
def pay_in(
    cycle: int, participant: str, amount: str, reference: str, key: Key = None, corridor: str = Corridor, as_json: bool = AsJson
) -> None:
    """The settlement bank confirmed a payer's money (REFERENCE is the bank's own)."""
    _confirm(c.ConfirmPayIn, cycle, participant, amount, reference, key, corridor, as_json)


@cycle_app.command("pay-out")
def pay_out(
    cycle: int, participant: str, amount: str, reference: str, key: Key = None, corridor: str = Corridor, as_json: bool = AsJson
) -> None:
    """The settlement bank confirmed that a payee's money left."""
    _confirm(c.ConfirmPayOut, cycle, participant, amount, reference, key, corridor, as_json)


# The night job


@app.command()
def nightly(
    business_date: Annotated[datetime, typer.Argument(formats=["%Y-%m-%d"], help="The day the statements are for.")],
    statements: Annotated[list[Path], typer.Argument(help="camt.053 files of both banks and of the settlement bank.")],
    corridor: str = Corridor,
    as_json: bool = AsJson,
    page: Annotated[Path | None, typer.Option(help="Write the treasurer's page (HTML) here.")] = None,
) -> None:
    """Hold the banks' statements against the ledger; exit code 1 when something does not agree."""
    from reconciliation.nightly import run_nightly  # noqa: PLC0415 - the ledger does not know who calls it; this command does
    from reconciliation.pages import report_tables  # noqa: PLC0415
    from reconciliation.web_page import report_html  # noqa: PLC0415

    day: date = business_date.date()
    with cli.service() as service, cli.progress() as progress:
        task = progress.add_task("night job", total=None)
        report = run_nightly(
            service,
            corridor,
            [partial(read_file, path) for path in statements],
            day,
            progress=lambda what, done, of: progress.update(task, description=what, completed=done, total=of or None),
        )
    if page is not None:
        page.write_text(report_html(report), encoding="utf-8")
    if as_json:
        sys.stdout.write(report.to_json().decode() + "\n")
    else:
        console.print(report_tables(report))
    raise SystemExit(cli.FOUND if report.differences else cli.OK)


def read_file(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise Malformed(f"{path} cannot be read: {error.strerror}.", field="file", value=path, way_out="Name a readable file.") from None
