"""Long files of usage: plain or compressed, imported in the background, whole or not at all (A7, rows 1, 5, 27)."""

import gzip
import io
import threading
import tracemalloc
import zlib
from dataclasses import replace
from datetime import date, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from billing import invariants, metrics, tasks
from billing.models import Charge, UsageImport, UsageImportPart, UsageRecord
from billing.prices_files import count_lines
from billing.processing import usage as processing
from billing.usage_files import LAYOUT
from billing.workflow import usage
from portal.accounts.enums import OrganizationKind, Role
from portal.audit.models import AuditEvent
from portal.core.csv_files import UnreadableFile, open_csv
from tests.billing.usage_factories import HEADER, make_azure, make_meter, make_usage_import, row
from tests.factories import NOON, make_actor, make_member, make_organization, make_partner

pytestmark = pytest.mark.django_db

FILES = reverse("pricing:usage_files")


@pytest.fixture
def member():
    return make_member(make_organization(OrganizationKind.OPERATOR), Role.OPERATOR_ADMIN)


@pytest.fixture
def operator(client_for, member):
    return client_for(member)


@pytest.fixture
def actor(member):
    return processing.operator(pk=member.user_id)


@pytest.fixture
def subscription():
    make_meter("0.50")
    return make_azure(make_partner())


def written(*rows: str) -> bytes:
    return "\n".join([HEADER, *rows]).encode()


def days(subscription, count: int = 3) -> list[str]:
    return [row(subscription, f"2026-11-{day:02}") for day in range(1, count + 1)]


def upload(actor, content: bytes) -> UsageImport:
    return usage.upload_usage(stream=io.BytesIO(content), file_name="usage.csv.gz", actor=actor, now=NOON)


def process(run: UsageImport) -> UsageImport:
    moments = (NOON + timedelta(seconds=second) for second in range(9))
    processing.process_file(run_id=run.pk, clock=lambda: next(moments))
    run.refresh_from_db()
    return run


# --- what can be read ------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "pack",
    [
        lambda text: text,
        gzip.compress,
        lambda text: gzip.compress(text[:150]) + gzip.compress(text[150:]) + b"\0" * 20,
        lambda text: text.decode().encode("utf-16"),
    ],
    ids=["plain", "gzip", "two packed parts", "utf-16"],
)
def test_a_file_is_read_plain_or_compressed_and_imported_once_however_often_the_task_runs(actor, subscription, pack):
    run = upload(actor, pack(written(*days(subscription), row(subscription, "2026-11-01", meter="meter-9"))))
    assert (run.status, run.row_count, UsageRecord.objects.count()) == ("waiting", 4, 0)

    for _time in range(3):
        tasks.import_usage_file(str(run.pk))

    run.refresh_from_db()
    assert (run.status, run.new_count, run.wrong_count, run.tries) == ("done", 3, 1, 1)
    assert UsageRecord.objects.count() == 3
    assert not UsageImportPart.objects.exists()
    logged = AuditEvent.objects.filter(subject_id=str(run.pk)).order_by("pk").values_list("event_type", flat=True)
    assert list(logged) == ["usage-file-uploaded", "usage-imported"]


def bomb() -> bytes:
    return gzip.compress(HEADER.encode() + b"\n" + b"x" * 50_000_000)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (bomb(), "Line 2 is longer than any row"),
        (gzip.compress(written(*[",".join("1" * 30)] * 40_000)), "more than 1 MB of text"),
        (gzip.compress(written(*["1"] * 2_000)), "more than 1,000 rows"),
        (gzip.compress(written("1" * 5_000))[:-9], "damaged or cut off"),
        (b"\x1f\x8b" + b"\x00" * 500, "damaged or cut off"),
        (written("1,2\x00,3"), "characters that no text has"),
        (written(), "no rows below its first line"),
        (b"PK\x03\x04" + b"\x00" * 50, "a workbook, not a CSV file"),
    ],
    ids=["bomb", "large", "rows", "cut off", "damaged", "nul", "empty", "workbook"],
)
def test_what_no_import_could_use_is_refused_on_the_page_and_nothing_is_kept(operator, settings, content, sentence):
    settings.UNPACKED_MAX_BYTES, settings.USAGE_MAX_ROWS = 1024**2, 50_000
    if "rows" in sentence:
        settings.USAGE_MAX_ROWS = 1_000

    page = operator.post(FILES, {"file": SimpleUploadedFile("usage.csv.gz", content)})

    assert page.status_code == 422
    assert sentence in page.content.decode()
    assert not UsageImport.objects.exists()


