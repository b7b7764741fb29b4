"""Serve the built site on this machine: python site/serve.py"""

import errno
import sys
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

SITE = Path(__file__).resolve().parent.parent / "_build" / "html"
FIRST_PORT = 8000
PORTS_TRIED = 100


class Handler(SimpleHTTPRequestHandler):
    """Quiet, never stale, and with the site's own page for what does not exist."""

    def log_message(self, format: str, *arguments: object) -> None:
        """Say nothing of each request."""

    def end_headers(self) -> None:
        """A page rebuilt a moment ago must not come from the browser's cache."""
        self.send_header("Cache-Control", "no-cache")
        super().end_headers()

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Answer 404 as a static host would."""
        page = SITE / "404.html"
        if code != 404 or not page.exists():
            return super().send_error(code, message, explain)
        body = page.read_bytes()
        self.send_response(404)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


class Server(ThreadingHTTPServer):
    """Takes a port only if nobody else has it, on Windows too."""

    allow_reuse_address = sys.platform != "win32"

    def handle_error(self, request: object, client_address: object) -> None:
        """A reader who leaves before a page has arrived is no error."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


def open_server() -> Server:
    """A server on the first free port."""
    for port in range(FIRST_PORT, FIRST_PORT + PORTS_TRIED):
        try:
            return Server(("127.0.0.1", port), partial(Handler, directory=str(SITE)))
        except OSError as error:
            if error.errno not in (errno.EADDRINUSE, errno.EACCES):
                raise
    tried = f"from {FIRST_PORT} to {FIRST_PORT + PORTS_TRIED - 1}"
    raise SystemExit(f"No free port {tried}: stop one of the programs that use them.")


def main() -> None:
    """Serve until Ctrl-C."""
    if not (SITE / "index.html").exists():
        raise SystemExit("Nothing is built yet. Run python site/build.py first.")
    with open_server() as server:
        print(f"The book is at http://localhost:{server.server_port} (Ctrl-C stops it)", flush=True)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            print()


if __name__ == "__main__":
    main()
