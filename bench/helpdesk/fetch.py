"""One `get_email` of django-helpdesk on one mailbox; prints tickets and follow-ups a second. Run by bench.mail."""

from __future__ import annotations

import os
import sys
import time

import django
from django.core.management import call_command

django.setup()

from helpdesk.models import FollowUp, Queue  # noqa: E402 - models exist once Django is set up


def main(expected: int) -> None:
    """Make the tables and a queue, fetch, count."""
    call_command("migrate", verbosity=0)
    Queue.objects.create(
        title="Aduan",
        slug="aduan",
        email_address=os.environ["HELPDESK_USER"],
        allow_email_submission=True,
        email_box_type="imap",
        email_box_host="127.0.0.1",
        email_box_port=int(os.environ["HELPDESK_PORT"]),
        email_box_ssl=False,
        email_box_user=os.environ["HELPDESK_USER"],
        email_box_pass=os.environ["HELPDESK_PASSWORD"],
        email_box_imap_folder="INBOX",
        email_box_interval=0,
    )
    began = time.perf_counter()
    call_command("get_email", quiet=True)
    seconds = time.perf_counter() - began
    found = FollowUp.objects.count()
    if found != expected:
        sys.exit(f"{found} of {expected} mails came in")
    print(found / seconds)


if __name__ == "__main__":
    main(int(sys.argv[1]))
