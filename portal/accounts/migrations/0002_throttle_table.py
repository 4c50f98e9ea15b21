"""The table of the default cache: counters of failed sign-ins, which must outlive an emptied Redis."""

from django.db import migrations

CREATE = """
CREATE TABLE throttle (
    cache_key varchar(255) NOT NULL PRIMARY KEY,
    value text NOT NULL,
    expires timestamp with time zone NOT NULL
);
CREATE INDEX throttle_expires ON throttle (expires);
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]

    operations = [migrations.RunSQL(CREATE, "DROP TABLE throttle;")]
