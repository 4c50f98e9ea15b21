import gettext

import pytest

from portal.local import build
from portal.local.errors import LaunchError

CATALOGUE = """
msgid ""
msgstr ""
"Content-Type: text/plain; charset=utf-8\\n"
"Plural-Forms: nplurals=2; plural=(n > 1);\\n"

msgid "Customers"
msgstr "Clients"

msgid "one license"
msgid_plural "%(count)s licenses"
msgstr[0] "une licence"
msgstr[1] "%(count)s licences"

#, fuzzy
msgid "Guess"
msgstr "Devinette"
"""


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project of its own, with one catalogue and one static file."""
    monkeypatch.setattr(build, "PROJECT", tmp_path)
    monkeypatch.setattr(build, "BUILD_FOLDER", tmp_path / ".build")
    monkeypatch.setattr(build, "COLLECTED", tmp_path / ".build" / "collected")
    monkeypatch.setattr(build, "MARKER", tmp_path / ".build" / "built")
    monkeypatch.setattr(build, "build_sprite", lambda: None)
    monkeypatch.setattr(build, "_collect_static_files", lambda: build.COLLECTED.mkdir(exist_ok=True))
    for name in ("requirements.txt", "portal/settings/base.py", "portal/core/icons.py", "static/css/portal.css"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    catalogue(tmp_path).parent.mkdir(parents=True)
    catalogue(tmp_path).write_text(CATALOGUE)
    return tmp_path


def catalogue(project):
    return project / "locale" / "fr" / "LC_MESSAGES" / "django.po"


def test_a_compiled_catalogue_speaks_and_leaves_guesses_out(project):
    with build.compile_catalogue(catalogue(project)).open("rb") as compiled:
        french = gettext.GNUTranslations(compiled)

    assert french.gettext("Customers") == "Clients"
    assert french.ngettext("one license", "%(count)s licenses", 2) == "%(count)s licences"
    assert french.gettext("Guess") == "Guess"


def test_a_broken_catalogue_is_told_in_one_line(project):
    catalogue(project).write_text('msgid "no end\n')

    with pytest.raises(LaunchError, match=r"^locale/fr/LC_MESSAGES/django\.po cannot be read: ") as refused:
        build.build()

    assert "\n" not in str(refused.value)


def test_what_is_built_is_up_to_date(project):
    assert not build.is_up_to_date()

    build.build()

    assert build.is_up_to_date()
    assert catalogue(project).with_suffix(".mo").exists()


@pytest.mark.parametrize(
    "name", ["requirements.txt", "static/css/portal.css", "static/new.js", "portal/x/static/new.js"]
)
def test_a_changed_source_is_built_again(project, name):
    build.build()

    (project / name).parent.mkdir(parents=True, exist_ok=True)
    (project / name).write_text("changed")

    assert not build.is_up_to_date()


def test_a_changed_catalogue_is_compiled_again(project):
    build.build()
    compiled = catalogue(project).with_suffix(".mo")
    later = compiled.stat().st_mtime_ns + 1_000_000_000
    catalogue(project).write_text(CATALOGUE.replace("Clients", "Clientes"))
    build.os.utime(catalogue(project), ns=(later, later))

    assert not build.is_up_to_date()


def test_lost_static_files_are_collected_again(project):
    build.build()
    build.COLLECTED.rmdir()

    assert not build.is_up_to_date()


def test_static_files_that_cannot_be_collected_are_told_in_one_line(tmp_path, monkeypatch):
    seen = {}

    def run(command, **options):
        seen.update(options["env"], command=command)
        return build.subprocess.CompletedProcess(command, 1, "", "Traceback\n  File x\nSomeError: no room")

    monkeypatch.setattr(build.subprocess, "run", run)

    with pytest.raises(LaunchError, match=r"^The static files could not be collected: SomeError: no room$"):
        build._collect_static_files()
    assert seen["DJANGO_SETTINGS_MODULE"] == "portal.settings.dev"
