"""The acts of the demo, in order: what each actor does at its instant."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import partial
from typing import NamedTuple
from uuid import UUID

from corridors import shipped_terms
from ledger import commands as c
from ledger.batching import Answer
from ledger.bootstrap import Service
from ledger.domain.case_events import Opinion
from ledger.domain.money import convert_back
from ledger.domain.permissions import permissions_of
from ledger.domain.posting import CashKind
from ledger.errors import KeyReused, Misconfigured
from ledger.intake import order_of
from ledger.iso20022.credit_transfer import CreditTransfer, Product
from ledger.iso20022.pacs008_writer import write_pacs008
from ledger.jobs import JobReport, close_cycle, expire_due, flag_unanswered, up_to_date
from ledger.messages.incoming import take_in
from ledger.messages.taken import Taken
from ledger.privacy.commitments import commit
from ledger.projections.balances import balance
from ledger.rates_in import import_rate_sheet
from ledger.sandbox import story
from ledger.sandbox.asking import UnexpectedRefusal, ask, ask_all
from ledger.sandbox.generator import Dice, generate_transfers, group_of
from ledger.sandbox.paying_bank import SimulatedPayingBank
from ledger.sandbox.planted_faults import generate_faulty_pacs008
from ledger.sandbox.seeded import sandbox_key, seeded_salt
from ledger.sandbox.sending_bank import SimulatedSendingBank, send_order
from ledger.sandbox.settlement_bank import SimulatedSettlementBank
from ledger.sandbox.treasury import move_cash
from ledger.screening.invented_list import ENTRIES
from reconciliation.nightly import run_nightly
from reconciliation.report import Report

_JUST_BEFORE = timedelta(microseconds=1)


class Step(NamedTuple):
    """What is done at an instant."""

    at: datetime
    what: str
    do: Callable[[datetime], None]


class Acts:
    """One run of the story: the actors with their books, and what the ledger answered them."""

    def __init__(self, service: Service, transfers: int, seed: int) -> None:
        self.service = service
        self.transfers = transfers
        self.seed = seed
        self.ledger = service.ledger(story.CORRIDOR)
        self.terms = shipped_terms(story.CORRIDOR)
        self.leg = self.terms.leg(story.SENDER, story.PAYER)
        facts = story.facts(self.terms, self.leg)
        self.group = group_of(seed, transfers, facts)
        self.orders, self.cleared_hit, self.rejected_hit = _with_hits(generate_transfers(seed, transfers, facts))
        only_good = replace(facts, with_release_condition=False)
        size = story.faulty_file_size(transfers)
        self.faulty = generate_faulty_pacs008(seed + 1, size, only_good)
        self.faulty_orders = generate_transfers(seed + 1, size, only_good)
        self.quoted_orders = generate_transfers(seed + 2, story.QUOTED, only_good)
        self.quotes = [Dice("quote", seed, order.index).uetr() for order in self.quoted_orders]
        self.imported: Taken
        self.imported_faulty: Taken
        self.lapsed: Answer
        self.flagged: JobReport
        self.expired: JobReport
        self.cycle: dict[str, dict[str, int]] = {}
        self.cycle_number = 0
        self.reports: list[Report] = []

    def steps(self) -> list[Step]:
        """All of them, in the order of their instants."""
        steps = [
            Step(story.OPENED, "the corridor opens", self._open),
            Step(story.RATES_TAKEN, "rate sheets of both banks", self._take_rates),
            Step(story.PREFUNDED, "prefund and float", self._prefund),
            Step(story.FILE_SENT, f"abb sends {self.transfers} transfers", self._send_file),
            Step(story.HOLD_CLEARED[0], "a hit: first officer", partial(self._give_opinion, 0, self.cleared_hit, "clear")),
            Step(story.HOLD_CLEARED[1], "a hit: second officer clears", partial(self._give_opinion, 1, self.cleared_hit, "clear")),
            Step(story.HOLD_REJECTED[0], "another hit: first officer", partial(self._give_opinion, 0, self.rejected_hit, "reject")),
            Step(story.HOLD_REJECTED[1], "another hit: second rejects", partial(self._give_opinion, 1, self.rejected_hit, "reject")),
            Step(story.FEED_ANSWERED, "psbc answers its feed", self._answer_feed),
            Step(story.ACCEPTED_PAID, "psbc credits accounts", self._pay_accepted),
            Step(story.FAULTY_FILE_SENT, "abb sends a file with faults", self._send_faulty_file),
            Step(story.FAULTY_FILE_ANSWERED, "psbc answers and pays", self._answer_and_pay),
            Step(story.SILENCE_FLAGGED, "silence is flagged", self._flag_silence),
            Step(story.CHARGED, "a charge nobody announced", self._charge_unannounced),
            Step(story.RATES_RENEWED, "abb's new rate sheet", self._renew_rates),
            Step(story.QUOTES_ASKED, "customers ask for quotes", self._ask_quotes),
            Step(story.QUOTES_USED, "quotes are used", self._use_quotes),
            Step(story.QUOTED_ANSWERED, "psbc answers and pays", self._answer_and_pay),
            Step(story.QUOTE_LAPSED, "a quote used too late", self._use_lapsed_quote),
            *(Step(at, "creditors collect cash", partial(self._hand_out_cash, visit=visit)) for visit, at in enumerate(story.CASH_VISITS)),
            Step(story.PARCEL_DELIVERED, "the parcel is delivered", self._deliver_parcel),
            Step(story.PARCEL_PAID, "psbc answers and pays", self._answer_and_pay),
            Step(story.CYCLE_CLOSED, "the settlement cycle closes", self._close_cycle),
            Step(story.COVER_BOUGHT, "abb buys dollars", self._buy_cover),
            Step(story.PAID_IN, "pay-ins arrive", self._pay_in),
            Step(story.PAID_OUT, "pay-outs leave: settled", self._pay_out),
            Step(story.COVER_SOLD, "psbc sells dollars", self._sell_cover),
            Step(story.RETURNED_IN_PARTS[0], "a payment comes back, in part", partial(self._give_back, 1)),
            Step(story.RETURNED_IN_PARTS[1], "the rest of it comes back", partial(self._give_back, 2)),
            Step(story.FEES_TAKEN, "both banks take their fees", self._take_fees),
            Step(story.CASH_EXPIRED, "uncollected cash expires", self._expire),
            *(Step(story.night_of(day), f"night job of {day:%d %b}", self._night(day)) for day in story.business_days()),
        ]
        return sorted(steps, key=lambda step: step.at)

    # The corridor opens

    def _open(self, _now: datetime) -> None:
        """The first command carries the seed, so that another demo on the same database is recognised as another one."""
        said = f"demo of {self.transfers} transfers, seed {self.seed}"
        opening = c.OpenCorridor(corridor=story.CORRIDOR, actor=story.OPERATOR, idempotency_key="demo", cause=said, agreement=self.terms)
        try:
            ask(self.ledger, opening)
        except KeyReused:
            raise Misconfigured(
                f"This database holds the demo with another number of transfers or another seed than {said}. Run it as before, or give "
                "it a database or CORRIDOR_DATA_DIR of its own."
            ) from None
        self._register_keys()
        self.sender = SimulatedSendingBank(self.ledger, story.SENDER, self.leg)
        self.sender.take_orders([*self.orders, *self.faulty_orders, *self.quoted_orders])
        self.payer = SimulatedPayingBank(self.ledger, story.PAYER, self.seed, visits=len(story.CASH_VISITS))
        self.settlement = SimulatedSettlementBank(self.ledger)

    def _register_keys(self) -> None:
        """The operator proposes everybody's key, and an officer who has the public keys too approves them."""
        for principal in (story.SENDER, story.PAYER, "bank:settlement", *story.OFFICERS):
            key_id = f"{principal.replace(':', '-')}-2026"
            public_key = sandbox_key(self.seed, principal).public_key().public_bytes_raw().hex()
            ask(
                self.ledger,
                c.RegisterKey(
                    corridor=story.CORRIDOR,
                    actor=story.OPERATOR,
                    idempotency_key=f"demo/key/{principal}",
                    cause="demo",
                    key_id=key_id,
                    principal=principal,
                    public_key=public_key,
                    valid_from=story.OPENED,
                    valid_until=story.KEYS_VALID_UNTIL,
                    permissions=permissions_of(principal, self.terms.participants),
                ),
            )
            ask(
                self.ledger,
                c.ApproveKey(
                    corridor=story.CORRIDOR,
                    actor=story.OFFICERS[0],
                    idempotency_key=f"demo/key/{principal}/approved",
                    cause="demo",
                    key_id=key_id,
                    public_key=public_key,
                ),
            )

    def _take_rates(self, _now: datetime) -> None:
        _expect(import_rate_sheet(self.service, story.CORRIDOR, story.SENDER, story.WEDNESDAY_SHEET))
        _expect(import_rate_sheet(self.service, story.CORRIDOR, story.PAYER, story.payer_sheet(), source=story.PAYER_SOURCE))

    def _renew_rates(self, _now: datetime) -> None:
        _expect(import_rate_sheet(self.service, story.CORRIDOR, story.SENDER, story.FRIDAY_SHEET))

    def _prefund(self, now: datetime) -> None:
        """The sender funds half of what it is about to send and uses its cap for the rest; the payer brings what it may have to pay."""
        total = sum(order.settlement_minor for order in (*self.orders, *self.faulty_orders, *self.quoted_orders))
        prefund = max(total // 2, total - story.CREDIT_USED_MAX)
        self.settlement.receive_prefund(now, story.SENDER, _rounded_up(prefund, story.PREFUND_STEP))
        needed = convert_back(total, "USD", "CNY", target_per_source=story.CNY_PER_USD, rounding=self.terms.quoting.rounding)
        self._move_cash(now, story.PAYER, "float_in", _rounded_up(needed, story.FLOAT_STEP))

    # Transfers

    def _send_file(self, _now: datetime) -> None:
        data = write_pacs008(self.group, self.orders)
        self.imported = take_in(self.service, story.CORRIDOR, story.SENDER, data)

    def _send_faulty_file(self, _now: datetime) -> None:
        self.imported_faulty = take_in(self.service, story.CORRIDOR, story.SENDER, self.faulty.data)

    def _give_opinion(self, officer: int, uetr: UUID, opinion: Opinion, _now: datetime) -> None:
        case = f"hold-{uetr}"
        who = story.OFFICERS[officer]
        reasons = commit(seeded_salt(self.seed, f"{who}/{case}"), "opinion", f"{opinion}: compared name, town and date of birth").hex()
        said = c.GiveOpinion(
            corridor=story.CORRIDOR,
            actor=who,
            idempotency_key=f"opinion/{case}",
            cause=case,
            case=case,
            opinion=opinion,
            reasons=reasons,
        )
        ask(self.ledger, said)

    def _ask_quotes(self, _now: datetime) -> None:
        ask_all(
            self.ledger,
            [
                c.AskQuote(
                    corridor=story.CORRIDOR,
                    actor=story.SENDER,
                    idempotency_key=f"quote/{quote}",
                    cause="counter",
                    quote=quote,
                    creditor_agent=story.PAYER,
                    amount=order.instructed_minor,
                    currency=order.instructed_currency,
                    charge_bearer=order.charge_bearer.value,
                )
                for quote, order in zip(self.quotes, self.quoted_orders, strict=True)
            ],
        )

    def _use_quotes(self, _now: datetime) -> None:
        for quote, order in list(zip(self.quotes, self.quoted_orders, strict=True))[:-1]:
            _expect(self._send_quoted(quote, order))

    def _use_lapsed_quote(self, _now: datetime) -> None:
        self.lapsed = self._send_quoted(self.quotes[-1], self.quoted_orders[-1])

    def _send_quoted(self, quote: UUID, order: CreditTransfer) -> Answer:
        stated = order_of(order, self.terms).model_copy(update={"quote": quote, "stated_settlement": None})
        key = f"transfer/{order.uetr}"
        return send_order(self.service, story.CORRIDOR, story.SENDER, stated, idempotency_key=key, cause="counter")

    def _deliver_parcel(self, _now: datetime) -> None:
        for order in self.orders:
            if order.release_condition is not None:
                met = c.MeetCondition(
                    corridor=story.CORRIDOR,
                    actor=story.SENDER,
                    idempotency_key=f"condition/{order.uetr}",
                    cause="parcel delivered",
                    uetr=order.uetr,
                    reference=order.release_condition.reference,
                )
                ask(self.ledger, met)

    # The paying bank

    def _answer_feed(self, now: datetime) -> None:
        with up_to_date(self.service, story.CORRIDOR) as at:
            self.payer.read_feed(at, now)
        self.payer.answer_feed(now)

    def _pay_accepted(self, now: datetime) -> None:
        self.payer.pay_accepted(now)

    def _answer_and_pay(self, now: datetime) -> None:
        self._answer_feed(now)
        self.payer.pay_accepted(now)

    def _hand_out_cash(self, now: datetime, visit: int) -> None:
        """The debtor was told the code at the counter and passed it on; the creditor brings it."""
        self.payer.hand_out_cash(now, visit, self.service.intake(story.CORRIDOR))

    def _give_back(self, part: int, now: datetime) -> None:
        self.payer.give_back(now, part, len(story.RETURNED_IN_PARTS))

    # Jobs

    def _flag_silence(self, _now: datetime) -> None:
        self.flagged = flag_unanswered(self.service, story.CORRIDOR)

    def _expire(self, _now: datetime) -> None:
        self.expired = expire_due(self.service, story.CORRIDOR)

    def _night(self, day: date) -> Callable[[datetime], None]:
        def run(now: datetime) -> None:
            with up_to_date(self.service, story.CORRIDOR) as at:
                self.sender.keep_books(at, now)
            books = (self.sender.book, self.payer.book, self.settlement.book)
            statements = [statement for book in books if (statement := book.statement_on(day)) is not None]
            self.reports.append(run_nightly(self.service, story.CORRIDOR, statements, day))

        return run

    # Settlement and treasury

    def _charge_unannounced(self, now: datetime) -> None:
        self.settlement.charge(now, story.SENDER, story.UNANNOUNCED_CHARGE, "SB-CHARGE-7741", announced=False)

    def _close_cycle(self, _now: datetime) -> None:
        closed = close_cycle(self.service, story.CORRIDOR)
        if closed is None:
            raise UnexpectedRefusal("The settlement cycle did not close: its day is no business day.")
        self.cycle_number = closed["cycle"]
        self.cycle = {side: closed[side] for side in ("pay_ins", "pay_outs")}

    def _buy_cover(self, now: datetime) -> None:
        """The sender buys in the market what it must pay in, a little dearer than its sheet said."""
        for participant, amount in self.cycle["pay_ins"].items():
            self._move_cash(now, participant, "cover_spent", self._dealt(participant, amount))

    def _pay_in(self, now: datetime) -> None:
        for participant, amount in self.cycle["pay_ins"].items():
            self.settlement.receive_pay_in(now, self.cycle_number, participant, amount)
        self.settlement.charge(now, story.SENDER, story.ANNOUNCED_CHARGE, "SB-CHARGE-7802", announced=True)

    def _pay_out(self, now: datetime) -> None:
        for participant, amount in self.cycle["pay_outs"].items():
            self.settlement.send_pay_out(now, self.cycle_number, participant, amount)

    def _sell_cover(self, now: datetime) -> None:
        for participant, amount in self.cycle["pay_outs"].items():
            self._move_cash(now, participant, "cover_received", self._dealt(participant, amount))

    def _dealt(self, participant: str, amount: int) -> int:
        rates = {story.SENDER: story.MAD_PER_USD_DEALT, story.PAYER: story.CNY_PER_USD_DEALT}
        currency = self.terms.participant(participant).currency
        return convert_back(amount, "USD", currency, target_per_source=rates[participant], rounding=self.terms.quoting.rounding)

    def _take_fees(self, now: datetime) -> None:
        """Each bank takes the fees that stood on its account just before."""
        for participant in (story.SENDER, story.PAYER):
            account = f"{participant}:fees:{self.terms.participant(participant).currency}"
            with up_to_date(self.service, story.CORRIDOR) as at:
                fees = balance(at, account, now - _JUST_BEFORE).balance
            self._move_cash(now, participant, "fees_taken", fees)

    def _move_cash(self, now: datetime, participant: str, kind: CashKind, amount: int) -> None:
        book = self.sender.book if participant == story.SENDER else self.payer.book
        move_cash(self.ledger, book, participant, at=now, kind=kind, amount=amount)


def _with_hits(orders: tuple[CreditTransfer, ...]) -> tuple[list[CreditTransfer], UUID, UUID]:
    """The orders with two invented names of the screening list in them, and the UETRs of these two."""
    changed = list(orders)
    plain = [at for at, order in enumerate(orders) if order.product is Product.ACCOUNT_TO_ACCOUNT and order.release_condition is None]
    places = plain[0], plain[1]
    for at, entry in zip(places, ENTRIES, strict=False):
        name, arabic, _ = entry.names
        changed[at] = replace(orders[at], debtor=replace(orders[at].debtor, name=name, native_name=arabic))
    return changed, orders[places[0]].uetr, orders[places[1]].uetr


def _rounded_up(amount: int, step: int) -> int:
    return -(-amount // step) * step


def _expect(answer: Answer) -> None:
    if answer.result is None:
        raise UnexpectedRefusal(f"The ledger refused what it should take: {(answer.refusal or {}).get('detail')}")
