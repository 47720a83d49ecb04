"""A channel of several providers: each account speaks one dialect, and the type of its settings says which."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Self, TypeVar

from channels.contract import AccountInfo, Channel

if TYPE_CHECKING:
    from collections.abc import Mapping

S = TypeVar("S")
D = TypeVar("D")


class DialectChannel(Channel[S], Generic[S, D]):
    """Does in each method what its dialect does. A dialect has a `settings_type` and `capabilities`, and is made from
    the account and its settings.
    """

    dialects: ClassVar[Mapping[str, type[Any]]]

    def __init__(self, account: AccountInfo, settings: S) -> None:
        super().__init__(account, settings)
        spoken = next(dialect for dialect in self.dialects.values() if dialect.settings_type is type(settings))
        made = spoken(account, settings)
        self.capabilities = made.capabilities
        self._dialect: D = made

    @classmethod
    def settings_for(cls, dialect: str | None) -> type:
        """The settings dataclass of a dialect. KeyError without one, or for one that is not there."""
        found = cls.dialects.get(dialect or "")
        if found is None:
            raise KeyError(f"{cls.key} has the dialects {', '.join(cls.dialects)}")
        settings: type = found.settings_type
        return settings

    @classmethod
    def offline(cls, dialect: str | None = None) -> Self:
        """Every setting that has no default is empty: such an account reads, but proves and sends nothing."""
        settings_type = cls.settings_for(dialect)
        required = {
            field.name: ""
            for field in dataclasses.fields(settings_type)
            if field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
        }
        return cls(AccountInfo(name=f"{cls.key}-{dialect}"), settings_type(**required))
