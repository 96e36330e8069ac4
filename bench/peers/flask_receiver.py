"""A receiver of webhooks as tutorials of Flask write one: it checks GitHub's signature, answers,
and works on the event in a thread. What is in the queue is lost when the process ends."""

import hashlib
import hmac
import os
import queue
import threading

from flask import Flask, abort, request

SECRET = os.environ["WEBHOOK_SECRET"].encode()

app = Flask(__name__)
events = queue.Queue()


def work():
    while True:
        events.get()


@app.post("/webhook/github")
def receive():
    expected = "sha256=" + hmac.new(SECRET, request.data, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(expected, request.headers.get("X-Hub-Signature-256", "")):
        abort(401)
    events.put(request.get_json())
    return {"status": "accepted"}


if __name__ == "__main__":
    threading.Thread(target=work, daemon=True).start()
    app.run(port=int(os.environ["PORT"]))
