"""What every route asks of a request: what it stands on, and on whose behalf it is made.

What lives here: the dependencies that FastAPI resolves. Paths are in routes.py and reports.py.
"""

from typing import Annotated

from fastapi import Depends, Path, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from hub.api.state import ApiState
from hub.app.errors import HubRefused
from hub.app.ports import Scope
from hub.db.connect import sha256

__all__ = ["Caller", "SiteId", "State"]

_bearer = HTTPBearer(auto_error=False, description="A token of `comanda hub token add`: platform-wide, or of one organisation.")


def state_of(request: Request) -> ApiState:
    return request.app.state.hub


State = Annotated[ApiState, Depends(state_of)]


async def scope_of(state: State, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]) -> Scope:
    """On whose behalf the request is made. Raises HubRefused `token.missing` or `token.unknown`."""
    if credentials is None:
        raise HubRefused("token.missing", "The request carries no bearer token.")
    token = await state.control.token(sha256(credentials.credentials))
    if token is None:
        raise HubRefused("token.unknown", "No such token is in force.")
    return token.scope


Caller = Annotated[Scope, Depends(scope_of)]
SiteId = Annotated[str, Path(description="UUID of the site")]
