"""A hub of models and data sets on loopback, as far as downloads need one, that can misbehave.

It serves the endpoints that `huggingface_hub` and `datasets` ask for: the description of a
repository, its tree, and its files, whole or in part. Files of at least `LARGE` bytes are, as on
the real hub, described with a sha256 and handed out by a second server with another address.

    with StandinHub() as hub:
        hub.add("owner/name", {"config.json": b"{}"})
        subprocess.run([...], env=hub.environment(tmp_path))
"""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Literal

from helpers.fakes.hub_answers import Handler

COMMIT = "0123456789abcdef0123456789abcdef01234567"
LARGE = 1 << 20
TOKEN = "hf_standin"
Kind = Literal["models", "datasets"]


@dataclass
class Repository:
    """One repository: its files at its only commit, which the branch `main` points to."""

    kind: Kind
    name: str
    files: dict[str, bytes]
    gated: bool = False

    def describe(self, name: str) -> dict[str, Any]:
        """Describe a file as the hub's API does."""
        content = self.files[name]
        oid = hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()
        entry: dict[str, Any] = {"type": "file", "path": name, "size": len(content), "oid": oid}
        if len(content) >= LARGE:
            sha256 = hashlib.sha256(content).hexdigest()
            entry["lfs"] = {"oid": sha256, "sha256": sha256, "size": len(content)}
            entry["lfs"]["pointerSize"] = 130
        return entry


@dataclass
class Request:
    """One request as it came in; `started` is the first byte that was asked for."""

    method: str
    path: str
    server: Literal["hub", "storage"]
    authorized: bool
    started: int = 0


@dataclass
class Faults:
    """What goes wrong, by file name, or `*` for every file; lists are used up from the front."""

    # Statuses of successive answers to requests, instead of content.
    status: dict[str, list[int]] = field(default_factory=dict)
    # After how many bytes of successive answers with content the connection is cut.
    cut: dict[str, list[int]] = field(default_factory=dict)
    # After how many bytes an answer with content says no more, until the hub is closed.
    stall: dict[str, list[int]] = field(default_factory=dict)
    # Files whose last byte is changed.
    corrupt: set[str] = field(default_factory=set)
    # Files that are sent from their beginning whatever part is asked for.
    ignore_range: set[str] = field(default_factory=set)


class StandinHub:
    """The two servers and what they hold; a context manager."""

    commit = COMMIT
    token = TOKEN

    def __init__(self) -> None:
        self.repositories: dict[tuple[str, str], Repository] = {}
        self.requests: list[Request] = []
        self.faults = Faults()
        self.lock = threading.Lock()
        self.closing = threading.Event()
        self.servers = [self.make_server("hub"), self.make_server("storage")]
        self.url, self.storage_url = (
            f"http://127.0.0.1:{server.server_address[1]}" for server in self.servers
        )

    def make_server(self, role: Literal["hub", "storage"]) -> ThreadingHTTPServer:
        """Make a server on a free port of loopback."""
        handler = type("BoundHandler", (Handler,), {"hub": self, "role": role})
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        server.daemon_threads = True
        return server

    def __enter__(self) -> StandinHub:
        for server in self.servers:
            threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.closing.set()
        for server in self.servers:
            server.shutdown()
            server.server_close()

    def add(
        self,
        name: str,
        files: Mapping[str, bytes] | Path,
        *,
        kind: Kind = "models",
        gated: bool = False,
    ) -> Repository:
        """Put up a repository.

        Parameters
        ----------
        name
            owner/name
        files
            contents by name, or a folder with them
        kind
            of a model or of a data set
        gated
            whether its files are given only to those who bring `TOKEN`
        """
        if isinstance(files, Path):
            paths = [path for path in files.rglob("*") if path.is_file()]
            files = {path.relative_to(files).as_posix(): path.read_bytes() for path in paths}
        self.repositories[kind, name] = Repository(kind, name, dict(files), gated)
        return self.repositories[kind, name]

    def environment(self, home: Path, *, token: str | None = None) -> dict[str, str]:
        """Return the environment of a process that takes this for the hub.

        Parameters
        ----------
        home
            an empty folder, for caches
        token
            to log in with
        """
        proxies = {"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"}
        environment = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith("HF_") and name.upper() not in proxies
        }
        environment |= {
            "HF_ENDPOINT": self.url,
            "HF_HOME": str(home),
            "HF_HUB_DISABLE_XET": "1",
            "HF_HUB_DISABLE_TELEMETRY": "1",
            "NO_PROXY": "127.0.0.1",
        }
        return environment | ({"HF_TOKEN": token} if token else {})

    def asked_for(self, name: str) -> list[Request]:
        """List the requests for the content of a file, in order."""
        return [request for request in self.requests if request.path.endswith(f"/{name}")]

    def note(
        self, method: str, path: str, server: Literal["hub", "storage"], authorized: bool
    ) -> Request:
        """Write a request down."""
        request = Request(method, path, server, authorized)
        with self.lock:
            self.requests.append(request)
        return request

    def next_of(self, faults: dict[str, list[int]], name: str) -> int | None:
        """Take what is to go wrong next; None when it is to go well."""
        with self.lock:
            for key in (name, "*"):
                if faults.get(key):
                    return faults[key].pop(0)
        return None
