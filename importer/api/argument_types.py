"""Arguments are held to the types that they are annotated with, for callers whose types nobody checks.

What is stored with a run must be what can be read again: with a sheet named 5, the journal would count as damaged.
"""

import inspect
from collections.abc import Callable, Coroutine, Mapping
from functools import wraps
from typing import Any, ParamSpec, TypeVar, get_type_hints

from pydantic import ConfigDict, TypeAdapter, ValidationError

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")

_STRICT = ConfigDict(strict=True, arbitrary_types_allowed=True)


def with_checked_types(
    function: Callable[Parameters, Coroutine[Any, Any, Result]],
) -> Callable[Parameters, Coroutine[Any, Any, Result]]:
    """The same function; a TypeError names the argument that has a wrong type before anything is done."""
    signature, hints = inspect.signature(function), get_type_hints(function)

    @wraps(function)
    async def call(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
        refuse_wrong_types(function.__name__, hints, signature.bind(*args, **kwargs).arguments)
        return await function(*args, **kwargs)

    return call


def refuse_wrong_types(function: str, hints: Mapping[str, Any], arguments: Mapping[str, object]) -> None:
    """Raise TypeError if an argument is not of the type that is hinted for it."""
    for name, value in arguments.items():
        try:
            TypeAdapter(hints[name], config=_STRICT).validate_python(value)
        except ValidationError:
            # Not pydantic's own text, which quotes the value: it may be a password.
            hint = inspect.formatannotation(hints[name])
            wrong = f"and this {type(value).__name__} is not"
            raise TypeError(f"{function.removesuffix('_async')}(): {name} must be {hint}, {wrong}") from None
