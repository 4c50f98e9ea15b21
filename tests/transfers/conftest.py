"""What tests of transfers share."""

import pytest

from transfers import invariants


@pytest.fixture
def nothing_contradicts(db):
    """Fail the test if what it leaves behind contradicts itself (quality row 3)."""
    yield
    assert list(invariants.breaches()) == []
