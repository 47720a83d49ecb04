"""What a process of the product does once, at its start, and the tests would do for each application that they make."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from jinja2 import BytecodeCache

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import CodeType

    from jinja2.bccache import Bucket
    from werkzeug.routing import Rule

    Builder = Callable[..., Any]


class Compiled(BytecodeCache):
    """Templates' code by place and hash of their sources, for all applications of the session."""

    def __init__(self) -> None:
        self._codes: dict[tuple[str, str], CodeType] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._codes.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        assert bucket.code is not None
        self._codes[bucket.key, bucket.checksum] = bucket.code


def when_called(compile_builder: Callable[[Rule, bool], Builder]) -> Callable[..., Builder]:
    """`Rule._compile_builder`, which compiles only when an address is built: few routes' ever are."""

    def promise(rule: Rule, append_unknown: bool = True) -> Builder:
        compiled = functools.cache(functools.partial(compile_builder, rule, append_unknown))
        return lambda self, /, **values: compiled()(self, **values)

    return promise
