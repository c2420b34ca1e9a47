"""Takes away what a test has run."""

from tests.support.estivador import Estivador
from tests.support.waiting import until


def clear(place: Estivador, result: int) -> None:
    """Kill a result, and delete it with its containers; nothing where it is gone."""
    if place.request("POST", f"/result/{result}/", json={"operation": "KILL"}).status_code == 404:
        return
    place.until_ended(result)
    until(lambda: place.request("DELETE", f"/result/{result}/").status_code == 204, 60, "the result is deleted")
