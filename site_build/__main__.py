"""``python -m site_build`` builds the site; ``python -m site_build serve`` shows it at a local address."""

from __future__ import annotations

import argparse
import contextlib
import functools
import http.server
from http import HTTPStatus
from pathlib import Path
from typing import Sequence

from .places import HTML


class Handler(http.server.SimpleHTTPRequestHandler):
    """Serves the site as a host of static pages does: an address that leads to nothing shows the site's own page."""

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Answer with an error."""
        page = Path(self.directory) / "404.html"
        if code != HTTPStatus.NOT_FOUND or not page.is_file():
            super().send_error(code, message, explain)
            return
        body = page.read_bytes()
        self.send_response(code)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


def main(arguments: Sequence[str] | None = None) -> int:
    """Build or serve; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m site_build", description="Build the course's site, or show it.")
    parser.add_argument("what", nargs="?", choices=("build", "serve"), default="build")
    parser.add_argument("--port", type=int, default=8000, help="port of the local address (default: 8000)")
    options = parser.parse_args(arguments)
    if options.what == "build":
        try:
            from .build import build
        except ModuleNotFoundError as error:
            print(f"{error.name} is not installed: python -m pip install -r requirements-site.txt")
            return 2
        print(f"Built: {build()}")
        return 0
    if not (HTML / "index.html").is_file():
        print("There is no built site: python -m site_build")
        return 2
    handler = functools.partial(Handler, directory=str(HTML))
    try:
        server = http.server.ThreadingHTTPServer(("127.0.0.1", options.port), handler)
    except (OSError, OverflowError) as error:
        print(f"Port {options.port} cannot be used ({error}): choose another with --port")
        return 2
    with server, contextlib.suppress(KeyboardInterrupt):
        print(f"http://127.0.0.1:{server.server_port}/  (Ctrl-C stops)", flush=True)
        server.serve_forever()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
