"""Secrets encrypted at rest."""

import pytest
from cryptography.fernet import InvalidToken

from portal.core.sealing import seal, unseal


def test_what_was_sealed_reads_back_and_does_not_show_through():
    sealed = seal(b"a webhook secret")

    assert unseal(sealed) == b"a webhook secret"
    assert b"webhook" not in sealed
    assert seal(b"a webhook secret") != sealed


def test_a_memoryview_as_the_database_returns_it_is_unsealed():
    assert unseal(memoryview(seal(b"x"))) == b"x"


def test_after_a_rotation_the_old_key_still_reads_and_the_new_one_writes(settings):
    sealed = seal(b"secret")
    old_key = settings.SECRET_KEY
    settings.SECRET_KEY = "another-" + "y" * 60

    with pytest.raises(InvalidToken):
        unseal(sealed)
    settings.SECRET_KEY_FALLBACKS = [old_key]
    assert unseal(sealed) == b"secret"

    sealed_since = seal(b"newer")
    settings.SECRET_KEY_FALLBACKS = []
    assert unseal(sealed_since) == b"newer"


@pytest.mark.parametrize("place", [0, 20, -1])
def test_a_changed_byte_is_noticed(place):
    sealed = bytearray(seal(b"secret"))
    sealed[place] ^= 1

    with pytest.raises(InvalidToken):
        unseal(bytes(sealed))
