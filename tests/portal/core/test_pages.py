import pytest

from portal.accounts.models import User
from portal.core.pages import BadCursor, keyset_page
from tests.factories import make_user

pytestmark = pytest.mark.django_db


def walk(size, order):
    cursor, seen = "", []
    while True:
        page = keyset_page(User.objects.all(), order=order, cursor=cursor, size=size)
        seen.append([user.name for user in page])
        if not page.next_cursor:
            return seen, page
        cursor = page.next_cursor


@pytest.mark.parametrize("order", [("name", "pk"), ("-name", "-pk")])
def test_every_row_is_on_exactly_one_page_though_names_repeat(order):
    for name in ["a", "a", "b", "b", "b", "c", "d"]:
        make_user(name=name)

    pages, _ = walk(2, order)

    flat = [name for page in pages for name in page]
    assert flat == sorted(["a", "a", "b", "b", "b", "c", "d"], reverse=order[0].startswith("-"))
    assert [len(page) for page in pages] == [2, 2, 2, 1]


def test_the_previous_cursor_leads_back_to_the_same_rows():
    for number in range(5):
        make_user(name=f"n{number}")
    first = keyset_page(User.objects.all(), order=("name", "pk"), size=2)
    second = keyset_page(User.objects.all(), order=("name", "pk"), size=2, cursor=first.next_cursor)

    back = keyset_page(User.objects.all(), order=("name", "pk"), size=2, cursor=second.previous_cursor)

    assert [user.pk for user in back] == [user.pk for user in first]
    assert not back.previous_cursor
    assert back.next_cursor


@pytest.mark.parametrize("cursor", ["x", "????", "bnVsbA", "WyJuIiwxXQ", "WyJuIix7fSwxXQ", "WyJuIiwiYSIsInoiXQ"])
def test_a_cut_or_changed_cursor_is_refused_with_a_sentence(cursor):
    make_user()
    with pytest.raises(BadCursor, match="Start at the first page"):
        list(keyset_page(User.objects.all(), order=("name", "pk"), cursor=cursor))


def test_the_total_is_exact_only_up_to_the_limit(monkeypatch):
    monkeypatch.setattr("portal.core.pages.COUNT_LIMIT", 3)
    for _ in range(5):
        make_user()

    page = keyset_page(User.objects.all(), order=("pk",), size=2, with_total=True)

    assert page.total == 4
    assert page.total_is_capped
