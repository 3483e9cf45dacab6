"""A bank learns of everything that happened to its transfers by reading on from where it stopped."""

from tests.acceptance.conftest import ServedCorridor, told, transfer, uetr

NINE = "2026-03-27T09:00:00Z"


def test_a_bank_reads_its_feed_page_by_page_and_goes_on_where_it_stopped(served: ServedCorridor) -> None:
    """Every step once, in log order, however small the pages; an empty page gives back what was asked."""
    told(served.post("abb", "/transfers", transfer(1), "t1"), 201)
    told(served.post("psbc", f"/transfers/{uetr(1)}/accept", {}, "a1"), 200)
    pages, after = [], 0
    while True:
        page = told(served.get("abb", "/feed", after=after, limit=2, at_least=served.head()), 200)
        assert page["position"] == served.head()
        if not page["entries"]:
            break
        assert len(page["entries"]) <= 2
        pages.append([(entry["kind"], entry["uetr"], entry["recorded_at"]) for entry in page["entries"]])
        after = page["next"]
        assert after == page["entries"][-1]["position"]
    assert pages == [[("initiated", uetr(1), NINE), ("dispatched", uetr(1), NINE)], [("accepted", uetr(1), NINE)]]
    assert page["next"] == after

    told(served.post("psbc", f"/transfers/{uetr(1)}/pay", {}, "p1"), 200)
    later = told(served.get("abb", "/feed", after=after, at_least=served.head()), 200)
    assert [entry["kind"] for entry in later["entries"]] == ["paid"]
    whole = told(served.get("psbc", "/feed", at_least=served.head()), 200)
    assert [(entry["kind"], entry["position"]) for entry in whole["entries"]][1:] == [
        ("accepted", after), ("paid", later["entries"][0]["position"]),
    ]  # fmt: skip


def test_a_feed_is_a_banks_own(served: ServedCorridor) -> None:
    """The settlement bank's is empty, since no transfer is its own; who oversees the corridor has none."""
    told(served.post("abb", "/transfers", transfer(1), "t1"), 201)
    assert told(served.get("bank:settlement", "/feed"), 200)["entries"] == []
    problem = told(served.get("officer:amina", "/feed"), 403)
    assert (problem["type"], problem["value"]) == ("/problems/not-permitted", "officer:amina")
