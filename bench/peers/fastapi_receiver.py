"""A receiver of webhooks as tutorials of FastAPI write one: it checks GitHub's signature, answers,
and works on the event in a background task. What is not yet done is lost when the process ends."""

import hashlib
import hmac
import json
import os

import uvicorn
from fastapi import BackgroundTasks, FastAPI, HTTPException, Request

SECRET = os.environ["WEBHOOK_SECRET"].encode()

app = FastAPI()


def work(event):
    return event


@app.post("/webhook/github")
async def receive(request: Request, background: BackgroundTasks):
    body = await request.body()
    expected = "sha256=" + hmac.new(SECRET, body, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(expected, request.headers.get("X-Hub-Signature-256", "")):
        raise HTTPException(status_code=401)
    background.add_task(work, json.loads(body))
    return {"status": "accepted"}


if __name__ == "__main__":
    uvicorn.run(app, port=int(os.environ["PORT"]))
