"""Watches browser contexts and remembers what no page of ours may do; a test fails by what it remembers at its end."""

import re
from contextlib import suppress

from playwright.sync_api import BrowserContext, ConsoleMessage, Dialog, Error, Request, WebError

# A blocked thing is told twice, here with its place and by the console; both say "Content Security Policy".
TELL_VIOLATIONS = """
addEventListener('securitypolicyviolation', event => tellViolation(
    `${event.effectiveDirective} blocked ${event.blockedURI} at ${event.sourceFile}:${event.lineNumber} ${event.sample}`));
"""
OFFLINE = r"net::ERR_(CONNECTION_REFUSED|CONNECTION_RESET|EMPTY_RESPONSE|INTERNET_DISCONNECTED)"
"""What the console says of requests that found no server, for `watch.expect(OFFLINE)`."""


class Watch:
    """Errors in the console, errors of scripts, blocked things, requests to other origins, and dialogs of the browser's own."""

    def __init__(self) -> None:
        self.findings: list[str] = []
        self._expected: list[str] = []
        self._contexts: list[BrowserContext] = []

    def follow(self, context: BrowserContext, origin: str) -> None:
        """Watch all pages of a context, whose only origin is to be `origin` (http://host:port)."""
        self._contexts.append(context)
        context.expose_binding("tellViolation", lambda _, text: self._found(f"Content Security Policy: {text}"))
        context.add_init_script(TELL_VIOLATIONS)
        context.on("console", self._console)
        context.on("weberror", self._script_error)
        context.on("dialog", self._dialog)
        context.on("request", lambda request: self._request(request, origin))

    def expect(self, *patterns: str) -> None:
        """Let findings pass that one of the regular expressions is found in: `watch.expect("status of 422", OFFLINE)`."""
        self._expected += patterns

    def unexpected(self) -> list[str]:
        """What was found and not expected, up to this moment."""
        for page in (page for context in self._contexts for page in context.pages):
            with suppress(Error):  # a round trip brings what is on its way; a page that is gone has no more to say
                page.evaluate("0")
        return [finding for finding in self.findings if not any(re.search(pattern, finding) for pattern in self._expected)]

    def close(self) -> None:
        """Close the contexts, and fail if anything unexpected was found."""
        found = self.unexpected()
        for context in self._contexts:
            context.close()
        assert not found, "The browser complains:\n" + "\n".join(found)

    def _found(self, finding: str) -> None:
        self.findings.append(finding)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            place = message.location
            self._found(f"console error: {message.text} ({place['url']}:{place['lineNumber']})")

    def _script_error(self, error: WebError) -> None:
        self._found(f"script error: {error.error}")

    def _dialog(self, dialog: Dialog) -> None:
        self._found(f"dialog: {dialog.type} {dialog.message!r}")
        dialog.dismiss()

    def _request(self, request: Request, origin: str) -> None:
        if not request.url.startswith((f"{origin}/", "data:", "blob:")):
            self._found(f"request to another origin: {request.method} {request.url}")
