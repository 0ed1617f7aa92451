"""A server that speaks as much of W&B's protocol as a run needs, keeps what it was sent, and can fail.

It answers on a port of this machine, in the test's own process: a run in a child process talks to it.
"""

import gzip
import json
import re
import threading
from collections import defaultdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

KEY = "0123456789abcdef" * 2 + "01234567"
"""What looks like a W&B key and is none."""


class Bucket:
    """What the server knows of one run."""

    def __init__(self) -> None:
        self.history: list[str] = []
        self.summary: dict[str, Any] = {}
        self.fields: dict[str, Any] = {}
        self.config: dict[str, Any] = {}
        self.exit_code: int | None = None

    def rows(self, key: str) -> list[Any]:
        """The values of a metric in the order of the history."""
        return [row[key] for row in map(json.loads, self.history) if key in row]


class WandbServer(ThreadingHTTPServer):
    """`with WandbServer() as server:`; `behaviour` is ok, error, hang, deaf: only `/` is answered, or a status for all but `/`."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, behaviour: str = "ok", port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.behaviour = behaviour
        self.buckets: defaultdict[str, Bucket] = defaultdict(Bucket)
        self.known: set[str] = set()
        self.views: list[dict[str, Any]] = []
        self.requests: list[str] = []
        self.stopped = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def __enter__(self) -> "WandbServer":
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that gave up is no error of a test."""

    def __exit__(self, *error: object) -> None:
        self.stopped.set()
        self.shutdown()
        self.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: WandbServer

    def log_message(self, *arguments: Any) -> None:
        pass

    def do_GET(self) -> None:
        self._answer({})

    def do_PUT(self) -> None:
        self._body()
        self._answer({})

    def do_POST(self) -> None:
        body = self._body()
        if self.path.endswith("/file_stream"):
            self._answer(lambda: self._stream(json.loads(body)))
        elif self.path == "/graphql":
            self._answer(lambda: self._query(json.loads(body)))
        else:
            self._answer({})

    def _body(self) -> bytes:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        return gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body

    def _answer(self, answer: Any) -> None:
        self.server.requests.append(self.path)
        if self.server.behaviour == "hang" or (self.server.behaviour == "deaf" and self.path != "/"):
            self.server.stopped.wait()
            self.close_connection = True
            return
        status = self._status()
        found = {} if status != 200 else answer() if callable(answer) else answer
        text = json.dumps(found).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def _status(self) -> int:
        behaviour = self.server.behaviour
        refuses = behaviour.isdigit() and self.path != "/"  # as W&B does with a wrong key
        return 500 if behaviour == "error" else int(behaviour) if refuses else 200

    def _query(self, request: dict[str, Any]) -> dict[str, Any]:
        given = request.get("variables") or {}
        named = re.search(r"(?:query|mutation)\s+(\w+)", request["query"])
        name = named[1] if named else None
        self.server.requests.append(str(name))
        found = self._found(name, given)
        return {"errors": [{"message": f"{name} is not known here"}]} if found is None else {"data": found}

    def _found(self, name: str | None, given: dict[str, Any]) -> dict[str, Any] | None:
        if name == "Viewer":
            return {"viewer": {"id": "v", "entity": "lab", "username": "lab", "flags": "{}", "teams": None}}
        if name == "UpsertView2":
            self.server.views.append(given)
            return {"upsertView": {"view": {"id": "w", "name": given["name"]}, "inserted": True}}
        if name == "RunResumeStatus":
            return {"model": _project() | {"bucket": self._resume(given["name"])}}
        if name == "UpsertBucket":
            return {"upsertBucket": self._upsert(given)}
        if name == "CreateRunFiles":
            urls = [{"name": file, "uploadUrl": f"{self.server.url}/upload"} for file in given["files"]]
            return {"createRunFiles": {"runID": "r", "uploadHeaders": [], "files": urls}}
        return None

    def _resume(self, name: str) -> dict[str, Any] | None:
        if name not in self.server.known:
            return None
        bucket = self.server.buckets[name]
        config = {key: {"value": value} for key, value in bucket.config.items()}
        return {
            "id": "r", "name": name, "displayName": name, "notes": None, "tags": bucket.fields.get("tags"),
            "summaryMetrics": json.dumps(bucket.summary), "config": json.dumps(config), "wandbConfig": '{"t": 1}',
            "logLineCount": 0, "eventsLineCount": 0, "historyLineCount": len(bucket.history),
            "historyTail": json.dumps(bucket.history[-1:]), "eventsTail": "[]",
        }  # fmt: skip

    def _upsert(self, given: dict[str, Any]) -> dict[str, Any]:
        name = given["name"]
        bucket, new = self.server.buckets[name], name not in self.server.known
        self.server.known.add(name)
        bucket.fields |= {key: value for key, value in given.items() if value is not None}
        config = {key: one.get("value") for key, one in json.loads(given["config"] or "{}").items()}
        bucket.config |= config
        found = {"id": "r", "name": name, "displayName": name, "project": _project(), "historyLineCount": 0}
        return {"bucket": found, "inserted": new}

    def _stream(self, sent: dict[str, Any]) -> dict[str, Any]:
        bucket = self.server.buckets[self.path.split("/")[-2]]
        for name, chunk in sent.get("files", {}).items():
            if name == "wandb-history.jsonl":
                bucket.history[chunk["offset"] : chunk["offset"] + len(chunk["content"])] = chunk["content"]
            elif name == "wandb-summary.json":
                bucket.summary = json.loads(chunk["content"][-1])
        if sent.get("complete"):
            bucket.exit_code = sent.get("exitcode")
        return {"exitcode": None, "limits": {}}


def _project() -> dict[str, Any]:
    return {"id": "p", "name": "strata", "entity": {"id": "e", "name": "lab"}}
