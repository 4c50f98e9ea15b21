"""The address of a list."""

import pytest
from django.test import RequestFactory

from portal.core.listing import ListAddress
from portal.core.pages import COUNT_LIMIT, Page

ALLOWED = {"q": None, "state": {"open", "closed"}, "sort": {"name", "-name", "date"}, "cursor": None}


def address(**query):
    return ListAddress.read(RequestFactory().get("/things/", query), ALLOWED)


def test_only_known_values_are_read_and_texts_are_stripped():
    read = address(q="  ada ", state="asleep", sort="-name", other="x")
    assert dict(read.values) == {"q": "ada", "sort": "-name"}
    assert read.get("state", "open") == "open"


def test_links_keep_the_rest_and_leave_out_what_is_empty():
    read = address(q="a b&c", state="open")
    assert read.url(state="") == "/things/?q=a+b%26c"
    assert read.url("/export/", cursor="x") == "/export/?q=a+b%26c&state=open&cursor=x"
    assert address().url() == "/things/"


def test_a_header_turns_the_order_round_and_starts_at_the_first_page():
    headers = address(cursor="abc", q="x").sort_headers(("name", "date"), default="name")
    assert headers["name"] == {"url": "/things/?q=x&sort=-name", "direction": "ascending"}
    assert headers["date"] == {"url": "/things/?q=x&sort=date", "direction": ""}
    turned = address(sort="-name").sort_headers(("name",), default="name")
    assert turned["name"] == {"url": "/things/", "direction": "descending"}


def test_each_chip_drops_its_own_filter():
    chips = address(q="x", state="open", cursor="abc").chips({"q": "Contains: x", "state": "Open", "other": "?"})
    assert [chip["label"] for chip in chips] == ["Contains: x", "Open"]
    assert [chip["url"] for chip in chips] == ["/things/?state=open", "/things/?q=x"]


@pytest.mark.parametrize(
    ("total", "words"),
    [
        (None, ""),
        (0, "0 entries"),
        (1, "1 entry"),
        (1234, "1,234 entries"),
        (COUNT_LIMIT + 1, "More than 10,000 entries"),
    ],
)
def test_the_pager_says_how_long_the_list_is(total, words):
    assert address().pager(Page(rows=[], total=total))["range"] == words


def test_the_pager_links_to_neighbours_that_exist():
    pager = address(q="x").pager(Page(rows=[], next_cursor="n"))
    assert (pager["previous_url"], pager["next_url"]) == ("", "/things/?q=x&cursor=n")
