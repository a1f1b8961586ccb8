"""The addresses under /_sandbox, to look at a sandbox and change it from another process.

They need no sign-in, obey no limits and stand in no log. Knows nothing of the service's own addresses.
"""

from __future__ import annotations

from dataclasses import asdict

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route

from importer.sandbox.state import State


def control(state: State) -> Mount:
    """The control addresses of a sandbox; what they are given wrongly is a 400 with an `error`."""
    actions = _Actions(state)
    routes = [
        Route("/records", actions.records),
        Route("/records", actions.add, methods=["POST"]),
        Route("/records/{number:int}", actions.edit, methods=["POST"]),
        Route("/records/{number:int}", actions.remove, methods=["DELETE"]),
        Route("/calls", actions.calls),
        Route("/faults", actions.faults, methods=["POST"]),
        Route("/faults", actions.heal, methods=["DELETE"]),
        Route("/options", actions.options, methods=["POST"]),
        Route("/reset", actions.reset, methods=["POST"]),
    ]
    return Mount("/_sandbox", Starlette(routes=routes, exception_handlers={ValueError: _refused}))


class _Actions:
    """What each address does."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def records(self, _: Request) -> Response:
        """Every record in the order of creation, with its entity and the request body that made it."""
        return JSONResponse(self._state.report())

    async def add(self, request: Request) -> Response:
        """Creates a record as a colleague would: a JSON object, `?path=` where."""
        number = self._state.add(request.query_params.get("path", ""), await request.body())
        return JSONResponse({"Id": number})

    async def edit(self, request: Request) -> Response:
        """Changes a record as a colleague would: a JSON object of the fields to change."""
        fields = await request.json()
        if not isinstance(fields, dict):
            raise ValueError("the fields of a record are a JSON object")
        self._state.edit(request.path_params["number"], fields)
        return JSONResponse({"changed": True})

    async def remove(self, request: Request) -> Response:
        """Deletes a record as a colleague would."""
        self._state.remove(request.path_params["number"])
        return JSONResponse({"deleted": True})

    async def calls(self, _: Request) -> Response:
        """Every call as the service saw it, and how many of them the limits refused."""
        calls = [asdict(call) for call in self._state.calls]
        return JSONResponse({"calls": calls, "throttled": self._state.throttled})

    async def faults(self, request: Request) -> Response:
        """Sets faults for the next calls: a JSON list of names, `?on=` the kind of call."""
        on = request.query_params.get("on", "create")
        names = await request.json()
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise ValueError("faults are a JSON list of names")
        self._state.fail_next(*names, on=on)
        return JSONResponse({"pending": self._state.pending_faults(on)})

    async def heal(self, request: Request) -> Response:
        """Forgets the faults that are still to come, `?on=` the kind of call."""
        self._state.heal(request.query_params.get("on", "create"))
        return JSONResponse({"pending": []})

    async def options(self, request: Request) -> Response:
        """Changes options: a JSON object."""
        self._state.change_from(await request.json())
        return JSONResponse({"changed": True})

    async def reset(self, _: Request) -> Response:
        """Forgets records, calls, limits and faults."""
        self._state.reset()
        return JSONResponse({"records": 0})


async def _refused(_: Request, exc: Exception) -> Response:
    return JSONResponse({"error": str(exc)}, 400)
