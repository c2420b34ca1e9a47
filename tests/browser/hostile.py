"""What a stranger writes and prints: sequences that would do something to a page, planted in every field there is; and the same with harmless words."""

from dataclasses import dataclass, field
from typing import Any

from tests.support.estivador import Estivador
from tests.support.waiting import until

MARK = "hostile-mark"
SCRIPTS = (
    f"<script>document.body.id='{MARK}'</script>",
    "{{7*7}}{% raw %}${7*7}#{7*7}<%= 7*7 %>",
    f'"><img src=x id={MARK} onerror=alert(1)>',
    f"'><svg id={MARK} onload=alert(1)><animate onbegin=alert(1) attributeName=x></svg>",
    f"</textarea><iframe id={MARK} srcdoc='<script>alert(1)</script>'></iframe>",
    f"</script></title></style></select><b id={MARK}>",
    "javascript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "<a href=javascript:alert(1)>click</a>",
    f"<details id={MARK} open ontoggle=alert(1)><summary>more</summary></details>",
    "<base href=//example.invalid/><link rel=stylesheet href=//example.invalid/x.css><meta http-equiv=refresh content=0;url=//example.invalid>",
    "<style>@import '//example.invalid/x.css';*{display:none}</style>",
    "<form action=//example.invalid/><button autofocus onfocus=alert(1)>",
    "<math><mtext><table><mglyph><style><!--</style><img title=--&gt;&lt;img&#32;src=1>",
    "&lt;script&gt;alert(1)&lt;/script&gt;&#60;img src=x onerror=alert(1)&#62;",
    "hx-on:click=alert(1) data-hx-get=//example.invalid/",
    "<hx-partial hx-target='body'>gone</hx-partial>",
    "<!-- --!><script>alert(1)</script>",
    "`${alert(1)}` \\u003cscript\\u003e \\x3cscript\\x3e %3Cscript%3E",
    "=HYPERLINK(\"//example.invalid\",\"x\")",
)  # fmt: skip
CONTROLS = (
    "\x1b]8;;javascript:alert(1)\x07link\x1b]8;;\x07",
    "\x1b]8;;//example.invalid/\x1b\\link\x1b]8;;\x1b\\",
    "\x1b]0;title\x07\x1b]52;c;eA==\x07",
    "\x1b[31mred\x1b[0m\x1b[2J\x1b[?1049h\x1bc",
    "\x9b31m\x9d0;title\x9c\x90q\x9c",
    "\u202ereversed\u202c \u2066isolated\u2069 \u200f\u061c",
    "\u2028\u2029\u200b\ufeff\u00ad\U000e0041",
    "\x07\x08\x7f\x0b\x0c",
)
"""Speak to a terminal, turn the reading direction, or are there unseen."""
HARMLESS = ("words", "more words", "and others")


@dataclass(frozen=True)
class Words:
    """What is written into the fields: `lines`, where anything goes, and `shown`, what can be printed."""

    shown: tuple[str, ...]
    hidden: tuple[str, ...] = ()

    @property
    def all(self) -> str:
        """All of it in one text."""
        return " ".join((*self.shown, *self.hidden))

    def short(self, most: int, without: str = "") -> list[str]:
        """The printable ones in texts of at most so many characters, each as far as it goes, without these characters."""
        found = [""]
        for text in ("".join(letter for letter in each if letter not in without)[:most] for each in self.shown):
            if len(found[-1]) + len(text) + 1 > most:
                found.append("")
            found[-1] += ("" if not found[-1] or " " in without else " ") + text
        return found


HOSTILE = Words(SCRIPTS, CONTROLS)
PLAIN = Words(HARMLESS)
# A NUL and bytes that are no UTF-8 can come from a program alone; colours are there in both.
PRINTS = r"""printf '%s\n' "$TEXT"; printf '\033[31m%s\033[0m\n' "$TEXT"; printf 'nul \000 and \377\233\n\342\200\256reversed\n'; printf '%s\n' "$TEXT" >&2; exit 3"""


