"""The built site in Chromium. Without the site's requirements every test here is skipped and says what is missing.

``KATA_SITE=required`` (continuous integration) turns the skips into errors.
"""

from __future__ import annotations

import functools
import http.server
import os
import shutil
import threading
from importlib.util import find_spec

import pytest

from site_build.__main__ import Handler
from site_build.places import HTML


def missing() -> str | None:
    """What these tests need and this machine lacks; None if all is there."""
    for module in ("mkdocs", "material", "playwright", "pyte"):
        if find_spec(module) is None:
            return f"{module} is not installed (python -m pip install -r requirements-site.txt)"
    if shutil.which("npm") is None:
        return "Node is not installed"
    if browser_path() is None:
        return "no Chromium or Chrome on the path"
    return None


def browser_path() -> str | None:
    """The browser's program."""
    for name in ("chromium", "chromium-browser", "google-chrome", "chrome"):
        found = shutil.which(name)
        if found:
            return found
    return None


@pytest.fixture(scope="session")
def tools():
    """The site's requirements are here."""
    lacking = missing()
    if lacking:
        (pytest.fail if os.environ.get("KATA_SITE") == "required" else pytest.skip)(
            f"the site is not tested: {lacking}"
        )


@pytest.fixture(scope="session")
def site(tools):
    """Folder of the site, built once."""
    from site_build.build import build

    with pytest.MonkeyPatch.context() as patch:  # as the workflow that publishes it
        patch.setenv("SITE_URL", f"https://example.org{BELOW}/")
        patch.setenv("REPO_URL", "https://github.com/example/kata")
        build()
    return HTML


BELOW = "/kata"
"""Where the site stands on its host, as on Pages: not at the top."""


class Host(Handler):
    def translate_path(self, path):
        """The file of an address."""
        return super().translate_path(path[len(BELOW) :] if path.startswith(f"{BELOW}/") else "/nothing/here")

    def log_message(self, *arguments):
        """Says nothing: a test's output is its own."""


@pytest.fixture(scope="session")
def address(site):
    """Where the site is served, with a slash at the end."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Host, directory=str(site)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}{BELOW}/"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="session")
def browser(site):
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path(), args=["--no-sandbox"])
        yield browser
        browser.close()


class Tab:
    """One page of the browser that writes down what should not happen."""

    def __init__(self, browser, address: str, **options) -> None:
        self.complaints: list[str] = []
        self.context = browser.new_context(**options)
        self.page = self.context.new_page()
        self.page.set_default_timeout(15_000)
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.complaints.append(f"error: {error}"))
        self.page.on("requestfailed", self._failed)
        allowed = (address, "file:", "data:", "blob:", "about:")
        self.page.on(
            "request",
            lambda request: request.url.startswith(allowed) or self.complaints.append(f"request to {request.url}"),
        )

    def _failed(self, request) -> None:
        if request.failure != "net::ERR_ABORTED":  # aborted: the test has left the page
            self.complaints.append(f"request failed: {request.url}: {request.failure}")

    def _console(self, message) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(f"console: {message.text}")


@pytest.fixture
def open_tab(browser, address):
    """A function that opens a page of the site; its complaints fail the test at the end."""
    tabs = []

    def open_(path: str, **options):
        tab = Tab(browser, address, **{"viewport": {"width": 1280, "height": 900}, **options})
        tabs.append(tab)
        tab.page.goto(path if path.startswith("file:") else address + path)
        return tab.page

    yield open_
    complaints = [complaint for tab in tabs for complaint in tab.complaints]
    for tab in tabs:
        tab.context.close()
    assert not complaints, "\n".join(complaints)
