"""A second database beside the one of the tests."""

import psycopg
import pytest
from django.db import connection


@pytest.fixture
def fresh_database(transactional_db):
    """Lead everything to a new and empty database until the test is over; give the function that does."""
    own = connection.settings_dict["NAME"]
    other = f"{own}_restored"

    def administer(statement):
        settings = connection.settings_dict
        address = {"host": settings["HOST"], "port": settings["PORT"], "user": settings["USER"]}
        with psycopg.connect(**address, password=settings["PASSWORD"], dbname="postgres", autocommit=True) as admin:
            admin.execute(statement)

    def lead_there():
        administer(f"DROP DATABASE IF EXISTS {other} WITH (FORCE)")
        administer(f"CREATE DATABASE {other} TEMPLATE template0")
        connection.close()
        connection.settings_dict["NAME"] = other
        return other

    yield lead_there
    connection.close()
    connection.settings_dict["NAME"] = own
    administer(f"DROP DATABASE IF EXISTS {other} WITH (FORCE)")
