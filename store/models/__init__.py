"""The tables, one file per aggregate."""

from __future__ import annotations

from store.models.base import Base
from store.models.canned import Canned
from store.models.channels import AccountEvent, AccountState, Beat
from store.models.complaint import Attachment, Complaint, Contact, ContactAddress, Event, Message, Outbox, Ticket
from store.models.figures import ComplaintPast
from store.models.history import AuditCheck, HistoryHead, Reveal, Seal, SealLine
from store.models.journal import Cursor, Item, Journal, Receipt, Revision
from store.models.media import Rendition
from store.models.notices import Choice, Delivery, Notice, Reach
from store.models.people import Officer, OfficerToken, PersonEvent, RecoveryCode, Session, Throttle
from store.models.search import ComplaintSearch, SavedView, SearchDue

__all__ = [
    "AccountEvent",
    "AccountState",
    "Attachment",
    "AuditCheck",
    "Base",
    "Beat",
    "Canned",
    "Choice",
    "Complaint",
    "ComplaintPast",
    "ComplaintSearch",
    "Contact",
    "ContactAddress",
    "Cursor",
    "Delivery",
    "Event",
    "HistoryHead",
    "Item",
    "Journal",
    "Message",
    "Notice",
    "Officer",
    "OfficerToken",
    "Outbox",
    "PersonEvent",
    "Reach",
    "Receipt",
    "RecoveryCode",
    "Rendition",
    "Reveal",
    "Revision",
    "SavedView",
    "Seal",
    "SealLine",
    "SearchDue",
    "Session",
    "Throttle",
    "Ticket",
]
