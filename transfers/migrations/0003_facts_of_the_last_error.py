from django.db import migrations, models

KEEP_WHAT_BACK_ENDS_SAID = """
    UPDATE transfers_transferlineitem SET last_error_params = jsonb_build_object('detail', last_error_detail)
    WHERE last_error_detail <> '' AND last_error IN ('commerce-error', 'commerce-refused', 'sandbox-fault')
"""


class Migration(migrations.Migration):
    dependencies = [
        ("transfers", "0002_target_partner_email"),
    ]

    operations = [
        migrations.AddField(
            model_name="transferlineitem",
            name="last_error_params",
            field=models.JSONField(blank=True, default=dict),
        ),
        migrations.RunSQL(KEEP_WHAT_BACK_ENDS_SAID, migrations.RunSQL.noop),
        migrations.RemoveField(model_name="transferlineitem", name="last_error_detail"),
    ]
