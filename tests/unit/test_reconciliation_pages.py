"""The treasurer's page: the same bytes, whole as JSON, tables and HTML; nothing from outside gets into the HTML unescaped."""

from __future__ import annotations

import io
from datetime import date
from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from reconciliation.pages import headline, report_tables
from reconciliation.picture import part_widths, picture
from reconciliation.report import (
    AccountPage,
    AtRisk,
    BreakByAge,
    ClassTotal,
    FloorAlert,
    MovedTotal,
    ParticipantPage,
    Report,
    ReportedDifference,
    TimingLine,
)
from reconciliation.web_page import report_html

DAY = date(2026, 3, 30)
HOSTILE = "<script>alert('x')</script>&\"[red]"
SENTENCE = "Ask PSBC what it is."

DIFFERENCE = ReportedDifference(
    break_id="missing-in-ledger-1", break_class="missing_in_ledger", account="psbc:cash:CNY", currency="CNY", difference="-720.00",
    statement_amount="-720.00", ledger_amount=None, reference=HOSTILE, statement="S1", entry="3", position=None, booked_on=DAY,
    found_on=DAY, age_days=0, new=True, next_step=SENTENCE,
)  # fmt: skip
PAGE = AccountPage(
    account="psbc:cash:CNY", bank="Postal Savings Bank of China", currency="CNY", statement="S1", first_day=DAY, last_day=DAY,
    opening="0.00", moved="280.00", closing="280.00", ledger_closing="1000.00", explained="-720.00", unexplained="0.00",
    follows_on=True, statement_lines=500, carried_lines=0,
    classes=(
        ClassTotal(line_class="matched", statement_lines=499, ledger_lines=499, debits="1000.00", credits="0.00"),
        ClassTotal(line_class="missing_in_ledger", statement_lines=1, ledger_lines=0, debits="0.00", credits="720.00"),
        ClassTotal(line_class="timing", statement_lines=0, ledger_lines=1, debits="0.00", credits="5.00"),
    ),
    differences=(DIFFERENCE,),
    timing=(TimingLine(side="ledger", amount="-5.00", reference="T-1", booked_on=DAY),),
)  # fmt: skip
BANK = ParticipantPage(
    participant="psbc", name="Postal Savings Bank of China", currency="CNY", cash="280.00",
    moved=(MovedTotal(entry="payout", times=2, amount="-1440.00"),), settlement_currency="USD", position="-151.00", cap="100000.00",
    room="99849.00", pay_in_due="151.00", pay_out_due="0.00", transfers_in_flight=1, in_flight="100.00", transfers_held=0,
    held_before_funding="0.00", transfers_unknown=1,
)  # fmt: skip
REPORT = Report(
    id="2026-03-30-0123456789ab", corridor="abb-psbc", name="Al-Barid Bank – Postal Savings Bank of China", business_date=DAY,
    boundary=255, recorded_at="2026-03-30T17:31:00+00:00", moved_from=DAY, moved_through=DAY, accounts=(PAGE,),
    accounts_without_statement=("abb:cash:MAD",), participants=(BANK,), settlement_currency="USD", in_flight="100.00",
    remuneration="1.00", settling="0.00", settlement_bank="-5.00", suspense={"CNY": "-7.00"},
    below_floor=(FloorAlert(account="corridor:settlement_bank:USD", currency="USD", balance="-5.00", floor="0.00"),),
    open_breaks=(
        BreakByAge(
            break_id="missing-in-ledger-1", break_class="missing_in_ledger", account="psbc:cash:CNY", currency="CNY",
            difference="-720.00", reference=HOSTILE, state="open", found_on=DAY, age_days=0,
        ),
    ),
    at_risk=(AtRisk(currency="CNY", breaks=1, amount="720.00"),), verified="16 rules hold at position 255",
)  # fmt: skip
CALM = REPORT.model_copy(
    update={
        "accounts": (PAGE.model_copy(update={"differences": ()}),), "accounts_without_statement": (), "open_breaks": (),
        "at_risk": (), "below_floor": (), "verified": "",
    }
)  # fmt: skip


