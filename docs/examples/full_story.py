"""The whole story over HTTP alone, from an empty sandbox to a completed transfer, with Python's own library.

    manage.py demo_accounts --json > accounts.json
    python docs/examples/full_story.py http://127.0.0.1:8000 accounts.json

Both partners, the customer and the publisher act: relationship requests, the customer's yes (played by the sandbox), a
subscription of the marketplace bought, resolved and activated, a transfer asked for, accepted and completed. A small
server in this script receives the webhooks and checks their signatures as Standard Webhooks says. Everything that is
in the sandbox is deleted first. The portal must be allowed to call this machine (settings OUTGOING_LOOPBACK).
"""

import base64
import hashlib
import hmac
import json
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

PARTNER_RESOURCE = "https://api.partnercenter.microsoft.com"
PUBLISHER_RESOURCE = "20e940b3-4c77-4b0b-9a53-9e16a1b010a7"
EVENTS = ["reseller-relationship-accepted-by-customer", "create-transfer", "update-transfer", "complete-transfer"]
PATIENCE = 60  # seconds for what the portal does by itself
TOLERANCE = 300  # seconds by which a signature may be old


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


class Refused(Exception):
    """The portal answered with an error."""

    def __init__(self, status: int, body: str) -> None:
        super().__init__(f"{status} {body}")
        self.status = status


def send(method: str, url: str, *, body: bytes | None = None, headers: dict[str, str] | None = None) -> tuple[int, str]:
    request = urllib.request.Request(url, data=body, headers=headers or {}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.read().decode("utf-8-sig")
    except urllib.error.HTTPError as fault:
        return fault.code, fault.read().decode("utf-8-sig")


class Api:
    """An app of one organization with its token."""

    def __init__(self, base: str, app: dict, resource: str) -> None:
        self.base, self.tenant_id = base, app["tenant_id"]
        form = {
            "grant_type": "client_credentials",
            "client_id": app["client_id"],
            "client_secret": app["client_secret"],
            "resource": resource,
        }
        status, text = send("POST", f"{base}/{self.tenant_id}/oauth2/token", body=urllib.parse.urlencode(form).encode())
        if status != 200:
            raise Refused(status, text)
        self.token = json.loads(text)["access_token"]

    def call(self, method: str, path: str, body: object = None, **headers: str):
        """Make a call and return what came back, read as JSON."""
        sent = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        data = b"" if body is None and method != "GET" else None if body is None else json.dumps(body).encode()
        status, text = send(method, self.base + path, body=data, headers={**sent, **headers})
        if status >= 400:
            raise Refused(status, text)
        return json.loads(text) if text else None


class Receiver:
    """A server for webhooks: every notification that is signed as it should be is kept, others are refused."""

    def __init__(self) -> None:
        self.secrets: dict[str, str] = {}  # by path
        self.events: list[tuple[str, str, str]] = []  # path, id of the message, name of the event
        self.refused: list[str] = []
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.server.server_port}{path}"

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                fine = is_signed(self.headers, body, receiver.secrets.get(self.path, ""))
                if fine:
                    name = json.loads(body)["EventName"]
                    receiver.events.append((self.path, self.headers["webhook-id"], name))
                else:
                    receiver.refused.append(self.path)
                self.send_response(200 if fine else 401)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *args: object) -> None:
                pass

        return Handler

    def names(self, path: str) -> set[str]:
        return {name for at, _message, name in self.events if at == path}


def is_signed(headers, body: bytes, secret: str) -> bool:
    """Check a notification: its signature is made of id, time and body with our secret, and it is fresh."""
    message, moment = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not secret or not moment.isdigit() or abs(time.time() - int(moment)) > TOLERANCE:
        return False
    key = base64.b64decode(secret.removeprefix("whsec_"))
    made = hmac.new(key, f"{message}.{moment}.".encode() + body, hashlib.sha256).digest()
    expected = "v1," + base64.b64encode(made).decode()
    return any(hmac.compare_digest(expected, one) for one in headers.get("webhook-signature", "").split())


def wait_for(what: str, done):
    """Ask again and again until something is done; return it."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if found := done():
            return found
        time.sleep(0.3)
    raise SystemExit(f"Waited {PATIENCE} seconds in vain for: {what}")


def choose_apps(accounts: dict) -> tuple[dict, dict, list[dict]]:
    """Return the apps of two direct bill partners of a sandbox and those of publishers."""
    organizations = {one["organisation"]["tenant_id"]: one["organisation"] for one in accounts["people"]}
    partners = [
        app
        for app in accounts["apps"]
        if organizations.get(app["tenant_id"], {}).get("sandbox")
        and organizations[app["tenant_id"]]["kind"] == "direct_bill"
    ]
    return partners[0], partners[1], [app for app in accounts["apps"] if app["kind"] == "publisher"]


def register_webhook(api: Api, receiver: Receiver, path: str) -> None:
    wanted = {"WebhookUrl": receiver.url(path), "WebhookEvents": EVENTS}
    receiver.secrets[path] = api.call("POST", "/webhooks/v1/registration", wanted)["secret"]


def win_customer(api: Api, customer_id: str = "") -> str:
    """Ask for a relationship and let the customer accept: a new one, or one that is there already."""
    request = api.call("POST", "/v1/sandbox/relationshiprequests")
    say(f"   link for the customer: {request['url']}")
    mark = uuid.uuid4().hex[:8]
    new = {"companyName": f"Nordlys Bakeri {mark}", "domain": f"nordlys-{mark}.example", "country": "FR"}
    accepted = api.call(
        "POST",
        f"/v1/sandbox/relationshiprequests/{request['id']}/accept",
        {"customerId": customer_id} if customer_id else new,
    )
    return accepted["customerId"]


def buy(api: Api, customer_id: str) -> str:
    """Buy the first plan of the marketplace that this customer can have; return the subscription's id."""
    for product in api.call("GET", "/v1/products?country=FR&targetView=MarketplaceSaaS")["items"]:
        for sku in api.call("GET", f"/v1/products/{product['id']}/skus?country=FR")["items"]:
            path = f"/v1/products/{product['id']}/skus/{sku['id']}/availabilities?country=FR"
            for availability in api.call("GET", path)["items"]:
                term = availability["terms"][0]
                line = {
                    "id": 0,
                    "catalogItemId": availability["catalogItemId"],
                    "quantity": max(1, sku.get("minimumQuantity", 1)),
                    "billingCycle": term["billingCycle"],
                    "termDuration": term["duration"],
                    "attestationAccepted": True,
                }
                wanted = {"lineItems": [line], "partnerOnRecordAttestationAccepted": True}
                cart = api.call("POST", f"/v1/customers/{customer_id}/carts", wanted)
                if any(one.get("error") for one in cart["lineItems"]):
                    continue
                bought = api.call("POST", f"/v1/customers/{customer_id}/carts/{cart['id']}/checkout")
                if bought.get("orders"):
                    return bought["orders"][0]["lineItems"][0]["subscriptionId"]
    raise SystemExit("The marketplace has nothing that this customer can have.")


