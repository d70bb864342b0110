"""Routes that show the papers of a check: its bill as it stands, and the receipt of a closed one.

What lives here: queries in, views out. What stands on a paper is the domain's; printing is not known here.
"""

from typing import Any

from litestar import Request, Router, get
from litestar.params import FromPath

from edge.api.checks import find_check
from edge.api.openapi import refusals
from edge.api.state import Here
from shared.domain.check.papers import Bill, Receipt, bill_of, receipt_of

__all__ = ["router"]

Anybody = Request[Any, Any, Any]
CheckId = FromPath[str]


@get("/checks/{check_id:str}/bill", summary="The bill of a check", responses=refusals("check.unknown"))
async def get_bill(request: Anybody, edge: Here, check_id: CheckId) -> Bill:
    """What stands on the check, lines that are alike together, and what is due: by card, in cash to the smallest coin, and of each even
    share. It is no document; ShowBill notes that a guest was shown one."""
    edge.identify(request)
    check = await find_check(edge, check_id)
    return bill_of(check, (await edge.menu()).rules.cash_step_minor)


@get("/checks/{check_id:str}/receipt", summary="The receipt of a closed check", responses=refusals("check.unknown", "receipt.not_closed"))
async def get_receipt(request: Anybody, edge: Here, check_id: CheckId) -> Receipt:
    """The document of a closed check: its printed number with the epoch, taxes by group, payments with rounding and change, tips, and
    what was given back since. One of a check that was reopened names the receipt that it corrects."""
    edge.identify(request)
    return receipt_of(await find_check(edge, check_id))


router = Router(path="/v1", route_handlers=[get_bill, get_receipt], tags=["checks"])
