"""How gunicorn serves the web side: where and with how many threads. The process manager starts it (supervisord.conf)."""

import os
import sys
from pathlib import Path
from typing import Any

# gunicorn reads this file before it looks into the checkout.
sys.path.insert(0, str(Path(__file__).resolve().parent))

from app.config import BadSetting, Settings, refuse_open

try:
    _settings = Settings.from_environment()
except BadSetting as error:
    sys.exit(f"estivador: {error}")
_host = f"[{_settings.host}]" if ":" in _settings.host else _settings.host

bind = f"{_host}:{_settings.port}"
# By default gunicorn takes the scheme from a header of anybody who comes from the loopback. What a server in front says is read by app/front.py.
forwarded_allow_ips = ""
# Each followed log and each stream of events holds a thread for as long as it lasts.
worker_class = "gthread"
workers = 2
threads = 8
# Each worker opens its own connections.
preload_app = False
# The consumer may take 6 s to end, these end meanwhile.
graceful_timeout = 5
# A worker proves that it lives by touching a file: in memory, where a slow disk does not make it look dead.
_memory = "/dev/shm"  # noqa: S108 - gunicorn makes its file there without a name
worker_tmp_dir = _memory if os.access(_memory, os.W_OK) else None
control_socket_disable = True
loglevel = "warning"
accesslog = None


def on_starting(server: Any) -> None:
    """Hold what the command line binds (-b) to the same rule as the setting."""
    for address in server.cfg.address:
        try:
            if isinstance(address, tuple):
                refuse_open(address[0], _settings.in_front)
        except BadSetting as error:
            sys.exit(f"estivador: {error}")
