"""The Engine's events, for one purpose: to hear at once that a container of ours ended.

Events are hints (the Engine replays only the last 256, and a stream that ends says nothing): the list is the truth.
"""

from collections.abc import Iterator

import docker

from app.engine.containers import DETAIL, INSTANCE
from app.engine.errors import translated


def ended(engine: docker.APIClient, instance: str) -> Iterator[int]:
    """Yield the detail id of each container of this instance that dies, as it dies, until the stream ends."""
    filters = {"type": ["container"], "event": ["die"], "label": [f"{INSTANCE}={instance}"]}
    with translated():
        for event in engine.events(filters=filters, decode=True):
            yield int(event["Actor"]["Attributes"][DETAIL])
