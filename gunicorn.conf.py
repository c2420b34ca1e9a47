"""How gunicorn serves the web side: where and with how many threads. The process manager starts it (supervisord.conf)."""

import os
import sys
from pathlib import Path

# gunicorn reads this file before it looks into the checkout.
sys.path.insert(0, str(Path(__file__).resolve().parent))

from app.config import Settings

_settings = Settings.from_environment()
_host = f"[{_settings.host}]" if ":" in _settings.host else _settings.host

bind = f"{_host}:{_settings.port}"
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
