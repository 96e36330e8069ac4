"""The providers' packages from PyPI, a case each: how they are asked to sign or to verify.

Every body says `interop` somewhere that is signed, since the tests tamper with that word.
"""

import base64
import json
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Callable, Optional
from urllib.parse import parse_qs, quote, urlencode

TEXT_SECRET = "3mVwXx8pJtq1oZ5r0cQbK2sEyLhUaNdG"
WHSEC = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
HEX_KEY = "44782def547aaa06c910c43932b1eb0c71fc68d9d0c057550c48ec2acf6ba056"
JSON = "application/json"
FORM = "application/x-www-form-urlencoded"


@dataclass
class Request:
    """A request to be signed, or one that came."""

    url: str
    body: str
    headers: dict = field(default_factory=dict)
    now: int = 0


@dataclass
class Case:
    """A package, and how it is asked."""

    provider: str
    package: str
    secret: str
    body: str
    content_type: str = JSON
    signing_secret: Optional[str] = None
    settings: dict = field(default_factory=dict)
    # Gives the headers to add, or the body to send instead.
    sign: Optional[Callable] = None
    verify: Optional[Callable] = None
    tamper: Callable = lambda body: body.replace("interop", "tampered", 1)


def event(**more):
    """A body, with characters that are not ASCII."""
    fields = {"id": "evt_interop_1", "type": "order.paid", "text": "häagen ♥ </b>", **more}
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":"))


def form(text):
    """The fields of a form, each of which is there once."""
    return {name: values[0] for name, values in parse_qs(text, keep_blank_values=True).items()}


def key_pair(private):
    """The public key as DER, and the private one as PKCS#8 in base64."""
    from cryptography.hazmat.primitives import serialization as form_of

    der = form_of.Encoding.DER
    pkcs8 = private.private_bytes(der, form_of.PrivateFormat.PKCS8, form_of.NoEncryption())
    public = private.public_key().public_bytes(der, form_of.PublicFormat.SubjectPublicKeyInfo)
    return public, base64.b64encode(pkcs8).decode()


def adyen():
    import Adyen.util as util

    item = {
        "pspReference": "interop7914073381342284",
        "merchantReference": "TestPayment-1407325143704",
        "merchantAccountCode": "TestMerchant",
        "amount": {"currency": "EUR", "value": 1130},
        "eventCode": "AUTHORISATION",
        "success": "true",
        "eventDate": "2019-05-06T17:15:34.121+02:00",
        "paymentMethod": "visa",
    }

    def body(item):
        items = [{"NotificationRequestItem": item}]
        return json.dumps({"live": "false", "notificationItems": items})

    def sign(request):
        signature = util.generate_notification_sig(item, HEX_KEY).decode()
        return {}, body({**item, "additionalData": {"hmacSignature": signature}})

    def verify(request):
        return util.is_valid_hmac_notification(json.loads(request.body), HEX_KEY)

    return Case("adyen", "Adyen", HEX_KEY, body(item), sign=sign, verify=verify)


def adyen_platform():
    import Adyen.util as util

    def sign(request):
        signature = util.generate_payload_sig(request.body.encode(), HEX_KEY)
        return {"hmacsignature": signature.decode()}, None

    def verify(request):
        signature = request.headers["hmacsignature"]
        return util.is_valid_hmac_payload(signature, HEX_KEY, request.body.encode())

    return Case("adyen-platform", "Adyen", HEX_KEY, event(), sign=sign, verify=verify)


def braintree():
    import braintree as library

    public_key = "integration_public_key"
    secret = "integration_private_key_of_interop"
    sandbox = library.Environment.Sandbox
    gateway = library.BraintreeGateway(
        library.Configuration(sandbox, "interop", public_key, secret)
    )
    xml = (
        '<notification><timestamp type="datetime">2026-11-23T12:00:00Z</timestamp>'
        '<kind>check</kind><subject><check type="boolean">true</check></subject></notification>'
    )

    def sign(request):
        kind = library.WebhookNotification.Kind.SubscriptionWentPastDue
        return {}, urlencode(gateway.webhook_testing.sample_notification(kind, "interop"))

    def verify(request):
        fields = form(request.body)
        gateway.webhook_notification.parse(fields["bt_signature"], fields["bt_payload"])
        return True

    def tamper(body):
        at = body.index("bt_payload=") + 51
        return body[:at] + ("A" if body[at] != "A" else "B") + body[at + 1 :]

    body = "bt_payload=" + quote(base64.b64encode(xml.encode()), safe="")
    settings = {"public_key": public_key}
    return Case(
        "braintree", "braintree", secret, body, FORM, None, settings, sign, verify, tamper
    )


def discord():
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from discord_interactions import verify_key

    public, private = key_pair(Ed25519PrivateKey.generate())
    secret = public[-32:].hex()

    def verify(request):
        signature = request.headers["x-signature-ed25519"]
        timestamp = request.headers["x-signature-timestamp"]
        return verify_key(request.body.encode(), signature, timestamp, secret)

    return Case(
        "discord", "discord-interactions", secret, event(), JSON, private, verify=verify
    )


