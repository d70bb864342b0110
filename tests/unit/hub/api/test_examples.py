"""Examples in the OpenAPI document: of the types that they show, and figures that hang together."""

import msgspec

from hub.api.documented import components, described
from hub.api.examples import EXAMPLES
from hub.api.wire import SalesAnswer
from hub.app.checks import CheckReport
from hub.app.sales import TaxesReport, TendersReport


def test_every_example_is_of_its_type_and_is_written_as_it_is_read() -> None:
    for type_, example in EXAMPLES.items():
        assert type(example) is type_
        assert msgspec.json.decode(msgspec.json.encode(example), type=type_) == example


def test_every_example_is_in_the_document_of_its_route() -> None:
    schemas = components()
    for type_, example in EXAMPLES.items():
        shown = described(type_)["responses"][200]["content"]["application/json"]
        assert shown["example"] == msgspec.to_builtins(example)
        assert shown["schema"]["$ref"].rsplit("/", 1)[1] in schemas


def test_the_figures_of_the_examples_are_those_of_one_check() -> None:
    report: CheckReport = EXAMPLES[CheckReport]
    check, [line], [tax], [payment], [refund] = report.check, report.lines, report.taxes, report.payments, report.refunds
    assert check.total_minor == check.net_minor + check.tax_minor == payment.amount_minor == line.price_minor
    assert (check.net_minor, check.tax_minor) == (line.net_minor, line.tax_minor) == (tax.base_minor, tax.tax_minor)
    assert refund.total_minor == refund.net_minor + refund.tax_minor == refund.tenders[0].amount_minor
    sales: SalesAnswer = EXAMPLES[SalesAnswer]
    assert sales.total.net_minor == check.net_minor - refund.net_minor
    assert sales.total.tax_minor == check.tax_minor - refund.tax_minor == EXAMPLES[TaxesReport].totals[0].tax_minor
    tender = EXAMPLES[TendersReport].totals[0]
    assert tender.expected_minor == payment.amount_minor + payment.tip_minor - refund.total_minor
