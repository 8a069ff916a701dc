"""A package index of made-up wheels on this machine, with upload times or without."""

import http.server
import json
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Wheel:
    """A pure-Python wheel without content; `uploaded` is an ISO date."""

    name: str
    version: str
    uploaded: str
    requires: tuple[str, ...] = ()

    @property
    def file(self) -> str:
        """Return its file name."""
        return f"{self.name.replace('-', '_')}-{self.version}-py3-none-any.whl"

    def write(self, folder: Path) -> None:
        """Write it as pip and uv expect it."""
        info = f"{self.name.replace('-', '_')}-{self.version}.dist-info"
        needs = "".join(f"Requires-Dist: {requirement}\n" for requirement in self.requires)
        metadata = f"Metadata-Version: 2.1\nName: {self.name}\nVersion: {self.version}\n{needs}"
        with zipfile.ZipFile(folder / self.file, "w") as archive:
            archive.writestr(f"{info}/METADATA", metadata)
            archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
            archive.writestr(f"{info}/RECORD", "")


@contextmanager
def serving(wheels: list[Wheel], folder: Path, *, times: bool) -> Iterator[str]:
    """
    Serve wheels from `folder` on a free port.

    Args:
        times: Whether the index says when each was uploaded; only the JSON form of the simple API can.

    Yields:
        The address to give to uv.
    """
    for wheel in wheels:
        wheel.write(folder)

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            name = self.path.strip("/").split("/")[-1]
            if self.path.startswith("/files/"):
                self._answer("application/zip", (folder / name).read_bytes())
                return
            found = [wheel for wheel in wheels if wheel.name == name]
            if not found:
                self.send_error(404)
            elif times:
                self._answer("application/vnd.pypi.simple.v1+json", _json_page(name, found))
            else:
                self._answer("text/html", _html_page(found))

        def do_HEAD(self) -> None:
            self.do_GET()

        def _answer(self, kind: str, body: bytes) -> None:
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with _answering(Handler) as address:
        yield address


@contextmanager
def refusing(status: int) -> Iterator[str]:
    """Answer everything with an error."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_error(status)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with _answering(Handler) as address:
        yield address


@contextmanager
def _answering(handler: type[http.server.BaseHTTPRequestHandler]) -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/index/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _json_page(name: str, wheels: list[Wheel]) -> bytes:
    files = [
        {
            "filename": wheel.file,
            "url": f"/files/{wheel.file}",
            "hashes": {},
            "upload-time": f"{wheel.uploaded}T12:00:00Z",
        }
        for wheel in wheels
    ]
    return json.dumps({"meta": {"api-version": "1.1"}, "name": name, "files": files}).encode()


def _html_page(wheels: list[Wheel]) -> bytes:
    links = "".join(f'<a href="/files/{wheel.file}">{wheel.file}</a>' for wheel in wheels)
    return f"<!DOCTYPE html><html><body>{links}</body></html>".encode()
