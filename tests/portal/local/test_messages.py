import io

import pytest

from portal.local.messages import extract_template


def texts(template):
    return [found for _, _, found, _ in extract_template(io.BytesIO(template.encode()), [], [], {})]


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ('{% translate "Customers" %}', ["Customers"]),
        ('{% translate "100% yours" %}', ["100%% yours"]),
        ("{% blocktranslate %}Save {{ amount }} or 5%{% endblocktranslate %}", ["Save %(amount)s or 5%%"]),
        ("{% blocktranslate trimmed %}\n  one\n  two\n{% endblocktranslate %}", ["one two"]),
        (
            "{% blocktranslate count n=n %}one at 5%{% plural %}{{ n }} at 5%{% endblocktranslate %}",
            [("one at 5%%", "%(n)s at 5%%")],
        ),
        ('{% translate "May" context "month" %}', [("month", "May")]),
    ],
)
def test_texts_are_collected_as_django_looks_them_up(template, expected):
    assert texts(template) == expected
