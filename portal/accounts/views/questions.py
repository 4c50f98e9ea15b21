"""A step of user management that is asked first: what follows from it, in a dialog or on a page."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpResponse

from portal.core.errors import Refusal
from portal.core.http import PortalRequest, page_or_fragment, redirect_to


@dataclass(frozen=True)
class Question:
    """What is asked of whom, what follows, and where it leads back to."""

    title: str
    name: str  # beside the title
    about: str  # whom it concerns: name and address
    consequences: Sequence[str]
    button: str
    done: str
    url: str
    parent: str
    parent_url: str
    tone: str = "warning"


def answer(
    request: PortalRequest, question: Question, act: Callable[[], object], *, refusal: Refusal | None = None
) -> HttpResponse:
    """Ask, or do what was confirmed; ``refusal`` is known before."""
    if request.method == "POST":
        try:
            act()
        except Refusal as refused:
            refusal = refused
        else:
            messages.success(request, question.done)
            return redirect_to(request, question.parent_url)
    return page_or_fragment(
        request,
        page="accounts/users/question.html",
        fragment="accounts/users/_question.html",
        context={"question": question, "refusal": refusal},
        status=refusal.http_status if refusal else 200,
    )