@pytest.mark.parametrize(("length", "most"), [(100, 2_000_000), (1_000, 10**9), (60_000, 2_000_000), (5, 10**9)])
def test_a_few_bytes_that_unpack_to_many_good_lines_are_refused_before_they_are_unpacked(settings, length, most):
    packer = zlib.compressobj(wbits=zlib.MAX_WBITS | 16)
    line, repeated = b"1," + b"2" * (length - 3) + b"\n", 40_000_000 // length
    many = line * (1_000_000 // length)
    packed = [packer.compress(HEADER.encode() + b"\n")]
    packed += [packer.compress(many) for _ in range(repeated * length // len(many))]
    stream = io.BytesIO(b"".join([*packed, packer.flush()]))
    file = open_csv(stream, LAYOUT)
    unpacked = 0

    def seen():
        nonlocal unpacked
        for block in file.blocks:
            unpacked += len(block)
            yield block

    tracemalloc.start()
    with pytest.raises(UnreadableFile, match="unpacks to far more"):
        count_lines(replace(file, blocks=seen()), most=most)
    used = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert unpacked <= settings.UNPACKED_ANY_RATIO_BYTES
    assert used < 4 * 1024**2


def test_a_long_file_that_is_packed_as_exports_are_is_read_to_its_end(settings):
    settings.UNPACKED_ANY_RATIO_BYTES = 1_000_000
    rows = [f"{number % 977},{number * 7919 % 1_000_003},/vm/{number}" for number in range(100_000)]
    file = open_csv(io.BytesIO(gzip.compress(written(*rows))), LAYOUT)

    assert count_lines(file, most=100_000) == 100_000


def test_only_this_page_takes_long_files_and_only_from_those_who_may_open_it(operator, client_for, client, settings):
    settings.REQUEST_MAX_BYTES, settings.UPLOAD_MAX_BYTES, settings.LONG_UPLOAD_MAX_BYTES = 1_000, 5_000, 20_000

    def status(sender, address, size):
        return sender.post(address, {"file": SimpleUploadedFile("usage.csv", b"x" * size)}).status_code

    assert status(operator, FILES, 10_000) == 422
    assert status(operator, FILES, 30_000) == 413
    assert status(operator, reverse("pricing:sheets"), 10_000) == 413
    assert status(client, FILES, 2_000) == 413
    assert status(client_for(make_member(make_partner(), Role.BILLING_ADMIN)), FILES, 2_000) == 413


def test_an_amount_beyond_all_columns_is_a_wrong_row_and_no_broken_import(actor, subscription):
    rows = [row(subscription, "2026-11-01", "9e30"), row(subscription, "2026-11-02", "9e11"), days(subscription)[2]]
    make_meter("1000", meter_id="dear")
    dear = row(subscription, "2026-11-04", "99999999999", meter="dear")

    run = process(upload(actor, written(*rows, dear)))

    assert dict(run.rows.values_list("number", "reason")) == {2: "too-much", 5: "too-much"}
    assert run.new_count == 2


# --- what a kill leaves ----------------------------------------------------------------------------------------------
class Killed(BaseException):
    """As if the worker were gone."""


@pytest.mark.parametrize("step", ["read", "judge", "store"])
def test_a_worker_that_dies_leaves_nothing_half_done_and_the_sweep_takes_it_up(
    actor, subscription, monkeypatch, django_capture_on_commit_callbacks, step
):
    def die(_teller, at, _done, _total):
        if at == step:
            raise Killed

    run = upload(actor, written(*days(subscription)))
    connection.run_on_commit.clear()  # its task is lost
    monkeypatch.setattr(processing._Teller, "__call__", die)
    with pytest.raises(Killed):
        processing.process_file(run_id=run.pk, clock=lambda: NOON)
    monkeypatch.undo()
    run.refresh_from_db()
    assert (run.status, run.tries, UsageRecord.objects.count()) == ("waiting", 1, 0)

    with django_capture_on_commit_callbacks() as soon:
        processing.resume_lost(now=NOON + timedelta(seconds=29))
    with django_capture_on_commit_callbacks() as later:
        processing.resume_lost(now=NOON + timedelta(seconds=31))
    assert (soon, [(job.task_name, job.args) for job in later]) == ([], [(usage.PROCESS, (str(run.pk),))])

    assert (process(run).status, run.new_count, run.tries) == ("done", 3, 2)
    assert run.finished_at == NOON + timedelta(seconds=2)  # began, judged, ended


def test_a_file_that_kills_its_worker_each_time_is_given_up(actor, subscription, operator, settings):
    run = upload(actor, written(*days(subscription)))
    UsageImport.objects.update(tries=settings.USAGE_IMPORT_TRIES)

    assert (process(run).status, run.failure) == ("failed", "gave-up")
    assert not UsageImportPart.objects.exists()
    assert "never came to its end" in operator.get(reverse("pricing:usage_file", args=[run.pk])).content.decode()


def test_a_line_that_cannot_be_read_fails_the_file_and_is_named(actor, subscription, operator):
    run = process(upload(actor, written(*days(subscription), "1,2,3")))

    assert (run.status, run.failure, run.failure_line) == ("failed", "unreadable-line", 5)
    assert not UsageRecord.objects.exists()
    page = operator.get(reverse("pricing:usage_file", args=[run.pk])).content.decode()
    assert "Line 5." in page
    event = AuditEvent.objects.get(event_type="usage-import-failed")
    assert (event.outcome, event.details) == ("failed", {"reason": "unreadable-line", "line": 5})


def test_a_file_that_waits_is_a_figure_and_after_an_hour_a_line_of_what_is_overdue(actor, subscription):
    run = upload(actor, written(*days(subscription)))
    UsageImport.objects.update(touched_at=timezone.now() - timedelta(minutes=61))
    lines = list(invariants.overdue())
    waiting, oldest = metrics.figures()

    assert [line for line in lines if "usage" in line] == [f"File of usage that nobody imports: {run.pk}"]
    assert (waiting.value, oldest.value > 0) == (1, True)

    process(run)
    assert [figure.value for figure in metrics.figures()] == [0, 0]
    assert not [line for line in invariants.overdue() if "usage" in line]


def test_nothing_is_imported_for_somebody_who_may_no_longer(actor, member, subscription):
    run = upload(actor, written(*days(subscription)))
    member.roles = [Role.HELPDESK_AGENT]
    member.save()

    assert (process(run).status, run.failure) == ("failed", "not-allowed")
    assert not UsageRecord.objects.exists()


# --- the pages -------------------------------------------------------------------------------------------------------
def test_the_page_tells_how_far_an_import_is_until_it_is_done(operator, subscription):
    text = written(*days(subscription))
    page = operator.post(FILES, {"file": SimpleUploadedFile("november.csv", text)}, follow=True)
    run = UsageImport.objects.get()
    address = reverse("pricing:usage_file_progress", args=[run.pk])
    ask = {"HX-Request": "true"}
    assert address in page.content.decode()
    assert "Waiting for its turn" in page.content.decode()

    processing._Teller(run.pk)("store", 1_500, 3_000)
    shown = operator.get(address, headers=ask).content.decode()
    assert "Storing the records" in shown
    assert "1,500 of 3,000 rows" in shown
    assert operator.get(address).url == reverse("pricing:usage_file", args=[run.pk])

    process(run)
    assert operator.get(address, headers=ask).headers["HX-Redirect"] == reverse("pricing:usage_file", args=[run.pk])
    done = operator.get(reverse("pricing:usage_file", args=[run.pk])).content.decode()
    assert address not in done
    assert processing.progress_of(run.pk) is None


def test_imports_are_found_by_file_person_and_state(operator):
    make_usage_import(file_name="october.csv", started_by_name="Kim")
    make_usage_import(file_name="november.csv", status="failed", failure="gave-up", finished_at=NOON)

    def found(**values):
        return [run["file_name"] for run in operator.get(FILES, values).context["runs"]]

    assert len(found()) == 2
    assert found(q="OCTO") == ["october.csv"]
    assert found(state="failed") == ["november.csv"]
    assert found(q="nothing") == []
    fragment = operator.get(FILES, {"state": "done"}, headers={"HX-Request": "true"}).content.decode()
    assert fragment.lstrip().startswith("<section")


def test_files_of_this_machine_are_imported_by_command(subscription, member, tmp_path, capsys):
    path = tmp_path / "usage.csv.gz"
    path.write_bytes(gzip.compress(written(*days(subscription))))

    for _time in range(2):
        call_command("import_usage", str(path), person=member.user.email)

    told = capsys.readouterr().out.splitlines()
    assert [line.removeprefix(f"{path}: ") for line in told] == [
        "3 rows, 3 new, 0 corrected, 0 already here, 0 not imported",
        "3 rows, 0 new, 0 corrected, 3 already here, 0 not imported",
    ]
    with pytest.raises(CommandError, match="may not import usage"):
        call_command("import_usage", str(path), person="nobody@portal.example")
    path.write_bytes(b"MeterId\n1\n")
    with pytest.raises(CommandError, match="names no column"):
        call_command("import_usage", str(path), person=member.user.email)


# --- at the same time ------------------------------------------------------------------------------------------------
def in_threads(*works) -> list[object]:
    """Run the works each with a connection of its own; return what each gave or raised."""
    results: list[object] = [None] * len(works)

    def run(at: int) -> None:
        try:
            results[at] = works[at]()
        except BaseException as error:
            results[at] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[at]) for at in range(len(works))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return results


@pytest.mark.django_db(transaction=True)
def test_two_imports_of_the_same_records_in_other_orders_wait_for_each_other_and_both_end():
    make_meter("0.50")
    subscription, count = make_azure(make_partner()), 1_500
    rows = [row(subscription, "2026-11-01", resource=f"/vm/{number}") for number in range(count)]
    actor = make_actor(make_organization(OrganizationKind.OPERATOR), Role.OPERATOR_ADMIN)
    together = threading.Barrier(2)

    def importing(rows, quantity):
        def wait(step, done, _total):
            if step == "store" and not done:
                together.wait(60)

        text = written(*rows).replace(b",10,", quantity)
        return lambda: usage.import_usage(
            stream=io.BytesIO(text), file_name="usage.csv", actor=actor, now=NOON, told=wait
        )

    first, second = in_threads(importing(rows, b",11,"), importing(rows[::-1], b",12,"))

    assert {(run.new_count, run.changed_count) for run in (first, second)} == {(count, 0), (0, count)}
    last = b"12" if second.changed_count else b"11"
    assert set(UsageRecord.objects.values_list("quantity", flat=True)) == {int(last)}


@pytest.mark.django_db(transaction=True)
def test_a_month_is_charged_before_or_after_an_import_and_never_in_the_middle_of_it():
    make_meter("0.50")
    subscription = make_azure(make_partner())
    actor = make_actor(make_organization(OrganizationKind.OPERATOR), Role.OPERATOR_ADMIN)
    usage.import_usage(stream=io.BytesIO(written(*days(subscription))), file_name="a.csv", actor=actor, now=NOON)
    storing, charged = threading.Event(), threading.Event()
    was_charged: list[bool] = []

    def wait(step, _done, _total):
        if step == "store":
            storing.set()
            was_charged.append(charged.wait(0.5))

    def charge():
        storing.wait(60)
        usage.charge_usage(month=date(2026, 11, 1), now=NOON)
        charged.set()

    corrected = written(*days(subscription)).replace(b",10,", b",20,")
    run, _charge = in_threads(
        lambda: usage.import_usage(stream=io.BytesIO(corrected), file_name="b.csv", actor=actor, now=NOON, told=wait),
        charge,
    )

    assert was_charged == [False]
    assert run.changed_count == 3
    assert Charge.objects.get(kind="metered").amount == 30


def test_a_file_that_is_no_csv_says_so_in_its_header(actor):
    with pytest.raises(UnreadableFile):
        upload(actor, gzip.compress(b"\xff\xff\xff\n1"))