def gocardless():
    from gocardless_pro import webhooks

    def verify(request):
        webhooks.parse(request.body, TEXT_SECRET, request.headers["webhook-signature"])
        return True

    return Case("gocardless", "gocardless-pro", TEXT_SECRET, event(events=[]), verify=verify)


def line():
    from linebot.v3.webhook import SignatureValidator

    def verify(request):
        signature = request.headers["x-line-signature"]
        return SignatureValidator(TEXT_SECRET).validate(request.body, signature)

    return Case("line", "line-bot-sdk", TEXT_SECRET, event(), verify=verify)


def razorpay():
    from razorpay import Utility

    def verify(request):
        signature = request.headers["x-razorpay-signature"]
        return Utility().verify_webhook_signature(request.body, signature, TEXT_SECRET)

    return Case("razorpay", "razorpay", TEXT_SECRET, event(), verify=verify)


def sendgrid():
    from cryptography.hazmat.primitives.asymmetric import ec
    from sendgrid.helpers.eventwebhook import EventWebhook

    public, private = key_pair(ec.generate_private_key(ec.SECP256R1()))
    secret = base64.b64encode(public).decode()

    def verify(request):
        signature = request.headers["x-twilio-email-event-webhook-signature"]
        timestamp = request.headers["x-twilio-email-event-webhook-timestamp"]
        return EventWebhook(secret).verify_signature(request.body, signature, timestamp)

    body = f"[{event()}]\r\n"
    return Case("sendgrid", "sendgrid", secret, body, JSON, private, verify=verify)


def slack():
    from slack_sdk.signature import SignatureVerifier

    verifier = SignatureVerifier(TEXT_SECRET)

    def sign(request):
        timestamp = str(request.now)
        signature = verifier.generate_signature(timestamp=timestamp, body=request.body)
        headers = {"x-slack-request-timestamp": timestamp, "x-slack-signature": signature}
        return headers, None

    def verify(request):
        return verifier.is_valid_request(request.body, request.headers)

    body = "token=x&team_id=T1DC2JH3J&command=%2Finterop&text="
    return Case("slack", "slack-sdk", TEXT_SECRET, body, FORM, sign=sign, verify=verify)


def square():
    from square.utils.webhooks_helper import verify_signature

    def verify(request):
        return verify_signature(
            request_body=request.body,
            signature_header=request.headers["x-square-hmacsha256-signature"],
            signature_key=TEXT_SECRET,
            notification_url=request.url,
        )

    return Case("square", "squareup", TEXT_SECRET, event(), verify=verify)


def standard_webhooks(provider, package, webhook, prefix):
    """Svix and Standard Webhooks differ in the names of the headers only."""

    def sign(request):
        time = datetime.fromtimestamp(request.now, tz=timezone.utc)
        signature = webhook(WHSEC).sign("msg_1", time, request.body)
        fields = {"id": "msg_1", "timestamp": str(request.now), "signature": signature}
        return {f"{prefix}-{name}": value for name, value in fields.items()}, None

    def verify(request):
        webhook(WHSEC).verify(request.body, request.headers)
        return True

    return Case(provider, package, WHSEC, event(), sign=sign, verify=verify)


def standardwebhooks():
    from standardwebhooks.webhooks import Webhook

    return standard_webhooks("standard-webhooks", "standardwebhooks", Webhook, "webhook")


def stripe():
    from stripe import Webhook, WebhookSignature

    secret = "whsec_test_secret_of_interop"

    def sign(request):
        header = WebhookSignature.generate_signature_header(request.body, secret, request.now)
        return {"stripe-signature": header}, None

    def verify(request):
        header = request.headers["stripe-signature"]
        Webhook.construct_event(request.body, header, secret)
        return True

    return Case("stripe", "stripe", secret, event(object="event"), sign=sign, verify=verify)


def svix():
    from svix.webhooks import Webhook

    return standard_webhooks("svix", "svix", Webhook, "svix")


def twilio():
    from twilio.request_validator import RequestValidator

    secret = HEX_KEY[32:]
    validator = RequestValidator(secret)

    def sign(request):
        signature = validator.compute_signature(request.url, form(request.body))
        return {"x-twilio-signature": signature}, None

    def verify(request):
        signature = request.headers["x-twilio-signature"]
        return validator.validate(request.url, form(request.body), signature)

    body = "CallSid=CA1234567890ABCDE&Digits=1234&From=%2B14158675309&To=interop"
    return Case("twilio", "twilio", secret, body, FORM, sign=sign, verify=verify)


CASES = [
    make()
    for make in [
        adyen,
        adyen_platform,
        braintree,
        discord,
        gocardless,
        line,
        razorpay,
        sendgrid,
        slack,
        square,
        standardwebhooks,
        stripe,
        svix,
        twilio,
    ]
]
