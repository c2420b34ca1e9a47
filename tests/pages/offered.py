"""What a page offers: every address in it that somebody, or the script, can follow or send a form to, with the method that goes with it."""

from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

from flask import Flask
from werkzeug.exceptions import MethodNotAllowed, NotFound
from werkzeug.routing import RequestRedirect

HTMX = {f"hx-{method}": method.upper() for method in ("get", "post", "put", "patch", "delete")}


class _Offers(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: set[tuple[str, str]] = set()
        self._form = ("GET", "")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        has = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._form = (has.get("method", "get").upper(), has.get("action", ""))
            self.found.add(self._form)
        if "formaction" in has or "formmethod" in has:
            self.found.add((has.get("formmethod", self._form[0]).upper(), has.get("formaction", self._form[1])))
        if tag in ("a", "area") and "href" in has:
            self.found.add(("GET", has["href"]))
        self.found.update((method, has[name]) for name, method in HTMX.items() if name in has)
        for name in ("data-url", "src"):
            if name in has:
                self.found.add(("GET", has[name]))
        if "data-at" in has:
            self.found.add(("GET", f"{has['data-at']}0"))


def offers(html: str, path: str) -> set[tuple[str, str]]:
    """Return the methods and addresses that a page at `path` offers, without their fragments; places of the page itself are none."""
    parser = _Offers()
    parser.feed(html)
    return {(method, urljoin(path, address).partition("#")[0]) for method, address in parser.found if not address.startswith("#")}


def endpoint_of(app: Flask, method: str, address: str) -> str:
    """Return the endpoint that an address of ours leads to; raise where it leads nowhere, or to another site."""
    parts = urlsplit(address)
    if parts.scheme or parts.netloc:
        raise AssertionError(f"{address} leads to another site")
    try:
        endpoint = str(app.url_map.bind("localhost").match(parts.path, method=method)[0])
    except (NotFound, MethodNotAllowed, RequestRedirect) as error:
        raise AssertionError(f"{method} {address} leads nowhere: {error!r}") from None
    if endpoint == "ui.nowhere":
        raise AssertionError(f"{method} {address} leads nowhere")
    return endpoint
