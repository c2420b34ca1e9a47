"""What a browser would send of the run form on a page, as it stands."""

from html.parser import HTMLParser
from typing import Any

from werkzeug.datastructures import MultiDict
from werkzeug.test import TestResponse


class _Forms(HTMLParser):
    """The successful controls of each form, in the order of the page."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[list[tuple[str, str]]] = []
        self._select = ""
        self._text: list[str] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append([])
        elif tag == "textarea":
            self._text = []
            self.forms[-1].append((found["name"], ""))
        elif tag == "select" and "name" in found:
            self._select = found["name"]
        elif tag == "option" and self._select:
            if self.forms[-1][-1][0] != self._select:
                self.forms[-1].append((self._select, found["value"]))
            elif "selected" in found:
                self.forms[-1][-1] = (self._select, found["value"])
        elif tag == "input" and "name" in found and self.forms and (found.get("type") != "checkbox" or "checked" in found):
            self.forms[-1].append((found["name"], found.get("value", "")))

    def handle_data(self, data: str) -> None:
        if self._text is not None:
            self._text.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea" and self._text is not None:
            name, _ = self.forms[-1][-1]
            # HTML drops the line end that follows the start tag; a browser sends line ends as CR LF.
            self.forms[-1][-1] = (name, "".join(self._text).removeprefix("\n").replace("\n", "\r\n"))
            self._text = None
        elif tag == "select":
            self._select = ""


def run_form(answer: TestResponse) -> MultiDict[str, str]:
    """Return what the form with the run parameters holds, but for its CSRF token."""
    parser = _Forms()
    parser.feed(answer.text)
    [form] = [form for form in parser.forms if any(name == "command" for name, _ in form)]
    return MultiDict([(name, value) for name, value in form if name != "csrf_token"])


def changed(form: MultiDict[str, str], **values: Any) -> dict[str, Any]:
    """Return the form with these values in place of its own, as Person.post() takes it."""
    return {**form.to_dict(flat=False), **values}
