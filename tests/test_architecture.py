"""How the code is laid out (style guide, sections 1, 2, 6, 10, 15 and 17), checked by reading it, without running it.

A check that names an exception says why it is one. Every check covers new code by itself.
"""

import ast
import functools
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command
from django.template.loader import get_template
from django.urls import get_resolver

from portal.core.icons import ICONS
from tests.explained import disabled_tags

ROOT = Path(settings.BASE_DIR)
DOMAIN_APPS = (
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
PROJECT = ("portal", *DOMAIN_APPS)
MAY_IMPORT = {  # style guide, section 2
    "portal": {"portal"},
    "customers": {"customers", "portal"},
    "billing": {"billing", "customers", "portal"},
    "marketplace": {"marketplace", "billing", "customers", "portal"},
    "transfers": {"transfers", "billing", "customers", "portal"},
    "azure": {"azure", "transfers", "billing", "customers", "portal"},
    "bundles": {"bundles", "billing", "customers", "portal"},
    "support": {"support", "customers", "portal"},
    "sandbox": {"sandbox", "azure", "transfers", "marketplace", "billing", "customers", "portal"},
    "operators": {
        "operators",
        "sandbox",
        "support",
        "azure",
        "transfers",
        "marketplace",
        "billing",
        "customers",
        "portal",
    },
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
IMPORTS = ast.Import | ast.ImportFrom
GETTEXT = {"_", "gettext", "gettext_lazy", "ngettext", "ngettext_lazy", "pgettext", "pgettext_lazy"}


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
    app = app_of(name)
    rest = name.removeprefix(f"{app}.").split(".")
    return (app, LEVEL[rest[0]]) if rest[0] in LEVEL else None


def app_of(name: str) -> str:
    parts = name.split(".")
    return ".".join(parts[:2]) if parts[0] == "portal" else parts[0]


def functions(name: str) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(tree(name)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def where(name: str, node: ast.AST) -> str:
    return f"{modules()[name].relative_to(ROOT)}:{getattr(node, 'lineno', 0)}"


def test_there_is_code_to_check():
    assert len(modules()) > 50
    assert "portal.accounts.workflow.users" in modules()
    assert imports("portal.accounts.workflow.users") >= {"portal.accounts.rules", "portal.accounts.models"}


# --- who imports whom ------------------------------------------------------------------------------------------------


def culprits(find: Callable[[str], Iterable[object]], names: Iterable[str]) -> dict[str, list[object]]:
    """What a check found wrong, by module or template; empty when all is well."""
    return {name: wrong for name in names if (wrong := list(find(name)))}


def importing(names: str | tuple[str, ...]) -> Callable[[str], list[str]]:
    return lambda name: [target for target in imports(name) if target.startswith(names)]


def test_an_app_imports_only_apps_below_it():
    def wrong(name):
        allowed = MAY_IMPORT[name.split(".")[0]]
        return (target for target in imports(name) if target.split(".")[0] not in allowed)

    assert not culprits(wrong, (name for name in own_code() if not name.startswith(MOUNTS_EVERYTHING)))


def test_imports_point_down_the_layers():
    def wrong(name):
        here = layer_of(name)
        theres = {target: layer_of(target) for target in imports(name)} if here else {}
        return (target for target, there in theres.items() if there and there[0] == here[0] and there[1] > here[1])

    assert not culprits(wrong, own_code())


def test_nobody_imports_the_top_of_another_app():
    """Another app is read through its queries and models and changed through its workflow."""

    def wrong(name):
        own = app_of(name)
        for target in imports(name):
            layer = layer_of(target)
            if layer and layer[1] >= LEVEL["processing"] and layer[0] not in (own, "portal.core"):
                yield target

    mounting = (*MOUNTS_EVERYTHING, "portal.local")
    assert not culprits(wrong, (name for name in own_code() if not name.startswith(mounting)))


def test_core_does_not_know_people_except_where_it_shows_pages():
    above = tuple(f"portal.{app}" for app in ("accounts", "audit", "notifications", "webhooks", "local"))
    plain = (name for name in own_code() if name.startswith("portal.core.") and name.split(".")[2] not in CORE_VIEWS)
    assert not culprits(importing(above), plain)


def test_the_embedded_run_is_not_needed_in_production():
    allowed = ("portal.local", "portal.settings.dev", "portal.settings.test", "portal.urls")
    production = (name for name in own_code() if not name.startswith(allowed))
    assert not culprits(
        lambda name: (target for target in imports(name) if target.startswith("portal.local")), production
    )


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


def test_no_import_hides_inside_a_function():
    def wrong(name):
        for function in functions(name):
            yield from (where(name, node) for node in statements(function) if isinstance(node, IMPORTS))

    assert not culprits(wrong, own_code())


def test_nothing_is_tied_together_by_django_signals():
    def wrong(name):
        sources = (str(node.module) for node in statements(tree(name)) if isinstance(node, ast.ImportFrom))
        return (source for source in sources if source.startswith(("django.dispatch", "django.db.models.signals")))

    assert not culprits(wrong, own_code())


def test_nothing_imports_the_settings_module_itself():
    others = (name for name in own_code() if not name.startswith("portal.settings"))
    assert not culprits(
        lambda name: (target for target in imports(name) if target.startswith("portal.settings")), others
    )


# --- size, words, states ---------------------------------------------------------------------------------------------


def test_a_module_is_short_or_says_why_not():
    def wrong(name):
        lines = len(modules()[name].read_text().splitlines())
        return [lines] if lines > LONGEST_MODULE and REASON not in (ast.get_docstring(tree(name)) or "") else []

    assert not culprits(wrong, own_code())


def test_a_function_is_short_or_says_why_not():
    def wrong(name):
        for function in functions(name):
            lines = (function.end_lineno or 0) - function.lineno + 1
            if lines > LONGEST_FUNCTION and REASON not in (ast.get_docstring(function) or ""):
                yield f"{where(name, function)} {function.name}: {lines} lines"

    assert not culprits(wrong, own_code())


def test_a_module_says_what_it_is_for():
    def wrong(name):
        path = modules()[name]
        is_empty_package = path.name == "__init__.py" and not path.read_text().strip()
        return [] if is_empty_package or path.name == "apps.py" or ast.get_docstring(tree(name)) else [str(path)]

    assert not culprits(wrong, own_code())


def test_no_message_is_translated_with_values_already_in_it():
    def wrong(name):
        for call in (node for node in ast.walk(tree(name)) if isinstance(node, ast.Call) and node.args):
            if ast.unparse(call.func) in GETTEXT and isinstance(call.args[0], ast.JoinedStr | ast.BinOp | ast.Call):
                yield where(name, call)

    assert not culprits(wrong, own_code())


def test_nothing_is_left_to_do():
    assert not culprits(lambda name: re.findall(r"\b(?:TODO|FIXME|XXX)\b", modules()[name].read_text()), own_code())


def assigns_status(node: ast.AST) -> bool:
    """Whether a statement gives a row a status: an attribute, or a keyword of a queryset's update()."""
    if isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        return any(isinstance(target, ast.Attribute) and target.attr == "status" for target in targets)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "update":
        return any(keyword.arg == "status" for keyword in node.keywords)
    return False


def test_only_workflow_and_processing_assign_a_status():
    def wrong(name):
        return (where(name, node) for node in ast.walk(tree(name)) if assigns_status(node))

    changing = {LEVEL["workflow"], LEVEL["processing"]}
    assert not culprits(wrong, (name for name in own_code() if (layer_of(name) or ("", 0))[1] not in changing))


# --- templates -------------------------------------------------------------------------------------------------------

TEMPLATES = sorted(path.relative_to(ROOT / "templates").as_posix() for path in (ROOT / "templates").rglob("*.*"))
PAGES = [name for name in TEMPLATES if name.endswith(".html") and not name.startswith("emails/")]
COMMENTS = re.compile(r"\{#.*?#\}|\{% comment %\}.*?\{% endcomment %\}", re.DOTALL)
TAGS = re.compile(r"\{%.*?%\}|\{\{.*?\}\}", re.DOTALL)
SAFE = {"components/_field_notes.html"}  # help texts of form fields: our own words, with the markup Django gives them


@functools.cache
def source(name: str) -> str:
    return COMMENTS.sub("", (ROOT / "templates" / name).read_text())


def test_every_template_compiles():
    for name in TEMPLATES:
        assert get_template(name)


def test_no_page_holds_inline_script_style_or_handlers():
    def wrong(name):
        text = source(name)
        yield from re.findall(r"\s(?:on[a-z]+|style)\s*=", TAGS.sub("", text))
        yield from re.findall(r"<style\b|javascript:", text)
        for script in re.findall(r"<script\b[^>]*>", text):
            if "src=" not in script and 'type="application/json"' not in script:  # JSON is data, which no browser runs
                yield script

    assert not culprits(wrong, PAGES)


def test_what_a_template_disables_names_its_reason():
    def wrong(name):
        yield from (tag for tag in disabled_tags(source(name)) if "aria-describedby=" not in tag)
        for used in re.findall(r"components/command.html.*?%}", source(name)):
            if re.search(r"\s(?:needs|reason)=", used) and not re.search(r"\sid=", used):
                yield used

    assert not culprits(wrong, PAGES)


def test_no_template_trusts_a_value():
    def wrong(name):
        return re.findall(r"\|\s*safe(?:seq)?\b|autoescape\s+off", source(name))

    assert not culprits(wrong, (name for name in TEMPLATES if name.endswith(".html") and name not in SAFE))


def test_every_address_in_a_template_exists():
    def wrong(name):
        used = re.findall(r"\{%\s*url\s+[\"']([^\"']+)[\"']", source(name))
        return set(used) - url_names()

    assert not culprits(wrong, PAGES)


def test_every_icon_in_a_template_exists():
    def wrong(name):
        used = re.findall(r"(?:\{%\s*icon\s+|icon_name=)[\"']([^\"']+)[\"']", source(name))
        return set(used) - ICONS.keys()

    assert not culprits(wrong, PAGES)


def test_a_fragment_extends_nothing():
    fragments = (name for name in PAGES if Path(name).name.startswith("_"))
    assert not culprits(lambda name: re.findall(r"\{%\s*extends\b", source(name)), fragments)


@functools.cache
def url_names() -> frozenset[str]:
    names = set()

    def walk(resolver, namespace=""):
        for pattern in resolver.url_patterns:
            if hasattr(pattern, "url_patterns"):
                walk(pattern, f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace)
            elif pattern.name:
                names.add(f"{namespace}{pattern.name}")

    walk(get_resolver())
    return frozenset(names)


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
