"""Serves optuna-dashboard with a storage that is only read."""

from collections.abc import Callable, Iterable
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from optuna_dashboard import wsgi

from hyperspool.common.errors import UsageError
from hyperspool.master.analysis.dashboard.storage import FolderStorage

READING = {"GET", "HEAD"}
REFUSAL = b'{"reason": "This dashboard only shows the study. Its master and workers alone change it."}'

Application = Callable[[dict[str, Any], Any], Iterable[bytes]]


class _Server(ThreadingMixIn, WSGIServer):
    """Answers several requests at once: an importance takes seconds, while the page asks for new trials."""

    daemon_threads = True


class _QuietHandler(WSGIRequestHandler):
    def log_message(self, *_: Any) -> None:
        pass


def read_only(application: Application) -> Application:
    """Wrap a web application so that it refuses every request that could change something."""

    def guarded(environment: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if environment["REQUEST_METHOD"] in READING:
            return application(environment, start_response)
        start_response("403 Forbidden", [("Content-Type", "application/json")])
        return [REFUSAL]

    return guarded


def open_server(storage: FolderStorage, host: str, port: int) -> WSGIServer:
    """Return the server; its `serve_forever` shows the studies until it is interrupted.

    Args:
        storage: the studies.
        host: the address to listen at.
        port: the port; 0: a free one, which `server_port` then says.

    Raises:
        UsageError: the address or port cannot be had.
    """
    try:
        return make_server(host, port, read_only(wsgi(storage)), server_class=_Server, handler_class=_QuietHandler)
    except OSError as error:
        reason = error.strerror or str(error)
        raise UsageError(f"--host {host} --port {port}: {reason}; choose another with --port") from error
