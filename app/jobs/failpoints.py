"""Failpoints: a setting names a step, and the process kills itself there, as a power cut would. For tests of recovery."""

import os
import signal

from app.jobs.context import settings


def reach(step: str) -> None:
    """End this process by SIGKILL if `step` is the failpoint that is set."""
    if settings().failpoint == step:
        os.kill(os.getpid(), signal.SIGKILL)
