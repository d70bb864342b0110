"""Waiting on conditions. The only place of the tests that sleeps between looks, and always with a deadline."""

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar, cast

__all__ = ["DEADLINE_S", "eventually", "eventually_async"]

DEADLINE_S = 20.0  # seconds: generous, since it is only ever used up by a failure
_LOOK_S = 0.02

T = TypeVar("T")


def eventually(look: Callable[[], T], what: str = "", *, deadline_s: float = DEADLINE_S) -> T:
    """The first truthy result of `look()`.

    An AssertionError or OSError of `look` counts as "not yet". Fails with `what` and the last thing seen at the deadline.
    """
    end = time.monotonic() + deadline_s
    while True:
        seen: object
        try:
            result = look()
            if result:
                return result
            seen = result
        except (AssertionError, OSError) as error:
            seen = error
        if time.monotonic() > end:
            raise AssertionError(f"never came about in {deadline_s:g} s: {what or look!r}; last seen: {seen!r}")
        time.sleep(_LOOK_S)


async def eventually_async(look: Callable[[], T | Awaitable[T]], what: str = "", *, deadline_s: float = DEADLINE_S) -> T:
    """The same for a test with an event loop; `look` may be a plain function or a coroutine function."""
    end = time.monotonic() + deadline_s
    while True:
        seen: object
        try:
            result = look()
            if inspect.isawaitable(result):
                result = await asyncio.wait_for(result, max(0.1, end - time.monotonic()))
            if result:
                return cast("T", result)
            seen = result
        except (AssertionError, OSError) as error:  # TimeoutError is an OSError
            seen = error
        if time.monotonic() > end:
            raise AssertionError(f"never came about in {deadline_s:g} s: {what or look!r}; last seen: {seen!r}")
        await asyncio.sleep(_LOOK_S)
