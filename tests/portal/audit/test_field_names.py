"""The names that code gives to the facts of events have words in the reader's language."""

import ast
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.utils import translation

from portal.audit.catalogue import choices
from portal.audit.field_names import FIELD_NAMES
from portal.audit.presentation import field_label
from portal.core.fields import name_key

FACTS = {"before", "after", "details", "party_details"}
NOT_SHOWN_TO_PEOPLE = {"portal/audit/log.py", "customers/scale.py"}
APPS = (
    "portal",
    "customers",
    "billing",
    "marketplace",
    "transfers",
    "azure",
    "bundles",
    "support",
    "sandbox",
    "operators",
)


def _names(value: ast.expr) -> Iterator[str]:
    """The keys of a written-out dict, and of those in a conditional or in ``**``; not of what lies deeper."""
    if isinstance(value, ast.IfExp):
        yield from _names(value.body)
        yield from _names(value.orelse)
    if isinstance(value, ast.Dict):
        for key, inner in zip(value.keys, value.values, strict=True):
            if key is None:
                yield from _names(inner)
            elif isinstance(key, ast.Constant) and isinstance(key.value, str):
                yield key.value


def _recorded(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            for keyword in node.keywords:
                if keyword.arg in FACTS:
                    yield from _names(keyword.value)
                elif keyword.arg == "subject_type" and isinstance(keyword.value, ast.Constant):
                    yield keyword.value.value
        elif isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if any(isinstance(target, ast.Name) and target.id in FACTS for target in targets):
                yield from _names(node.value)


def test_every_fact_that_code_writes_into_the_log_has_a_name_for_readers() -> None:
    unnamed = set()
    for app in APPS:
        for path in (settings.BASE_DIR / app).rglob("*.py"):
            relative = path.relative_to(settings.BASE_DIR)
            if str(relative) in NOT_SHOWN_TO_PEOPLE or "migrations" in relative.parts:
                continue
            tree = ast.parse(Path(path).read_text())
            unnamed.update(f"{relative}: {name}" for name in _recorded(tree) if name and name not in FIELD_NAMES)
    assert not unnamed, f"Add to portal/audit/field_names.py: {sorted(unnamed)}"


def test_a_field_reads_in_the_readers_language() -> None:
    with translation.override("fr"):
        assert field_label("administration rights") == "Droits d’administration"
        assert field_label("relationship-request") == "Demande de relation"


def test_a_field_of_code_long_gone_keeps_a_readable_name() -> None:
    assert field_label("price_per_seat") == "Price per seat"
    assert field_label("") == ""


def test_events_to_choose_from_stand_in_order_whatever_their_accents() -> None:
    with translation.override("fr"):
        names = [name for _event, name in choices()]
    assert names == sorted(names, key=name_key)
    assert names.index("Étiquette créée") < names.index("Invitation d’utilisateur renvoyée")
