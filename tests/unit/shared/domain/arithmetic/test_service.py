"""Service charges: on what, and which taxes fall on them."""

import pytest

from shared.domain.arithmetic.sums import reckon
from shared.domain.arithmetic.types import Discount, Line, ServiceCharge
from tests.unit.shared.domain.arithmetic.cases import CITY, DRINK, FOOD


def test_a_taxed_charge_falls_on_the_rate_groups_by_their_nets() -> None:
    lines = [Line(id="a", amount_minor=1000, taxes=(CITY,)), Line(id="b", amount_minor=500), Line(id="c", amount_minor=1500, taxes=(FOOD,))]
    charge = reckon(lines, [], [ServiceCharge(id="s", rate="10%", taxable=True)]).charges[0]
    assert {tuple(tax.id for tax in share.taxes): share.amount_minor for share in charge.shares} == {(): 50, ("city",): 100, ("food",): 150}


def test_service_on_menu_prices_contains_the_tax_that_they_contain() -> None:
    sums = reckon([Line(id="a", amount_minor=11_900, taxes=(DRINK,))], [], [ServiceCharge(id="s", rate="10%", taxable=True)])
    assert (sums.service_minor, sums.service_net_minor, sums.tax_minor, sums.total_minor) == (1190, 1000, 2090, 13_090)


def test_charges_are_on_the_discounted_lines_and_not_on_one_another() -> None:
    service = [ServiceCharge(id="s", rate="10%"), ServiceCharge(id="box", amount_minor=50), ServiceCharge(id="late", rate="5%")]
    sums = reckon([Line(id="a", amount_minor=1000)], [Discount(id="d", scope="order", amount_minor=200)], service)
    assert [charge.amount_minor for charge in sums.charges] == [80, 50, 40]


def test_a_charge_that_says_two_things_is_refused() -> None:
    for charge in (ServiceCharge(id="s", rate="5%", amount_minor=5), ServiceCharge(id="s", amount_minor=-5)):
        with pytest.raises(ValueError, match="service charge s"):
            reckon([], [], [charge])
