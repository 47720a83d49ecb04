"""The addresses that django-helpdesk looks up while it stores a mail."""

from __future__ import annotations

from django.urls import include, path

urlpatterns = [path("helpdesk/", include("helpdesk.urls"))]