@dataclass
class Planted:
    """The numbers of what carries the words."""

    tasks: list[int] = field(default_factory=list)
    result: int = 0
    rerun: int = 0
    refused: int = 0
    running: int = 0
    details: dict[int, int] = field(default_factory=dict)
    """An execution of each result."""
    tokens: list[str] = field(default_factory=list)

    def paths(self) -> list[str]:
        """The pages that show them, and the parts of pages that a refresh asks for."""
        task, (first, *_), ends = f"/ui/task/{self.tasks[0]}/", self.tasks, []
        for result in (self.result, self.refused, self.running):
            of_result = f"/ui/result/{result}/"
            of_detail = f"{of_result}detail/{self.details[result]}/"
            ends += [of_result, of_detail, *([f"{of_result}live", f"{of_result}rerun/", f"{of_detail}live"] if result == self.running else [])]
        return [
            "/ui/", "/ui/live", "/ui/task/", "/ui/task/live", task, f"{task}live", f"{task}edit/", f"{task}delete/", *ends,
            *(f"/ui/task/{other}/" for other in self.tasks[1:]), "/ui/result/", "/ui/result/live", f"/ui/result/?task_id={first}",
            f"/ui/result/{self.result}/?attempt=1", f"/ui/result/{self.result}/rerun/failed/", f"/ui/result/{self.result}/delete/",
            f"/ui/result/{self.running}/kill/", f"/ui/result/{self.running}/cancel/", f"/ui/result/{self.running}/detail/{self.details[self.running]}/kill/",
            f"/ui/result/delete/?task_id={first}", f"/ui/result/stop/?task_id={first}", f"/ui/result/{self.result}/compare/",
            f"/ui/result/{self.result}/compare/{self.rerun}/", f"/ui/result/{self.result}/detail/{self.details[self.result]}/log/before?line=3",
            "/ui/retention/", "/ui/engine/", "/ui/token/", f"/ui/token/{self.tokens[0]}/revoke/", "/ui/audit/", "/ui/audit/?page=2",
        ]  # fmt: skip


def parameters(words: Words, more: str = "") -> dict[str, Any]:
    """What a run takes, with the words in all that takes any."""
    labels = {f"{text}{number}": words.all[:900] + more for number, text in enumerate(words.short(200, " =\u2028"))}
    names = [text.replace("=", "") + str(number) for number, text in enumerate(words.shown)]
    return {
        "env": {"TEXT": words.all + more, **dict.fromkeys(names[1:], words.all[:300])},
        "secret_env": {f"{words.shown[0].replace('=', '')} secret": "harmless"},
        "labels": labels,
        "workdir": "/" + words.shown[2].replace("/", "").replace(" ", "_"),
        "matrix": {names[0]: [words.all, words.shown[0], words.shown[-1]]},
    }


def plant(place: Estivador, image: str, words: Words) -> Planted:
    """Write the words wherever somebody can, run what prints them, and wait until it has ended."""
    planted = Planted()
    labels = parameters(words)["labels"]
    login = {"registry_username": words.short(250, ":")[0], "registry_password": "harmless"}
    planted.tasks = [place.register(image, name=name, description=words.all[:1000], labels=labels, **login) for name in words.short(250)]
    task = planted.tasks[0]
    command = {"command": ["sh", "-c", PRINTS, words.all], "entrypoint": None}
    planted.result = place.run(task, **parameters(words), **command)
    change = {"operation": "RERUN", "env": parameters(words, "!")["env"], "labels": {}, "command": ["sh", "-c", PRINTS, words.shown[0]]}
    planted.rerun = int(place.post(f"/result/{planted.result}/", change)["result_id"])
    planted.refused = place.run(task, entrypoint=[words.all], command=[words.all])
    for result in (planted.result, planted.rerun, planted.refused):
        place.until_ended(result)
    planted.running = place.run(
        task, **{**parameters(words), "workdir": "/"}, command=["sh", "-c", f"{PRINTS.removesuffix('exit 3')} exec sleep 3600"], parallel=1
    )
    place.until_result(planted.running, lambda result: result["counts"]["RUNNING"] == 1)
    for result in (planted.result, planted.rerun, planted.refused, planted.running):
        planted.details[result] = int(place.details(result)[0]["detail_id"])
    planted.tokens = [place.post("/token/", {"name": text})["token_id"] for text in words.short(64)]
    return planted


def uproot(place: Estivador, planted: Planted) -> None:
    """End what runs, and delete all of it but what the audit says."""
    place.post(f"/result/{planted.running}/", {"operation": "KILL"})
    place.until_ended(planted.running)
    for task in planted.tasks:
        until(lambda task=task: place.request("DELETE", f"/task/{task}/").status_code == 204, 60, "the task is deleted")  # type: ignore[misc]
    for token in planted.tokens:
        assert place.request("DELETE", f"/token/{token}/").status_code == 204
