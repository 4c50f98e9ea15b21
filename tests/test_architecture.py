"""How the code is laid out (style guide, sections 1, 2, 6, 10, 15 and 17), checked by reading it, without running it.

A check that names an exception says why it is one. Every check covers new code by itself.
"""

import ast
import functools
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.template import engines
from django.template.loader import get_template
from django.urls import get_resolver

from portal.core.icons import ICONS

ROOT = Path(settings.BASE_DIR)
DOMAIN_APPS = ("customers", "billing", "marketplace", "transfers")
PROJECT = ("portal", *DOMAIN_APPS)
MAY_IMPORT = {  # style guide, section 2
    "portal": {"portal"},
    "customers": {"customers", "portal"},
    "billing": {"billing", "customers", "portal"},
    "marketplace": {"marketplace", "billing", "customers", "portal"},
    "transfers": {"transfers", "billing", "customers", "portal"},
}
# From the top down: a module imports from its own layer and from those below it.
LAYERS = (
    ("views", "api", "tasks", "management", "urls"),
    ("forms",),
    ("processing",),
    ("workflow",),
    ("announcements",),
    ("queries",),
    ("rules",),
    ("models",),
    ("enums",),
)
LEVEL = {name: len(LAYERS) - number for number, names in enumerate(LAYERS) for name in names}
MOUNTS_EVERYTHING = ("portal.urls", "portal.settings")  # the two places that name every app
CORE_VIEWS = {"views", "error_views", "health", "gallery", "middleware"}  # pages need marks, and marks need permissions
LONGEST_MODULE, LONGEST_FUNCTION = 400, 40
REASON = "Long because"


# --- reading the code ------------------------------------------------------------------------------------------------


