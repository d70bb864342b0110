"""The routes of boxes and tenants: decode, call a use case, encode.

What lives here: paths and parameters. Reports are in reports.py. No rule of the domain, and no SQL.
"""

from typing import Annotated

import msgspec
from fastapi import APIRouter, Query, Request, Response

from hub.api.asking import Caller, SiteId, State
from hub.api.documented import MSGPACK, binary, described
from hub.api.wire import ClaimRequest, Organisations, OrganisationView, answer
from hub.app.claims import ClaimAnswer, redeem
from hub.app.errors import HubRefused
from hub.app.overview import Sites, SiteView, list_sites, view_site
from hub.app.sites import find_site
from shared.domain.ids import is_id
from shared.limits import COMMAND_BYTES_MAX, FETCH_REQUEST_BYTES_MAX, SITES_PAGE_MAX
from shared.protocol.envelope import FetchPage, encode_page

__all__ = ["router"]

router = APIRouter(prefix="/v1")


@router.post(
    "/claims", tags=["boxes"], summary="Claim a site for a box", **described(ClaimAnswer, 400, 404, 409, 410, 422, 503, body=ClaimRequest)
)
async def claim(request: Request, state: State) -> Response:
    """Use a claim code. The code is the credential; it works once, and again only for the same key, when the answer was lost.

    The answer holds the NATS user JWT of the box: it reaches the subjects of its own site and nothing else.
    """
    body = await _body(request, COMMAND_BYTES_MAX)
    try:
        asked = msgspec.json.decode(body, type=ClaimRequest)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise HubRefused("request.malformed", str(error)) from error
    return answer(await redeem(state.control, state.shards, state.credentials, state.box_nats_urls, asked.code, asked.public_key))


async def _body(request: Request, bytes_max: int) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > bytes_max:
            raise HubRefused("request.too_large", f"The body of such a request has at most {bytes_max} bytes.")
    return bytes(body)


@router.post(
    "/boxes/fetch", tags=["boxes"], summary="Fetch the journal of a site, for a replacement", **binary(FetchPage, 400, 403, 404, 413, 503)
)
async def fetch(request: Request, state: State) -> Response:
    """A page of the journal, or a keepsake. The body is a signed frame `fetch` (docs/protocol.md): its signature is the credential, by
    the key of any box that was ever claimed for the site. The answer is MessagePack as well."""
    page = await state.fetching.page(state.control, state.shards, await _body(request, FETCH_REQUEST_BYTES_MAX))
    return Response(encode_page(page), media_type=MSGPACK)


@router.get("/organisations", tags=["tenants"], summary="Organisations", **described(Organisations, 401, 503))
async def organisations(state: State, scope: Caller) -> Response:
    """Every organisation, or the token's own."""
    found = await state.control.organisations(scope)
    return answer(Organisations(organisations=tuple(OrganisationView(org_id=each.org_id, name=each.name) for each in found)))


@router.get("/sites", tags=["tenants"], summary="Sites, and how far each is", **described(Sites, 400, 401, 422, 503))
async def sites(
    state: State,
    scope: Caller,
    org_id: Annotated[str | None, Query(description="only this organisation's")] = None,
    after: Annotated[str | None, Query(description="`next` of the answer before")] = None,
    limit: Annotated[int, Query(ge=1, le=SITES_PAGE_MAX, description="sites in one answer")] = SITES_PAGE_MAX,
) -> Response:
    """Sites by id, with watermark, lag and last contact. A shard that does not answer is named in `missing_shards`."""
    for id in (org_id, after):
        if id is not None and not is_id(id):
            raise HubRefused("id.malformed", f"{id[:64]!r} is no UUID in canonical lower-case form.")
    return answer(await list_sites(state.control, state.shards, scope, org_id=org_id, after=after, limit=limit))


@router.get("/sites/{site_id}", tags=["tenants"], summary="One site, and how far it is", **described(SiteView, 401, 404, 503))
async def site(state: State, scope: Caller, site_id: SiteId) -> Response:
    """The site with watermark, lag and last contact; null where its shard does not answer."""
    return answer(await view_site(state.shards, scope, await find_site(state.control, scope, site_id)))
