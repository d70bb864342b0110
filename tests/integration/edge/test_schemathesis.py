"""The running box against its own OpenAPI document: whatever is sent, it answers as the document says, and never with a 500."""

from collections import Counter

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from tests.integration.edge.document import API
from tests.support.programs import EdgeBox

CHECKS = [
    not_a_server_error, status_code_conformance, content_type_conformance, response_headers_conformance, response_schema_conformance,
    negative_data_rejection, unsupported_method,
]  # fmt: skip
# Of the cases by which the document is gone through in order, every so many are sent where they are thousands.
STRIDES = {"POST /v1/commands": 20, "POST /v1/batches": 80, "PUT /v1/menu": 5}
sent: Counter[str] = Counter()


@pytest.fixture(scope="module")
def headers(shared_edge: EdgeBox) -> dict[str, str]:
    """Headers of a device that may do everything that a device may."""
    with shared_edge.box_client() as box:
        token = box.post("/v1/devices", json={"name": "import", "role": "import"}).json()["token"]
    return {"authorization": f"Bearer {token}"}


@API.parametrize()
@settings(max_examples=20, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck))
def test_every_answer_is_one_that_the_document_tells(case: schemathesis.Case, shared_edge: EdgeBox, headers: dict[str, str]) -> None:
    label = case.operation.label
    sent[label] += 1
    if case.meta.phase.name == "coverage" and sent[label] % STRIDES.get(label, 1):
        return
    case.call_and_validate(base_url=shared_edge.url, headers=headers, checks=CHECKS)
