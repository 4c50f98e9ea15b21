"""Load the markets of the portal reference, section 10, valid since the source's date (August 2023)."""

import datetime

from django.db import migrations

from customers.markets import CURRENCY_EXCEPTIONS, MARKETS

VALID_FROM = datetime.date(2023, 8, 1)


def load(apps, schema_editor):
    market_model = apps.get_model("customers", "Market")
    country_model = apps.get_model("customers", "MarketCountry")
    market_model.objects.bulk_create(market_model(code=code, name=name) for code, (name, _, _) in MARKETS.items())
    country_model.objects.bulk_create(
        country_model(
            market_id=code,
            country=country,
            currency=CURRENCY_EXCEPTIONS.get(country, currency),
            valid_from=VALID_FROM,
        )
        for code, (_, currency, countries) in MARKETS.items()
        for country in countries.split()
    )


class Migration(migrations.Migration):
    dependencies = [("customers", "0001_initial")]

    operations = [migrations.RunPython(load, migrations.RunPython.noop)]
