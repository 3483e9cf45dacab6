"""Rates as the banks publish them, and the terms they agreed on."""

import json
from typing import Any

from api.schemas.agreements import PUBLISHED
from api.signing import idempotency_key
from corridors import shipped_terms
from tests.acceptance.conftest import ServedCorridor, told, transfer


def publish(served: ServedCorridor, who: str, rates: Any, key: str) -> Any:
    """Sends rates as their publisher writes them."""
    body = rates if isinstance(rates, bytes) else json.dumps(rates).encode()
    return served.client.post(
        served.path("/rate-sheets"), content=body, headers={"Content-Type": "application/json"} | idempotency_key(key),
        auth=served.signer(who),
    )  # fmt: skip


def rows(usd: float, at: str) -> list[dict[str, Any]]:
    return [{"date": at, "libDevise": "USD", "moyen": usd, "uniteDevise": 1}]


def test_a_published_sheet_is_in_force_for_the_next_transfer(served: ServedCorridor) -> None:
    """In the shape Bank Al-Maghrib publishes, units honoured; sent again it is the same sheet, under any key."""
    published = publish(served, "abb", [*PUBLISHED[1:], *rows(9.5, "2026-03-27T08:30:00")], "s1")
    answer = told(published, 201)
    sheet = answer["sheet"]
    assert (answer["changed"], answer["position"], sheet.startswith("abb-2026-03-27-")) == (True, served.head(), True)
    before = served.head()
    again = publish(served, "abb", [*PUBLISHED[1:], *rows(9.5, "2026-03-27T08:30:00")], "s1")
    assert (again.content, again.headers["Idempotent-Replayed"]) == (published.content, "true")
    told(publish(served, "abb", [*PUBLISHED[1:], *rows(9.5, "2026-03-27T08:30:00")], "s2"), 201)
    assert served.head() == before
    found = told(served.get("psbc", "/rate-sheets", at_least=before, participant="abb", in_force=False), 200)["rate_sheets"]
    assert [row for row in found if row["sheet"] == sheet] == [
        {
            "participant": "abb",
            "sheet": sheet,
            "base_currency": "MAD",
            "rates": {"CNY": "1.3504", "JPY": "0.062113", "USD": "9.5"},
            "valid_from": "2026-03-27T11:30:00Z",
            "valid_until": "2026-03-31T11:30:00Z",
            "source": "Bank Al-Maghrib",
            "published_at": "2026-03-27T09:00:00Z",
        }
    ]


def test_a_new_sheet_prices_what_comes_after_it(served: ServedCorridor) -> None:
    """At MAD 10 a dollar the same MAD 1,000.00 come to USD 100.00. Half past nine in Casablanca is half past eight UTC."""
    told(publish(served, "abb", rows(10, "2026-03-27T09:30:00"), "s1"), 201)
    quoted = told(served.post("abb", "/quotes", {"creditor_agent": "psbc", "amount": "1000.00", "currency": "MAD"}, "q1"), 201)
    assert quoted["pricing"]["settlement"] == {"amount": "100.00", "currency": "USD"}
    told(served.post("abb", "/transfers", transfer(), "t1"), 201)


def test_rates_that_cannot_be_read_or_contradict_themselves_are_refused(served: ServedCorridor) -> None:
    """Each with its field, value and way out, and nothing is published."""
    before = served.head()
    twice = [*rows(9.3, "2026-03-27T08:30:00"), *rows(9.4, "2026-03-27T08:30:00")]
    answers = {
        "not JSON": (publish(served, "abb", b"{", "r1"), 400, "unreadable-rates", "answer"),
        "no list": (publish(served, "abb", {}, "r2"), 400, "unreadable-rates", "answer"),
        "a bad unit": (publish(served, "abb", [rows(9.3, "2026-03-27T08:30:00")[0] | {"uniteDevise": 7}], "r3"), 400,
                       "unreadable-rates", "uniteDevise"),
        "two prices": (publish(served, "abb", twice, "r4"), 422, "rate-sheet-invalid", "USD"),
        "an officer's": (publish(served, "officer:amina", rows(9.3, "2026-03-27T08:30:00"), "r5"), 403, "key-not-permitted",
                         "keyid"),
    }  # fmt: skip
    told_of = {what: (told(answer, status)["type"], answer.json()["field"]) for what, (answer, status, _, _) in answers.items()}
    assert told_of == {what: (f"/problems/{code}", field) for what, (_, _, code, field) in answers.items()}
    assert served.head() == before


def test_a_key_used_for_one_sheet_does_not_serve_another(served: ServedCorridor) -> None:
    """The key is bound to the bytes it came with."""
    told(publish(served, "abb", rows(9.3, "2026-03-27T08:30:00"), "s1"), 201)
    reused = told(publish(served, "abb", rows(9.4, "2026-03-27T08:45:00"), "s1"), 422)
    assert reused["type"] == "/problems/key-reused"


def test_both_banks_see_the_terms_in_force(served: ServedCorridor) -> None:
    """The document as it was agreed, word for word."""
    expected = shipped_terms("abb-psbc").model_copy(update={"code": served.corridor}).model_dump(mode="json", exclude_none=True)
    answers = [told(served.get(who, "/terms"), 200) for who in ("abb", "psbc")]
    assert answers == [{"position": served.head(), "terms": expected}] * 2


def test_the_document_is_there_for_those_who_may_ask(served: ServedCorridor) -> None:
    """Signed like every other read, it is the one the application describes itself by."""
    assert told(served.get("abb", "/openapi.json"), 200) == served.app.openapi()
