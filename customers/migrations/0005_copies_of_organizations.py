"""Carry a changed name, domain or country of an organization over to the copies in reseller relationships.

The company profile is changed in portal.accounts, which knows nothing of customers; the copies exist for the customer
list alone (decision 0020), so the database keeps them.
"""

from django.db import migrations

CREATE = """
CREATE FUNCTION customers_copy_organization() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE customers_resellerrelationship
    SET customer_name = NEW.name,
        customer_name_key = NEW.name_key,
        customer_domain = lower(NEW.domain),
        customer_country = NEW.country
    WHERE customer_id = NEW.id;
    RETURN NULL;
END $$;

CREATE TRIGGER customers_copy_organization
AFTER UPDATE OF name, name_key, domain, country ON accounts_organization
FOR EACH ROW
WHEN ((OLD.name, OLD.name_key, OLD.domain, OLD.country) IS DISTINCT FROM
      (NEW.name, NEW.name_key, NEW.domain, NEW.country))
EXECUTE FUNCTION customers_copy_organization();
"""

DROP = """
DROP TRIGGER customers_copy_organization ON accounts_organization;
DROP FUNCTION customers_copy_organization();
"""


class Migration(migrations.Migration):
    dependencies = [("customers", "0004_list_at_scale")]

    operations = [migrations.RunSQL(CREATE, DROP)]
