"""
Chromium for the tests: the one that is installed, or Debian's, which is installed where that may be done.

Playwright only drives it; it downloads no browser of its own.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Dialog, Error, Page, Request, sync_playwright

from tests.integration import debian

_NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
_HOW_TO_LEAVE_OUT = "Install Chromium, or leave out the tests that need it: nox -s tests -- -m 'not browser'."


@dataclass
class Heard:
    """What a page did besides being shown: complaints on its console, addresses it asked for, boxes it opened."""

    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    boxes: list[str] = field(default_factory=list)

    def listen(self, page: Page) -> None:
        """Note everything that the page does from now on."""
        page.on("console", self._complain)
        page.on("pageerror", self._fail)
        page.on("request", self._ask)
        page.on("dialog", self._open)

    def _complain(self, message: ConsoleMessage) -> None:
        self.complaints.append(message.text)

    def _fail(self, error: Error) -> None:
        self.complaints.append(str(error))

    def _ask(self, request: Request) -> None:
        self.requests.append(request.url)

    def _open(self, dialog: Dialog) -> None:
        self.boxes.append(dialog.message)
        dialog.dismiss()


@contextmanager
def running() -> Iterator[Browser]:
    """Give a browser without a window."""
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=_path(), args=arguments)
        yield browser
        browser.close()


def _path() -> str:
    if not _installed():
        debian.install("chromium", "fonts-dejavu-core")
    return _installed() or pytest.fail(f"There is no Chromium. {_HOW_TO_LEAVE_OUT}")


def _installed() -> str | None:
    return next(filter(None, map(shutil.which, _NAMES)), None)