def purchase_token(api: Api, customer_id: str, subscription_id: str) -> str:
    """Return the token of the link to the publisher's site."""
    path = f"/v1/customers/{customer_id}/subscriptions/{subscription_id}/activationlinks"
    address = api.call("GET", path)["items"][0]["link"]["uri"]
    return urllib.parse.parse_qs(urllib.parse.urlsplit(address).query)["token"][0]


def activate(publishers: list[Api], token: str) -> str:
    """Do what the publisher's site does when somebody follows the link: resolve, then activate."""
    version = "?api-version=2018-08-31"
    for publisher in publishers:
        try:
            found = publisher.call(
                "POST", f"/api/saas/subscriptions/resolve{version}", **{"x-ms-marketplace-token": token}
            )
        except Refused:  # another publisher's purchase
            continue
        path = f"/api/saas/subscriptions/{found['id']}"
        publisher.call("POST", f"{path}/activate{version}", {"planId": found["planId"]})
        state = publisher.call("GET", path + version)["saasSubscriptionStatus"]
        return f"{found['subscriptionName']} is {state}"
    raise SystemExit("No publisher knows this purchase.")


def transfer(source: Api, target: Api, customer_id: str) -> dict:
    """Ask as the new partner, accept as the current one, and wait until everything has moved."""
    base = f"/v1/customers/{customer_id}/transfers"
    asked = target.call(
        "POST",
        base,
        {
            "sourcePartnerTenantId": source.tenant_id,
            "customerEmailId": "ledger@nordlys.example",
            "targetProductTypes": ["OnlineServicesNCE"],
            "transferType": 3,
        },
    )
    say(f"   asked: {asked['id']} is {asked['status']}")
    eligible = source.call("GET", f"{base}/{asked['id']}/eligibility")["items"]
    items = [{"subscriptionId": one["subscriptionId"]} for one in eligible if one["isEligible"]]
    source.call("PATCH", f"{base}/{asked['id']}", {"status": "Accept", "lineItems": items})
    say(f"   accepted with {len(items)} items")

    def completed():
        now = target.call("GET", f"{base}/{asked['id']}")
        return now if now["status"] == "Complete" else None

    return wait_for("the transfer to complete", completed)


def main(base: str, accounts: dict) -> None:
    """Play the story."""
    source_app, target_app, publisher_apps = choose_apps(accounts)
    source, target = Api(base, source_app, PARTNER_RESOURCE), Api(base, target_app, PARTNER_RESOURCE)
    publishers = [Api(base, app, PUBLISHER_RESOURCE) for app in publisher_apps]
    say("1. Tokens for two partners and the publishers")

    source.call("POST", "/v1/sandbox/reset", {"confirm": True})
    held = source.call("GET", "/v1/sandbox")["contents"]
    say(f"2. The sandbox is reset: {held}")

    receiver = Receiver()
    register_webhook(source, receiver, "/source")
    register_webhook(target, receiver, "/target")
    say(f"3. Webhooks registered at {receiver.url('')}")

    customer_id = win_customer(source)
    say(f"4. The customer {customer_id} accepted the current partner")
    win_customer(target, customer_id)
    say("5. The customer accepted the new partner")

    subscription_id = buy(source, customer_id)
    say(f"6. Bought from the marketplace: {subscription_id}")
    say(f"7. Activated by its publisher: {activate(publishers, purchase_token(source, customer_id, subscription_id))}")

    path = f"/v1/sandbox/customers/{customer_id}/subscriptions"
    for name in ("Practice Suite", "Practice Mail"):
        source.call("POST", path, {"name": name, "quantity": 5})
    say("8. The customer has two subscriptions that can move")

    done = transfer(source, target, customer_id)
    say(f"9. The transfer is {done['status']}: {[item['targetSubscriptionId'] for item in done['lineItems']]}")

    for side in ("/source", "/target"):
        names = wait_for(f"the webhooks of {side}", lambda at=side: set(EVENTS) <= receiver.names(at) and EVENTS)
        say(f"10. {side} got, signed: {', '.join(names)}")
    if receiver.refused:
        raise SystemExit(f"Notifications with a wrong signature: {receiver.refused}")
    say("Done.")


if __name__ == "__main__":
    main(sys.argv[1].rstrip("/"), json.loads(Path(sys.argv[2]).read_text()))
