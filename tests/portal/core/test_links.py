"""Secrets in links."""

from portal.core.links import hash_token, make_token


def test_a_token_carries_256_random_bits_and_survives_a_url():
    tokens = {make_token() for _ in range(1000)}

    assert len(tokens) == 1000
    assert {len(token) for token in tokens} == {43}
    assert all(token.replace("-", "").replace("_", "").isalnum() for token in tokens)


def test_the_database_keeps_a_hash_from_which_nobody_reads_the_token():
    token = make_token()

    assert hash_token(token) == hash_token(token)
    assert token not in hash_token(token)
    assert hash_token(token) != hash_token(make_token())
    assert len(hash_token(token)) == 64
