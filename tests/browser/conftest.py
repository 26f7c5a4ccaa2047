"""A browser, a served page, and a network that ends at it."""

import shutil
from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, sync_playwright

from support.issuers import IssuedForms, SimulatedCourt
from support.served import served
from xinzheng_verifier import Policy, TrustStore, Verifier
from xinzheng_verifier.web import create_app

ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
REVOKED = 7  # the index that is set in the court's list


@pytest.fixture(scope="module")
def court() -> SimulatedCourt:
    return SimulatedCourt()


@pytest.fixture(scope="module")
def address(court: SimulatedCourt) -> Iterator[str]:
    trust = TrustStore.from_documents([court.issuer_document()], court.status_lists(revoked=[REVOKED]))
    app = create_app(Verifier(trust, policy=Policy(max_status_age=timedelta(hours=24))), clock=lambda: court.now)
    with served(app) as url:
        yield url


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("chromium is not installed")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def context(browser: Browser, address: str) -> Iterator[BrowserContext]:
    """A fresh profile whose network ends at this server; what the page would fetch elsewhere fails the test."""
    context = browser.new_context(locale="en-GB", timezone_id="Asia/Shanghai")
    strangers: list[str] = []

    def guard(route: Route) -> None:
        if route.request.url.startswith(f"{address}/"):
            route.continue_()
        else:
            strangers.append(route.request.url)
            route.abort()

    context.route("**/*", guard)
    yield context
    context.close()
    assert strangers == []


@pytest.fixture
def page(context: BrowserContext, address: str) -> Iterator[Page]:
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("dialog", lambda dialog: complaints.append(dialog.message))
    page.goto(address)
    yield page
    assert complaints == []


@pytest.fixture
def unguarded(context: BrowserContext, address: str) -> Page:
    """A page whose console may complain of a server that is away."""
    page = context.new_page()
    page.goto(address)
    return page


@pytest.fixture(scope="module")
def forms(court: SimulatedCourt) -> IssuedForms:
    return court.issue()