@functools.cache
def modules() -> dict[str, Path]:
    """Every module of the project by its dotted name."""
    found = {}
    for package in PROJECT:
        for path in sorted((ROOT / package).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def own_code() -> list[str]:
    return [name for name in modules() if ".migrations" not in name]


@functools.cache
def tree(name: str) -> ast.Module:
    return ast.parse(modules()[name].read_text())


def is_type_checking(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING")


def statements(node: ast.AST, *, type_checking: bool = False) -> Iterator[ast.AST]:
    """Every node below, without what only the type checker sees."""
    for child in ast.iter_child_nodes(node):
        if is_type_checking(child) and not type_checking:
            continue
        yield child
        yield from statements(child, type_checking=type_checking)


@functools.cache
def imports(name: str) -> frozenset[str]:
    """The modules of the project that a module imports when it runs."""
    known, found = modules(), set()
    for node in statements(tree(name)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name}: imports are absolute"
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                found.add(inner if inner in known else str(node.module))
    return frozenset(found & known.keys())


def layer_of(name: str) -> tuple[str, int] | None:
    """The app a module belongs to and the height of its layer; ``None`` for modules outside the layers."""
    parts = name.split(".")
    app = ".".join(parts[:2]) if parts[0] == "portal" else parts[0]
    rest = parts[2:] if parts[0] == "portal" else parts[1:]
    return (app, LEVEL[rest[0]]) if rest and rest[0] in LEVEL else None


def functions(name: str) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(tree(name)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def where(name: str, node: ast.AST) -> str:
    return f"{modules()[name].relative_to(ROOT)}:{getattr(node, 'lineno', 0)}"


def test_there_is_code_to_check():
    assert len(modules()) > 50
    assert "portal.accounts.workflow.users" in modules()
    assert imports("portal.accounts.workflow.users") >= {"portal.accounts.rules", "portal.accounts.models"}


# --- who imports whom ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", own_code())
def test_an_app_imports_only_apps_below_it(name):
    if name.startswith(MOUNTS_EVERYTHING):
        return
    allowed = MAY_IMPORT[name.split(".")[0]]
    assert not {target for target in imports(name) if target.split(".")[0] not in allowed}


@pytest.mark.parametrize("name", own_code())
def test_imports_point_down_the_layers(name):
    here = layer_of(name)
    if here is None:
        return
    app, level = here
    above = {target for target in imports(name) if (there := layer_of(target)) and there[0] == app and there[1] > level}
    assert not above, f"{name} imports from above: {above}"


@pytest.mark.parametrize("name", own_code())
def test_nobody_imports_the_top_of_another_app(name):
    """Another app is read through its queries and models and changed through its workflow."""
    if name.startswith(MOUNTS_EVERYTHING) or name.startswith("portal.local"):
        return
    own = name.split(".")[:2] if name.startswith("portal.") else name.split(".")[:1]
    top = {"views", "api", "tasks", "forms", "processing"}
    foreign = {
        target
        for target in imports(name)
        if (parts := target.split("."))[: len(own)] != own
        and (parts[2:3] if parts[0] == "portal" else parts[1:2])[0:1]
        and (parts[2:3] if parts[0] == "portal" else parts[1:2])[0] in top
        and parts[:2] != ["portal", "core"]
    }
    assert not foreign


@pytest.mark.parametrize("name", [name for name in own_code() if name.startswith("portal.core.")])
def test_core_does_not_know_people_except_where_it_shows_pages(name):
    if name.split(".")[2] in CORE_VIEWS:
        return
    apps_of_the_portal = {"accounts", "audit", "notifications", "webhooks", "local"}
    assert not {
        target for target in imports(name) if target.split(".")[1:2] and target.split(".")[1] in apps_of_the_portal
    }


@pytest.mark.parametrize("name", own_code())
def test_the_embedded_run_is_not_needed_in_production(name):
    if name.startswith(("portal.local", "portal.settings.dev", "portal.settings.test", "portal.urls")):
        return
    assert not {target for target in imports(name) if target.startswith("portal.local")}


def test_there_is_no_import_cycle():
    done, path = set(), []

    def visit(name):
        if name in path:
            raise AssertionError(" -> ".join([*path[path.index(name) :], name]))
        if name in done:
            return
        path.append(name)
        for target in sorted(imports(name)):
            visit(target)
        path.pop()
        done.add(name)

    for name in modules():
        visit(name)


@pytest.mark.parametrize("name", own_code())
def test_no_import_hides_inside_a_function(name):
    hidden = [
        where(name, node)
        for function in functions(name)
        for node in statements(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    assert not hidden


@pytest.mark.parametrize("name", own_code())
def test_nothing_is_tied_together_by_django_signals(name):
    sources = {str(node.module) for node in statements(tree(name)) if isinstance(node, ast.ImportFrom)}
    assert not {source for source in sources if source.startswith(("django.dispatch", "django.db.models.signals"))}


# --- size, words, states ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", own_code())
def test_a_module_is_short_or_says_why_not(name):
    lines = len(modules()[name].read_text().splitlines())
    assert lines <= LONGEST_MODULE or REASON in (ast.get_docstring(tree(name)) or "")


@pytest.mark.parametrize("name", own_code())
def test_a_function_is_short_or_says_why_not(name):
    long = [
        f"{where(name, function)} {function.name}"
        for function in functions(name)
        if (function.end_lineno or 0) - function.lineno >= LONGEST_FUNCTION
        and REASON not in (ast.get_docstring(function) or "")
    ]
    assert not long


@pytest.mark.parametrize("name", own_code())
def test_a_module_says_what_it_is_for(name):
    path = modules()[name]
    is_empty_package = path.name == "__init__.py" and not path.read_text().strip()
    assert is_empty_package or path.name == "apps.py" or ast.get_docstring(tree(name))


@pytest.mark.parametrize("name", own_code())
def test_no_message_is_translated_with_values_already_in_it(name):
    calls = (node for node in ast.walk(tree(name)) if isinstance(node, ast.Call) and node.args)
    wrong = [
        where(name, call)
        for call in calls
        if ast.unparse(call.func) in ("_", "gettext", "gettext_lazy", "ngettext", "pgettext")
        and isinstance(call.args[0], ast.JoinedStr | ast.BinOp | ast.Call)
    ]
    assert not wrong


@pytest.mark.parametrize("name", own_code())
def test_nothing_is_left_to_do(name):
    assert not re.search(r"\b(TODO|FIXME|XXX)\b", modules()[name].read_text())


def assigns_status(node: ast.AST) -> bool:
    """Whether a statement gives a row a status: an attribute, or a keyword of a queryset's update()."""
    if isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        return any(isinstance(target, ast.Attribute) and target.attr == "status" for target in targets)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "update":
        return any(keyword.arg == "status" for keyword in node.keywords)
    return False


@pytest.mark.parametrize("name", own_code())
def test_only_workflow_and_processing_assign_a_status(name):
    layer = layer_of(name)
    if layer and layer[1] in (LEVEL["workflow"], LEVEL["processing"]):
        return
    assert not [where(name, node) for node in ast.walk(tree(name)) if assigns_status(node)]


# --- templates -------------------------------------------------------------------------------------------------------

TEMPLATES = sorted(path.relative_to(ROOT / "templates").as_posix() for path in (ROOT / "templates").rglob("*.*"))
PAGES = [name for name in TEMPLATES if name.endswith(".html") and not name.startswith("emails/")]
COMMENTS = re.compile(r"\{#.*?#\}|\{% comment %\}.*?\{% endcomment %\}", re.DOTALL)
SAFE = {"components/_field_notes.html"}  # help texts of form fields: our own words, with the markup Django gives them


def source(name: str) -> str:
    return COMMENTS.sub("", (ROOT / "templates" / name).read_text())


@pytest.mark.parametrize("name", TEMPLATES)
def test_every_template_compiles(name):
    assert get_template(name)


@pytest.mark.parametrize("name", PAGES)
def test_no_page_holds_inline_script_style_or_handlers(name):
    text = source(name)
    assert not re.search(r"\s(on[a-z]+|style)\s*=", re.sub(r"\{%.*?%\}|\{\{.*?\}\}", "", text, flags=re.DOTALL))
    assert not re.search(r"<style\b|javascript:", text)
    for script in re.findall(r"<script\b[^>]*>", text):
        assert "src=" in script or 'type="application/json"' in script, script  # data, which no browser runs


@pytest.mark.parametrize("name", [name for name in TEMPLATES if name not in SAFE])
def test_no_template_trusts_a_value(name):
    assert not re.search(r"\|\s*safe\b|autoescape\s+off|mark_safe", source(name)) or name.endswith(".txt")


@pytest.mark.parametrize("name", PAGES)
def test_every_address_in_a_template_exists(name):
    known = url_names()
    for used in re.findall(r"\{%\s*url\s+[\"']([^\"']+)[\"']", source(name)):
        assert used in known, used


@pytest.mark.parametrize("name", PAGES)
def test_every_icon_in_a_template_exists(name):
    for used in re.findall(r"\{%\s*icon\s+[\"']([^\"']+)[\"']|icon_name=[\"']([^\"']+)[\"']", source(name)):
        assert (used[0] or used[1]) in ICONS


@pytest.mark.parametrize("name", [name for name in PAGES if Path(name).name.startswith("_")])
def test_a_fragment_extends_nothing(name):
    assert not re.search(r"\{%\s*extends\b", source(name)) or name.startswith("shell/")


@functools.cache
def url_names() -> frozenset[str]:
    names = set()

    def walk(resolver, namespace=""):
        for pattern in resolver.url_patterns:
            if hasattr(pattern, "url_patterns"):
                inner = f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace
                walk(pattern, inner)
            elif pattern.name:
                names.add(f"{namespace}{pattern.name}")

    walk(get_resolver())
    return frozenset(names)


def test_templates_are_looked_for_in_one_place_of_ours():
    (engine,) = engines.all()
    assert [Path(folder) for folder in engine.dirs] == [ROOT / "templates"]
    assert not [
        app.label
        for app in apps.get_app_configs()
        if Path(app.path, "templates").is_dir() and ROOT in Path(app.path).parents and ".venv" not in app.path
    ]


# --- what surrounds the code -----------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_no_migration_is_missing():
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_lock_files_name_no_server_and_pin_every_hash(name):
    text = (ROOT / name).read_text()
    assert "://" not in text
    packages = re.findall(r"^[A-Za-z0-9][^\n]*==[^\n]*(?:\n +--hash[^\n]*)*", text, re.MULTILINE)
    assert len(packages) > 20
    assert not [package.split("==")[0] for package in packages if "--hash=sha256:" not in package]


def test_nothing_imports_the_settings_module_itself():
    culprits = [
        name
        for name in own_code()
        if not name.startswith("portal.settings")
        and {target for target in imports(name) if target.startswith("portal.settings")}
    ]
    assert not culprits
