"""The console in a real browser without script: two officers sign in, approve a held transfer, and sign out.

Skipped where there is no Chromium with its driver (Debian: ``apt-get install chromium chromium-driver``).
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from selenium.common.exceptions import WebDriverException
from selenium.webdriver import Chrome, ChromeOptions, ChromeService
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support import expected_conditions as until
from selenium.webdriver.support.wait import WebDriverWait

from tests.acceptance.conftest import ServedCorridor, told, uetr

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
HOLD = f"hold-{uetr(1)}"
PATIENCE_SECONDS = 60

pytestmark = pytest.mark.skipif(
    not (CHROMIUM and DRIVER), reason="There is no Chromium with its driver here: apt-get install chromium chromium-driver."
)

OpenBrowser = Callable[[], Chrome]


@pytest.fixture
def open_browser(tmp_path: Path) -> Iterator[OpenBrowser]:
    """Opens browsers without a window and without script, each with a profile of its own."""
    with ExitStack() as open_browsers:
        profiles = iter(range(1, 100))

        def open_one() -> Chrome:
            options = ChromeOptions()
            options.binary_location = str(CHROMIUM)
            for argument in (
                "--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--disable-background-networking",
                "--disable-component-update", "--no-first-run", f"--user-data-dir={tmp_path / f'profile-{next(profiles)}'}",
            ):  # fmt: skip
                options.add_argument(argument)
            options.add_experimental_option("prefs", {"profile.managed_default_content_settings.javascript": 2})
            options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
            browser = Chrome(options, ChromeService(str(DRIVER)))
            open_browsers.callback(browser.quit)
            return browser

        yield open_one


def click(browser: Chrome, element: str) -> None:
    """Clicks the element with this id and waits until its page has gone."""
    clicked = browser.find_element(By.ID, element)
    clicked.click()
    # While one page goes and the next one comes, the driver may know neither: then it is asked again.
    WebDriverWait(browser, PATIENCE_SECONDS, ignored_exceptions=[WebDriverException]).until(until.staleness_of(clicked))


def sign_in(browser: Chrome, person: str, page: str) -> None:
    """To a page, by way of the identity provider."""
    browser.get(page)
    click(browser, "begin")
    click(browser, person)
    assert browser.current_url.partition("?")[0] == page


def approve(browser: Chrome, reasons: str) -> None:
    """Fills in the form of the case's page by keyboard."""
    browser.find_element(By.ID, "clear").send_keys(Keys.SPACE)
    browser.find_element(By.ID, "reasons").send_keys(reasons)
    click(browser, "give-opinion")


def shown(browser: Chrome, element: str) -> str:
    return browser.find_element(By.ID, element).text


def test_two_officers_approve_a_held_transfer(console: ServedCorridor, open_browser: OpenBrowser) -> None:
    """From the first page to the money that moves; the browser objects to nothing on any page."""
    page = f"{console.url}/console/corridors/{console.corridor}/cases/{HOLD}"
    amina, bao = open_browser(), open_browser()
    sign_in(amina, "amina", page)
    sign_in(bao, "bao", page)
    assert (shown(amina, "who"), shown(bao, "who")) == ("officer:amina, officer", "officer:bao, officer, senior officer")
    approve(amina, "Another date of birth; the identity card was seen.")
    assert (shown(amina, "outcome"), shown(amina, "opinions")) == ("open", "officer:amina: clear")
    approve(amina, "I am still sure.")
    assert shown(amina, "detail") == f"officer:amina gave this opinion on case {HOLD} before."
    approve(bao, "Agreed.")
    assert shown(bao, "outcome") == "clear, by officer:amina and officer:bao"
    assert told(console.get("abb", f"/transfers/{uetr(1)}", at_least=console.head()), 200)["state"] == "dispatched"
    click(bao, "show-parties")
    assert "Qasmir Volnadi" in shown(bao, "debtor")
    click(bao, "sign-out")
    bao.get(page)
    assert bao.current_url.startswith(f"{console.url}/console/sign-in?")
    objections = [entry["message"] for browser in (amina, bao) for entry in browser.get_log("browser")]
    # The page that refused is told by its status.
    assert [words for words in objections if "403" not in words] == []
