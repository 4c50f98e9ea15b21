"""The gallery: every component with its states, in both themes side by side. In English only, for who builds pages."""

from datetime import UTC, datetime
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from portal.accounts.access import public
from portal.core.forms import DateInput, Toggle
from portal.core.icons import ICONS

SECTIONS = (
    ("foundations", "Colors, type, icons"),
    ("buttons", "Buttons"),
    ("messages", "Message bars"),
    ("status", "Status, tags, ids, moments"),
    ("commands", "Page head and commands"),
    ("lists", "Detail list"),
    ("progress", "Tabs, steps, progress"),
    ("details", "Details and timeline"),
    ("cards", "Cards, tiles, empty states"),
    ("forms", "Forms"),
    ("overlays", "Panels, dialogs, tips"),
)
SURFACES = ("canvas", "surface", "raised", "hover", "selected", "tint", "line", "line-strong", "line-control")
COLORS = (
    *("text", "text-muted", "text-disabled", "link", "primary", "primary-hover", "primary-pressed"),
    *("success", "warning", "error", "success-back", "warning-back", "error-back", "info-back", "bar"),
)
MOMENT = datetime(2026, 11, 21, 9, 41, tzinfo=UTC)
CHOICES = [("direct", "Direct bill partner"), ("provider", "Indirect provider"), ("reseller", "Indirect reseller")]


class SampleForm(forms.Form):
    """One field of every kind."""

    name = forms.CharField(label="Company name", help_text="As it stands on the invoice.")
    email = forms.EmailField(label="Contact e-mail")
    seats = forms.IntegerField(label="Licenses", min_value=1, required=False)
    country = forms.ChoiceField(label="Country", choices=[("", "Choose a country"), ("fr", "France"), ("se", "Sweden")])
    starts_on = forms.DateField(label="Start", widget=DateInput, required=False)
    secret = forms.CharField(label="Password", widget=forms.PasswordInput, required=False)
    note = forms.CharField(label="Note to the source partner", widget=forms.Textarea(attrs={"rows": 3}), required=False)
    kind = forms.ChoiceField(label="Kind of partner", choices=CHOICES, widget=forms.RadioSelect)
    roles = forms.MultipleChoiceField(
        label="Roles",
        choices=[("admin", "Admin agent"), ("sales", "Sales agent"), ("helpdesk", "Helpdesk agent")],
        widget=forms.CheckboxSelectMultiple,
        help_text="A person may hold several.",
    )
    evidence = forms.FileField(label="Signed agreement", required=False, help_text="PDF, up to 5 MB.")
    mails = forms.BooleanField(
        label="Send me a mail", widget=Toggle, required=False, help_text="One mail a day at most."
    )
    accepted = forms.BooleanField(label="The customer has accepted the agreement")


def _theme(name: str) -> dict[str, Any]:
    wrong = {"name": "", "email": "nobody", "seats": "12", "country": "se", "kind": "provider", "roles": ["sales"]}
    return {
        "name": name,
        "empty_form": SampleForm(auto_id=f"{name}_empty_%s"),
        "wrong_form": SampleForm(wrong | {"mails": "on"}, auto_id=f"{name}_wrong_%s"),
    }


def _rows() -> list[dict[str, Any]]:
    names = ("Fabrikam Logistics", "Städtische Verkehrsbetriebe Musterhausen", "Contoso", "Northwind Traders")
    tones = ("success", "warning", "error", "neutral")
    statuses = ("Active", "Action needed", "Suspended", "Expires on 11/30/2026")
    return [
        {
            "id": f"row-{number}",
            "name": name,
            "domain": f"{name.split()[0].lower()}.example",
            "tenant_id": f"8c1f6d2e-0b7a-4e5d-9f3c-2a1b0c9d8e{number}f",
            "tone": tones[number],
            "status": statuses[number],
            "tags": ["Education", "Renewal", "Key account", "EMEA"][number:],
            "seats": (1250, 48, 7, 12904)[number],
        }
        for number, name in enumerate(names)
    ]


@require_safe
@public("components with invented data, nobody's own")
def gallery(request: HttpRequest) -> HttpResponse:
    """Show every component in the light and in the dark theme. Long because it lists sample data of them all."""
    context = {
        "themes": [_theme("light"), _theme("dark")],
        "sections": SECTIONS,
        "navigation": [{"label": "", "items": [{"label": label, "url": f"#{key}"} for key, label in SECTIONS]}],
        "icons": sorted(ICONS),
        "surfaces": SURFACES,
        "colors": COLORS,
        "tones": ("success", "info", "warning", "error", "neutral"),
        "rows": _rows(),
        "moment": MOMENT,
        "tabs": [
            {"label": "Marketplace", "url": "#progress", "selected": True, "count": 12},
            {"label": "Azure plans and subscriptions", "url": "#progress", "selected": False, "count": 0},
            {"label": "Software", "url": "#progress", "selected": False, "count": None},
        ],
        "steps": [
            {"label": "Customer", "state": "done", "url": "#progress"},
            {"label": "Line items", "state": "done", "url": ""},
            {"label": "Review", "state": "current", "url": ""},
            {"label": "Confirmation", "state": "todo", "url": ""},
        ],
        "chips": [{"label": "Status: Pending", "url": "#lists"}, {"label": "Expires within 7 days", "url": "#lists"}],
        "options": [{"value": "", "label": "All statuses"}, {"value": "pending", "label": "Pending"}],
        "facts": [
            {"label": "Primary domain name", "value": "fabrikam.example"},
            {"label": "Billing frequency", "value": "Monthly", "hint": "The term restarts when you change it."},
            {"label": "Relationship", "value": "Cloud reseller"},
        ],
        "entries": [
            {"title": "Transfer completed", "at": MOMENT, "tone": "success", "actor": "the portal", "text": ""},
            {
                "title": "3 line items moved, 1 failed",
                "at": MOMENT,
                "tone": "warning",
                "text": "The next try is at 10:15.",
            },
            {"title": "Transfer accepted", "at": MOMENT, "tone": "info", "icon_name": "check", "actor": "Elin Berg"},
            {
                "title": "Transfer requested",
                "at": MOMENT,
                "tone": "neutral",
                "icon_name": "send",
                "actor": "Marc Petit",
            },
        ],
        "links": [{"label": "Customer list", "url": "#cards"}, {"label": "Transfers", "url": "#cards"}],
        "consequences": [
            "The billing ownership of 4 subscriptions moves to Northwind Traders.",
            "You cannot take it back.",
        ],
    }
    return render(request, "gallery/gallery.html", context)
