"""PostgreSQL or Redis away, for real: a running site whose wire to the server is cut and mended (quality row 10)."""

import json
import re
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.utils import timezone

from portal.accounts.enums import Role
from portal.audit.models import AuditEvent
from portal.local.demo import loading
from portal.local.demo.people import PEOPLE, membership_id
from tests import live
from tests.portal.local.helpers import eventually

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

PERSON = next(person for person in PEOPLE if Role.CUSTOMER_ADMIN in person.places[0][1])  # needs no second factor
SIGN_IN_AS = f"/demo/{membership_id(PERSON, PERSON.places[0][0])}/"


@pytest.fixture
def people(transactional_db):
    """The people of the demo world, so that somebody can sign in."""
    loading.populate(now=timezone.now())


def cookies_of(answer):
    return "; ".join(re.findall(r"((?:sessionid|csrftoken)=[^;]+)", answer.headers.get("set-cookie", "")))


def sign_in(site):
    """Sign in as PERSON; return the answer and the cookies."""
    page = site.ask("/demo/")
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)[1]
    answer = site.ask(
        SIGN_IN_AS, method="POST", headers={"Cookie": cookies_of(page)}, form={"csrfmiddlewaretoken": token}
    )
    return answer, cookies_of(answer)


def test_without_the_database_pages_say_when_to_come_back_and_recover_by_themselves(tmp_path, people):
    wire = live.wire_to_database()
    with live.Site(tmp_path, live.environment(database=wire)) as site:
        answer, cookies = sign_in(site)
        assert answer.status == 302
        here = {"headers": {"Cookie": cookies}}
        assert site.ask("/", **here).status == 200

        wire.cut()
        page = site.ask("/", **here)
        fragment = site.ask("/", headers={"Cookie": cookies, "HX-Request": "true"})
        program = site.ask("/", headers={"Cookie": cookies, "Accept": "application/json"})
        ready, alive = site.ask("/readyz"), site.ask("/healthz")
        figures = site.ask("/metrics")

        assert [page.status, fragment.status, program.status] == [503, 503, 503]
        assert {page.headers["retry-after"], fragment.headers["retry-after"], program.headers["retry-after"]} == {"10"}
        assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
        assert "Back in a moment" in page.text
        assert fragment.headers["hx-retarget"] == "#messages"
        assert json.loads(program.text)["code"] == "database-away"
        assert (ready.status, json.loads(ready.text)["database"]) == (503, "unreachable")
        assert (alive.status, alive.seconds < 1) == (200, True)
        assert "portal_database_up 0" in figures.text
        assert page.seconds < 4

        time.sleep(12)  # long enough for the pool to have waited longer and longer between its attempts
        wire.mend()
        began = time.monotonic()
        while site.ask("/", **here).status != 200:
            assert time.monotonic() - began < 5
            time.sleep(0.2)
        assert site.ask("/readyz").text.startswith('{"database": "ok"')
        assert "Traceback" not in site.log
    wire.cut()


def test_many_requests_at_once_without_the_database_all_get_their_503(tmp_path, people):
    wire = live.wire_to_database()
    with live.Site(tmp_path, live.environment(database=wire)) as site:
        _, cookies = sign_in(site)
        wire.cut()
        with ThreadPoolExecutor(12) as pool:
            answers = list(pool.map(lambda _: site.ask("/", headers={"Cookie": cookies}), range(12)))

        assert {answer.status for answer in answers} == {503}
        wire.mend()
        assert eventually(lambda: site.ask("/", headers={"Cookie": cookies}).status == 200)
    wire.cut()


def test_without_redis_pages_work_actions_are_stored_and_nobody_waits_long(tmp_path, people):
    wire = live.wire_to_broker()
    with live.Site(tmp_path, live.environment(broker=wire)) as site:
        _, before = sign_in(site)
        wire.cut()

        page = site.ask("/", headers={"Cookie": before})
        answer, cookies = sign_in(site)
        home = site.ask("/", headers={"Cookie": cookies})
        ready = site.ask("/readyz")

        assert (page.status, PERSON.name in page.text) == (200, True)  # signed in: the session stands in PostgreSQL
        assert (answer.status, home.status) == (302, 200)
        assert page.seconds < 2
        assert answer.seconds < 2
        assert AuditEvent.objects.filter(event_type="signed-in", subject_id=str(PERSON.id)).count() == 2
        assert json.loads(ready.text) == {"database": "ok", "broker": "unreachable", "worker": "unknown"}

        wire.mend()
        assert eventually(lambda: json.loads(site.ask("/readyz").text)["broker"] == "ok")  # after 5 seconds
        assert site.ask("/", headers={"Cookie": cookies}).status == 200
    wire.cut()
