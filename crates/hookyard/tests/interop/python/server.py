"""A small HTTP server in front of the packages of packages.py: it has them sign requests, and
verify the requests that it gets. The tests start it with the folder where pip put the packages in
PYTHONPATH.

  GET  /cases             what each package can do, with the secret and a request to be signed
  POST /sign/PROVIDER     {url, now}: headers and body of a request that the package signed
  *    /verify/PROVIDER   200 if the package accepts this very request, 401 and why if not
"""

import json
import os
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import version

from packages import CASES, Request

BY_PROVIDER = {case.provider: case for case in CASES}


def shown(case):
    """What the tests have to know of a case."""
    return {
        "provider": case.provider,
        "package": f"PyPI {case.package}",
        "version": version(case.package),
        "secret": case.secret,
        "signing_secret": case.signing_secret or case.secret,
        "settings": case.settings,
        "headers": {"content-type": case.content_type},
        "body": case.body,
        "signs": case.sign is not None,
        "verifies": case.verify is not None,
        "leaves_body": False,
    }


def sign(case, asked):
    """A request that the package signed."""
    proof, body = case.sign(Request(asked["url"], case.body, now=asked["now"]))
    body = body or case.body
    headers = {"content-type": case.content_type}
    return {"headers": headers, "proof": proof, "body": body, "tampered": case.tamper(body)}


def verify(case, request):
    """What the package says of a request; most throw when they refuse."""
    try:
        return (200, "accepted") if case.verify(request) else (401, "refused")
    except Exception as error:
        return 401, f"refused: {error}"


class Handler(BaseHTTPRequestHandler):
    """One request."""

    protocol_version = "HTTP/1.1"

    def answer(self):
        raw = self.rfile.read(int(self.headers.get("content-length", 0)))
        _, verb, *rest = self.path.partition("?")[0].split("/")
        if verb == "cases":
            return 200, json.dumps([shown(case) for case in CASES])
        case = BY_PROVIDER[rest[0]]
        if verb == "sign":
            return 200, json.dumps(sign(case, json.loads(raw)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        url = f"http://{headers['host']}{self.path}"
        return verify(case, Request(url, raw.decode(), headers))

    def do_GET(self):
        status, body = self.answer()
        body = body.encode()
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        self.send_header("connection", "close")
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET

    def log_message(self, *_):
        pass


def end_with_parent():
    """Ends with the test that started it, which holds the other end."""
    sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    threading.Thread(target=end_with_parent, daemon=True).start()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    print(f"listening on {server.server_port}", flush=True)
    server.serve_forever()
