"""The chain without a database, and the checker as it runs away from the portal."""

import subprocess
import sys
import tracemalloc
from pathlib import Path

import pytest

from portal.audit import chain
from portal.audit.chain import GENESIS, Head, Link, check, format_line, link_hash, read_lines


def make_links(count):
    previous = GENESIS
    for position in range(1, count + 1):
        record = b'{"id": %d, "public_id": "00000000-0000-0000-0000-%012d", "caf\xc3\xa9": 1.10}' % (position, position)
        own = link_hash(previous, position, record)
        yield Link(position, previous, own, record)
        previous = own


def kind_and_place(links, **options):
    fault = check(links, **options).fault
    return (fault.kind, fault.place) if fault else None


def event(position):
    return f"position {position}, event 00000000-0000-0000-0000-{position:012d}"


def altered(link, **fields):
    return Link(**{**vars(link), **fields})


def test_an_untouched_chain_is_intact():
    links = list(make_links(5))

    assert check(links) == chain.Result(Head(5, links[-1].hash))
    assert check([]) == chain.Result(Head())


def test_a_changed_record_is_named():
    links = list(make_links(5))
    links[2] = altered(links[2], record=links[2].record.replace(b"1.10", b"1.1"))

    assert kind_and_place(links) == ("changed", event(3))


def test_a_record_with_a_new_hash_betrays_itself_at_its_successor():
    links = list(make_links(5))
    record = b"{}"
    links[2] = altered(links[2], record=record, hash=link_hash(links[2].previous_hash, 3, record))

    assert kind_and_place(links) == ("reordered", event(4))


def test_a_missing_seal_is_named():
    links = list(make_links(5))
    del links[2]

    assert kind_and_place(links) == ("missing", "position 3")


def test_a_missing_event_is_named():
    links = list(make_links(5))
    links[2] = altered(links[2], record=None)

    assert kind_and_place(links) == ("missing", "position 3")


def test_rows_in_another_order_are_named():
    links = list(make_links(5))
    links[1], links[3] = links[3], links[1]
    assert kind_and_place(links) == ("reordered", "position 2")

    links = list(make_links(5))
    links[1], links[3] = altered(links[3], position=2), altered(links[1], position=4)
    assert kind_and_place(links) == ("reordered", event(4).replace("position 4", "position 2"))


def test_a_row_put_in_is_named():
    links = list(make_links(5))
    links.insert(2, links[0])

    assert kind_and_place(links) == ("reordered", event(1))


def test_a_tail_cut_off_shows_against_a_head_noted_earlier():
    links = list(make_links(5))
    head = check(links).head

    assert kind_and_place(links[:3]) is None
    assert kind_and_place(links[:3], expected=head) == ("cut", "position 4")
    assert kind_and_place([], expected=head) == ("cut", "position 1")
    assert kind_and_place(links, expected=head) is None
    assert kind_and_place(links, expected=Head.parse(str(head))) is None
    assert kind_and_place([*make_links(9)], expected=head) is None


def test_a_chain_made_anew_shows_against_a_head_noted_earlier():
    links = list(make_links(5))

    assert kind_and_place(links, expected=Head(3, "f" * 64)) == ("rewritten", event(3))


def test_an_export_reads_back_to_the_same_links():
    links = list(make_links(3))

    assert list(read_lines(map(format_line, links))) == links


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"\n",
        b"not json\n",
        b'{"position":0,"previous_hash":"","hash":"","record":{}}\n',
        format_line(next(make_links(1))).replace(b'"position":1', b'"position": 1'),
        format_line(next(make_links(1))) + b"x",
    ],
)
def test_a_line_of_another_shape_is_named_by_its_number(line):
    good, *_ = make_links(1)

    fault = check(read_lines([format_line(good), line])).fault

    assert (fault.kind, fault.place) == ("unreadable", "line 2")


@pytest.mark.parametrize("text", ["", "5", "5:abc", "x:" + "a" * 64, "5:" + "A" * 64])
def test_a_head_of_another_shape_is_refused(text):
    with pytest.raises(ValueError, match="POSITION:HASH"):
        Head.parse(text)


def test_memory_stays_flat():
    def peak(count):
        tracemalloc.start()
        assert check(make_links(count)).fault is None
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    peak(10)
    # 20,000 links kept would be some megabytes; a thread that another test left behind may allocate a few kilobytes
    assert peak(20_000) < peak(200) + 200_000


def offline(*arguments, given=None):
    """Run the checker as on a machine without the portal: isolated Python, nothing on the path."""
    command = [sys.executable, "-I", "-S", str(Path(chain.__file__)), *arguments]
    done = subprocess.run(command, capture_output=True, input=given, check=False)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def test_the_offline_checker_runs_on_plain_python(tmp_path):
    links = list(make_links(4))
    file = tmp_path / "log.jsonl"
    file.write_bytes(b"".join(map(format_line, links)))

    status, said, complaints = offline(str(file), "--expect-head", f"4:{links[-1].hash}")

    assert (status, complaints) == (0, "")
    assert "intact: 4 sealed events" in said
    assert f"head 4:{links[-1].hash[:32]}\n" in said


def test_the_offline_checker_names_the_first_bad_line_and_fails():
    links = list(make_links(4))
    links[1] = altered(links[1], record=b"{}")

    status, said, _ = offline(given=b"".join(map(format_line, links)))

    assert status == 1
    assert "NOT intact" in said
    assert "changed: position 2" in said
