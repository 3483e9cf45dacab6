"""What the night job wrote is listed and shown to those who oversee the corridor, as it was written."""

from datetime import timedelta

from api.schemas.reports import REPORT
from ledger.projections.snapshot import snapshot
from reconciliation.archive import Archive, Night
from reconciliation.figures import read_figures
from reconciliation.report import Report
from tests.acceptance.conftest import FRIDAY_MORNING, ServedCorridor, told


def test_a_report_is_listed_and_shown_as_it_was_written(served: ServedCorridor) -> None:
    """The head of it in the list, the whole of it by its id; the position is the boundary it was read at."""
    position = served.head()
    told(served.get("operator:ops", "/accounts", at_least=position), 200)
    report = Report.model_validate(REPORT | {"corridor": served.corridor, "boundary": position})
    terms, day = served.service.ledger(served.corridor).terms(), report.business_date
    archive = Archive(served.service.pool, served.corridor)
    with snapshot(served.service.pool, served.corridor) as at:
        night = Night(report.id, report.business_date, position, read_figures(at, terms, day, day))
    archive.begin(night, FRIDAY_MORNING)
    archive.finish(night, report.to_json(), [], FRIDAY_MORNING + timedelta(hours=14))
    assert told(served.get("officer:amina", "/reports"), 200) == {
        "position": position,
        "reports": [{"id": report.id, "business_date": "2026-03-27", "boundary": position, "written_at": "2026-03-27T23:00:00Z"}],
    }
    shown = served.get("officer:amina", f"/reports/{report.id}")
    assert told(shown, 200) == {"position": position, "report": report.model_dump(mode="json")}
    assert shown.headers["Corridor-Position"] == str(position)
