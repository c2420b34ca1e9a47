"""How often something may be done, and what whoever does it too often is told. Each process counts for itself, in memory."""

import math
import time
from collections.abc import Iterable

from limits import RateLimitItem

from app.errors import TooMany
from app.extensions import limiter


def count(limits: Iterable[RateLimitItem], kind: str, whose: str, what: str) -> None:
    """Count one more of this kind; raise TooMany, which says `what` came too often and how long to wait, where one of the limits is full."""
    full = [limit for limit in limits if not limiter.limiter.hit(limit, kind, whose)]
    if full:
        free_at = max(limiter.limiter.get_window_stats(limit, kind, whose).reset_time for limit in full)
        wait = max(1, math.ceil(free_at - time.time()))
        raise TooMany(f"Too many {what}: wait {wait} seconds.", wait)
