#!/bin/sh
# Django's deployment checks on the production settings, with secrets that are thrown away.
set -eu
python=$1
secret=$("$python" -c 'import secrets; print(secrets.token_urlsafe(64))')
exec env \
    DJANGO_SETTINGS_MODULE=portal.settings.production \
    SECRET_KEY="$secret" \
    BASE_URL=https://portal.example \
    ALLOWED_HOSTS=portal.example \
    MAIL_FROM=portal@portal.example \
    DATABASE_URL=postgresql://unused@127.0.0.1:1/unused \
    REDIS_URL=redis://127.0.0.1:1/0 \
    EMAIL_URL=smtp://127.0.0.1:1 \
    "$python" manage.py check --deploy --fail-level WARNING
