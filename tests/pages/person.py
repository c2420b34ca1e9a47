"""Somebody at the pages without a browser: the cookies, and the CSRF token of the page that was seen last."""

import re
from html import unescape
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


class Person:
    """A client of the pages; `sign_in()` makes it somebody: the holder of `token`, or else of the admin token."""

    def __init__(self, app: Flask, token: str | None = None) -> None:
        self.app = app
        self.client = app.test_client()
        self.admin_token = (Path(app.instance_path) / "admin-token").read_text().strip()
        self.token = token or self.admin_token
        self.cookie_name: str = app.config["SESSION_COOKIE_NAME"]
        self.csrf = ""

    def sign_in(self) -> TestResponse:
        """Go through the login form with the token, and look at a page that everybody may see."""
        self.get("/ui/login/")
        answer = self.post("/ui/login/", token=self.token)
        assert answer.status_code == 303, answer.text
        self.get("/ui/task/")
        return answer

    def get(self, path: str, **more: Any) -> TestResponse:
        """GET a page, and remember its CSRF token."""
        return self.request("GET", path, **more)

    def post(self, path: str, /, headers: Any = None, **form: Any) -> TestResponse:
        """POST a form with the CSRF token of the page that was seen last."""
        return self.request("POST", path, data={"csrf_token": self.csrf, **form}, headers=headers)

    def request(self, method: str, path: str, **more: Any) -> TestResponse:
        """Send any request with the cookies."""
        # pytest-flask holds a context open all through a test, and a request would find what the one before it left in `g`.
        with self.app.app_context():
            answer = self.client.open(path, method=method, buffered=True, **more)
        if answer.mimetype == "text/html" and (found := _TOKEN.search(answer.text)):
            self.csrf = unescape(found[1])
        return answer

    @property
    def cookie(self) -> str:
        """The session cookie's value."""
        held = self.client.get_cookie(self.cookie_name)
        assert held is not None
        return held.value


def cookie_of(answer: TestResponse, name: str) -> Any:
    """The cookie that an answer sets, with its attributes."""
    morsels = SimpleCookie()
    for line in answer.headers.getlist("Set-Cookie"):
        morsels.load(line)
    return morsels[name]
