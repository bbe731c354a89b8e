"""How the stand-in hub answers each request."""

from __future__ import annotations

import json
import re
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import parse_qs, unquote, urlsplit

if TYPE_CHECKING:
    from helpers.fakes.hub import Repository, Request, StandinHub


def tree(entries: list[dict[str, Any]], folder: str, *, deep: bool) -> list[dict[str, Any]]:
    """List the files and folders directly in a folder, or, where `deep`, at any depth."""
    prefix = f"{folder}/" if folder else ""
    inside = [entry for entry in entries if entry["path"].startswith(prefix)]
    folders = {
        parent.as_posix()
        for entry in inside
        for parent in Path(entry["path"]).parents
        if parent.as_posix() != "." and parent.as_posix().startswith(prefix)
    }
    listed = [{"type": "directory", "path": path, "oid": "0" * 40, "size": 0} for path in folders]
    listed = sorted(listed + inside, key=lambda entry: str(entry["path"]))
    return [entry for entry in listed if deep or "/" not in str(entry["path"])[len(prefix) :]]


class Handler(BaseHTTPRequestHandler):
    """Answers for both servers."""

    protocol_version = "HTTP/1.1"
    hub: StandinHub
    role: Literal["hub", "storage"]

    def log_message(self, format: str, *args: Any) -> None:
        """Keep quiet."""

    def do_HEAD(self) -> None:
        """Answer without a body."""
        self.do_GET()

    def do_POST(self) -> None:
        """Answer a question about several paths; it comes as a form or as JSON."""
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        asked = json.loads(body)["paths"] if body.startswith("{") else parse_qs(body)["paths"]
        self.do_GET(asked if isinstance(asked, list) else [asked])

    def do_GET(self, paths: list[str] | None = None) -> None:
        """Answer anything else."""
        url = urlsplit(self.path)
        path = unquote(url.path)
        authorized = self.headers.get("Authorization") == f"Bearer {self.hub.token}"
        request = self.hub.note(self.command, path, self.role, "Authorization" in self.headers)
        file = re.fullmatch(r"(/datasets)?/([^/]+/[^/]+)/resolve/([^/]+)/(.+)", path)
        api = re.fullmatch(
            r"/api/(models|datasets)/([^/]+/[^/]+)(?:/(\w[\w-]*)/([^/]+)(/.+)?)?", path
        )
        status = self.hub.next_of(self.hub.faults.status, path.rpartition("/")[2])
        if status is not None:
            self.refuse(status, "", "made to fail")
        elif file:
            kind = "datasets" if file[1] else "models"
            self.answer_file(request, kind, file[2], file[3], file[4], authorized)
        elif api:
            self.answer_api(api[1], api[2], api[3] or "revision", api[4] or "main", api[5], paths)
        else:
            self.refuse(404, "", "no such endpoint")

    def find(self, kind: str, name: str, revision: str) -> Repository | None:
        """Find a repository, or answer that it or its revision is not there."""
        repository = self.hub.repositories.get((kind, name))
        if repository is None:
            self.refuse(404, "RepoNotFound", "Repository not found")
        elif revision not in (self.hub.commit, "main"):
            self.refuse(404, "RevisionNotFound", f"Invalid rev id: {revision}")
        else:
            return repository
        return None

    def answer_api(
        self,
        kind: str,
        name: str,
        verb: str,
        revision: str,
        below: str | None,
        paths: list[str] | None,
    ) -> None:
        """Answer what the API says of a repository: itself, its tree, or some of its paths."""
        repository = self.find(kind, name, revision)
        if repository is None:
            return
        entries = [repository.describe(file) for file in sorted(repository.files)]
        if verb == "revision":
            siblings = [
                {
                    "rfilename": entry["path"],
                    "size": entry["size"],
                    "blobId": entry["oid"],
                    **({"lfs": entry["lfs"]} if "lfs" in entry else {}),
                }
                for entry in entries
            ]
            about = {"_id": "0", "id": name, "sha": self.hub.commit, "private": False, "tags": []}
            self.send_json(about | {"downloads": 0, "likes": 0, "siblings": siblings})
        elif verb == "tree":
            recursive = parse_qs(urlsplit(self.path).query).get("recursive", ["false"])[0]
            deep = recursive.lower() in ("true", "1")
            self.send_json(tree(entries, (below or "").strip("/"), deep=deep))
        elif verb == "paths-info":
            self.send_json([entry for entry in entries if entry["path"] in (paths or [])])
        else:
            self.refuse(404, "", f"no such endpoint: {verb}")

    def answer_file(
        self,
        request: Request,
        kind: str,
        name: str,
        revision: str,
        file: str,
        authorized: bool,
    ) -> None:
        """Hand out a file, or send the client to the storage where it is large."""
        repository = self.find(kind, name, revision)
        if repository is None:
            return
        if file not in repository.files:
            self.refuse(404, "EntryNotFound", "Entry not found")
            return
        entry = repository.describe(file)
        headers = {"X-Repo-Commit": self.hub.commit, "ETag": f'"{entry["oid"]}"'}
        if self.role == "hub":
            if repository.gated and not authorized:
                self.refuse(403, "GatedRepo", f"Access to model {name} is restricted.")
                return
            if "lfs" in entry:
                headers["X-Linked-Size"] = str(entry["size"])
                headers["X-Linked-ETag"] = f'"{entry["lfs"]["oid"]}"'
                headers["Location"] = self.hub.storage_url + self.path
                self.send(302, headers, b"")
                return
        content = repository.files[file]
        if file in self.hub.faults.corrupt:
            content = content[:-1] + bytes([content[-1] ^ 1])
        self.send_part(request, file, headers, content)

    def send_part(
        self, request: Request, file: str, headers: dict[str, str], content: bytes
    ) -> None:
        """Send the bytes that were asked for, or fewer where the connection is to be cut."""
        asked = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        status = 200
        part = content
        if asked and file not in self.hub.faults.ignore_range:
            request.started = int(asked[1])
            end = min(int(asked[2] or len(content) - 1), len(content) - 1)
            part = content[request.started : end + 1]
            headers |= {"Content-Range": f"bytes {request.started}-{end}/{len(content)}"}
            status = 206
        headers |= {"Accept-Ranges": "bytes"}
        keep = stall = None
        if request.method == "GET":
            keep = self.hub.next_of(self.hub.faults.cut, file)
            stall = self.hub.next_of(self.hub.faults.stall, file)
        self.send(status, headers, part, keep if stall is None else stall, stall is not None)

    def send_json(self, content: Any) -> None:
        """Send a JSON answer."""
        self.send(200, {"Content-Type": "application/json"}, json.dumps(content).encode())

    def refuse(self, status: int, code: str, message: str) -> None:
        """Send a refusal as the hub words it."""
        headers = {"X-Error-Message": message} | ({"X-Error-Code": code} if code else {})
        self.send(status, headers, json.dumps({"error": message}).encode())

    def send(
        self,
        status: int,
        headers: dict[str, str],
        body: bytes,
        keep: int | None = None,
        stall: bool = False,
    ) -> None:
        """Send an answer; with `keep`, so much of its body before the line is cut or stalls."""
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body if keep is None else body[:keep])
        if keep is not None:
            self.wfile.flush()
            self.close_connection = True
        if stall:
            self.hub.closing.wait(60)