def shown(report: Report, width: int = 80) -> str:
    """What a terminal of that width shows."""
    console = Console(file=io.StringIO(), width=width, color_system=None)
    console.print(report_tables(report))
    return console.file.getvalue()  # type: ignore[attr-defined, no-any-return]


def test_a_report_is_the_same_bytes_there_and_back() -> None:
    """JSON with keys in order and one line end; read again it is the same report."""
    document = REPORT.to_json()
    assert document.endswith(b"}\n")
    assert Report.from_json(document) == REPORT
    assert Report.from_json(document).to_json() == document


def test_the_headline_says_the_night_in_one_sentence() -> None:
    """What differs, and whose statement is missing."""
    assert headline(REPORT) == "1 statement held against the ledger at position 255: 1 new difference; no statement of abb:cash:MAD."
    assert headline(CALM) == "1 statement held against the ledger at position 255: no new difference."


def test_the_terminal_shows_all_that_matters_within_eighty_columns() -> None:
    """The difference with what to do, the balances, the banks, the breaks, the alert, the verification."""
    text = shown(REPORT)
    assert max(len(line) for line in text.splitlines()) <= 80
    for part in (
        "missing in ledger", HOSTILE, SENTENCE, "499 of 500", "1000.00", "payout ×2 -1440.00", "-151.00", "99849.00", "outcome unknown",
        "Below their floor", "720.00 CNY in 1", "suspense -7.00 CNY", "Verified: 16 rules hold at position 255",
    ):  # fmt: skip
        assert part in text
    large = PAGE.model_copy(update={"closing": "-9999999999999999.99", "ledger_closing": "9999999999999999.99"})
    text = shown(REPORT.model_copy(update={"accounts": (large,)}))
    assert ("-9999999999999999.99" in text, " 9999999999999999.99" in text) == (True, True)
    for part in ("What differs", "Below their floor", "Open breaks", "Verified"):
        assert part not in shown(CALM)


def test_nothing_from_outside_gets_into_the_page_unescaped() -> None:
    """References come from banks; the page has no script, and fetches nothing."""
    page = report_html(REPORT)
    assert HOSTILE not in page
    assert "&lt;script&gt;alert(&#x27;x&#x27;)&lt;/script&gt;&amp;&quot;[red]" in page
    assert all(word not in page.lower() for word in ("<script", "http-equiv", "src=", "href=", "url(", "@import"))


def test_the_page_is_whole_and_well_formed() -> None:
    """Every table and the picture, in one document an XML parser can read."""
    for report in (REPORT, CALM):
        page = report_html(report)
        tree = ElementTree.fromstring(page.removeprefix("<!DOCTYPE html>\n").replace('<meta charset="utf-8">', "").replace(
            '<meta name="viewport" content="width=device-width, initial-scale=1">', ""))  # fmt: skip
        heads = [heading.text for heading in tree.iter("h2")]
        assert ("What differs" in heads, "Banks" in heads, "psbc:cash:CNY" in heads) == (report is REPORT, True, True)
        assert len(list(tree.iter("{http://www.w3.org/2000/svg}svg"))) == 1


def test_the_picture_tells_its_counts_to_those_who_cannot_see_it() -> None:
    """Title and description; one bar an account, whose parts fill it."""
    tree = ElementTree.fromstring(picture(REPORT))
    space = "{http://www.w3.org/2000/svg}"
    assert tree.find(f"{space}title").text == "Lines of statements and ledger by class"  # type: ignore[union-attr]
    assert tree.find(f"{space}desc").text == "psbc:cash:CNY: 499 matched, 1 timing, 1 differs"  # type: ignore[union-attr]
    bar = [rect for rect in tree.iter(f"{space}rect") if rect.get("height") == "16"]
    assert [int(rect.get("width", "0")) for rect in bar] == [408, 6, 6]


@given(st.dictionaries(st.sampled_from(["matched", "timing", "corrected", "differs"]), st.integers(0, 10**6)))
def test_a_bar_is_filled_and_no_part_of_it_is_too_thin_to_see(counts: dict[str, int]) -> None:
    """However small a part is beside the others."""
    widths = part_widths(counts, 420)
    there = {name for name, count in counts.items() if count}
    assert widths.keys() == there
    assert sum(widths.values()) == (420 if there else 0)
    assert all(width >= 6 for width in widths.values())
