"""What all calls share: what is not there answers 404."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.core.exceptions import ObjectDoesNotExist
from django.http import Http404

TAG = "Sandbox"


@contextmanager
def or_404() -> Iterator[None]:
    """Answer 404 where the workflow finds no such object of the caller's."""
    try:
        yield
    except ObjectDoesNotExist as missing:
        raise Http404 from missing
