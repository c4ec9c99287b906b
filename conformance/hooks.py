"""Who calls what, and the few calls that would end the run or leave the machine."""

import atexit
import collections
import itertools
import json
import os

import requests
import schemathesis

BASE = os.environ["BASE_URL"]
ACCOUNT_ID = os.environ["ACCOUNT_ID"]
API_KEY_ID = os.environ["API_KEY_ID"]
NUMBER_ID = os.environ["NUMBER_ID"]
WEBHOOK_ID = os.environ["WEBHOOK_ID"]
PASSWORD = os.environ["PASSWORD"]

COOKIE = "didfarm_session"

KEYED = r"^/portal/(api-keys|conversations|messaging-profiles|numbers|orders|requests|simulator|sms|wallet|webhooks)(/|$)"
SIGNED_IN = r"^/portal/(session|sessions|sessions/\{id\}|profile|password|email/verify/resend)$"


class Key:
    """An API key."""

    def __init__(self, key):
        self.key = key

    def get(self, case, context):
        return self.key

    def set(self, case, data, context):
        case.headers["Authorization"] = f"Bearer {data}"


class Newcomer:
    """A browser whose person signs up when first asked, and another when the session has ended.

    Whoever signed in again would be kept out before long, for the run's wrong passwords.
    """

    def __init__(self):
        self.session = None
        self.count = itertools.count()

    def get(self, case, context):
        if self.session is None:
            answer = requests.post(
                f"{BASE}/portal/signup",
                json={"email": f"newcomer{next(self.count)}@example.com", "password": PASSWORD},
                headers={"X-Forwarded-For": next_client()},
                timeout=30,
            )
            answer.raise_for_status()
            self.session = answer.cookies[COOKIE]
        return self.session

    def set(self, case, data, context):
        case.cookies = {**(case.cookies or {}), COOKIE: data}


CLIENTS = itertools.count()


def next_client():
    """Wrong passwords are counted for each client: a run has many, and meets the limit too."""
    return f"198.51.100.{next(CLIENTS) // 8 % 256}"


NEWCOMER = Newcomer()


def calls(caller, **which):
    """Makes `caller` whoever calls these operations."""

    class Provider:
        get = staticmethod(caller.get)
        set = staticmethod(caller.set)

    schemathesis.auth(refresh_interval=None).apply_to(**which)(Provider)


calls(Key(os.environ["OPERATOR_KEY"]), path_regex=r"^/operator/")
calls(Key(os.environ["CUSTOMER_KEY"]), path_regex=KEYED)
calls(NEWCOMER, path_regex=SIGNED_IN)


@schemathesis.serializer("application/pdf")
def as_it_is(context, value):
    return value if isinstance(value, bytes) else str(value).encode()


TABLES = {
    "/operator/numbers/import": "number,country,type\n+4477009005{:02},GB,mobile\n",
    "/operator/prices/numbers/import": "country,type,month\nNL,mobile,1.{:02}\n",
    "/operator/prices/outbound/import": "prefix,price\n+33,0.0{:02}\n",
}
IMPORTS = itertools.count()
MEANT = itertools.count()


@schemathesis.hook
def before_call(context, case, kwargs):
    path = case.operation.path
    parameters = case.path_parameters or {}
    body = case.body if isinstance(case.body, dict) else {}
    # A suspended account would answer 403 to all that follows.
    if path == "/operator/accounts/{id}" and str(parameters.get("id")) == ACCOUNT_ID:
        body.pop("status", None)
    # Nothing is authenticated without the run's own key.
    if path.startswith("/portal/api-keys/{id}") and str(parameters.get("id")) == API_KEY_ID:
        case.path_parameters = {"id": 1}
    # A carrier is connected to at once: not outside this machine.
    settings = body.get("settings")
    if path.startswith("/operator/carriers") and isinstance(settings, dict):
        if isinstance(settings.get("host"), str):
            settings["host"] = "127.0.0.1"
    # Nor are webhooks called there. The one that the run has stays, and is meant often.
    if path.startswith("/portal/webhooks"):
        if isinstance(body.get("url"), str) and body["url"].startswith("http"):
            body["url"] = "http://127.0.0.1:9/hook"
        if path.startswith("/portal/webhooks/{id}"):
            whole = path != "/portal/webhooks/{id}" or case.operation.method != "delete"
            if whole and next(MEANT) % 2 == 0:
                case.path_parameters = {**parameters, "id": int(WEBHOOK_ID)}
            elif not whole and str(parameters.get("id")) == WEBHOOK_ID:
                case.path_parameters = {"id": 1}
    # The account's numbers are meant often: an id that names nothing tells little.
    if path.startswith("/portal/numbers/{id}/sms/") and next(MEANT) % 2 == 0:
        case.path_parameters = {"id": int(NUMBER_ID)}
    # No generated text is a table.
    if path in TABLES and isinstance(case.body, str):
        line = next(IMPORTS)
        if line % 3 == 0:
            case.body = TABLES[path].format(line // 3 % 100)
    if path.startswith("/portal/"):
        case.headers["X-Forwarded-For"] = next_client()


@schemathesis.check
def a_refusal_is_documented(context, response, case):
    """Each code that a call answers is among those that its document has."""
    if response.status_code < 400 or case.method.lower() != case.operation.method.lower():
        return
    described = case.operation.definition.raw["responses"].get(str(response.status_code))
    if described is None:
        return  # the check of statuses tells
    code = response.json()["error"]["code"]
    known = described["content"]["application/json"]["examples"]
    assert code in known, f"{code} is not among {', '.join(known)}"


# How often each operation was answered with each status; the test reads it.
TALLY = collections.defaultdict(collections.Counter)


@atexit.register
def write_tally():
    with open("tally.json", "w", encoding="utf-8") as file:
        json.dump(TALLY, file)


@schemathesis.hook
def after_call(context, case, response):
    operation = f"{case.operation.method.upper()} {case.operation.path}"
    TALLY[operation][response.status_code] += 1
    ended = operation.startswith("DELETE /portal/session") and response.status_code == 200
    if ended or response.status_code == 401:
        NEWCOMER.session = None
