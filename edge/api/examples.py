"""Examples for the OpenAPI document: one of every command, and a whole table's order in one request.

What lives here: data, as a device would send it. A test decodes each, so that they stay true, and holds that no command lacks one.
"""

from typing import Any

__all__ = ["BATCH", "COMMAND_EXAMPLES", "SUBMIT", "example_id"]


def example_id(number: int) -> str:
    """A UUIDv7 that is told from others by its end."""
    return f"0197f2c4-8a00-7000-8000-{number:012x}"


_CHECK, _OTHER, _THIRD = (example_id(number) for number in (0x10, 0x11, 0x12))
_PIZZA, _WINE, _COMBO, _HAM = (example_id(number) for number in (0x20, 0x21, 0x22, 0x23))
_DISCOUNT, _CHARGE, _PAYMENT, _CARD_PAYMENT = (example_id(number) for number in (0x30, 0x31, 0x40, 0x41))
_TICKET, _HELD_CARD = example_id(0x50), example_id(0x60)
_VERSION = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
_BIG = {"group_id": "size", "modifier_id": "big"}
_ADD_PIZZA: dict[str, Any] = {
    "type": "AddLine",
    "check_id": _CHECK,
    "line_id": _PIZZA,
    "item_id": "pizza",
    "quantity": 2,
    "modifiers": [
        _BIG,
        {"group_id": "toppings", "modifier_id": "olives", "portion": "left"},
        {"group_id": "toppings", "modifier_id": "cheese", "modifiers": [{"group_id": "cheese", "modifier_id": "goat"}]},
    ],
    "note": "one without salt",
    "seat": 1,
    "course": "mains",
}

COMMAND_EXAMPLES: dict[str, dict[str, Any]] = {
    # The site
    "StartEpoch": {"currency": "EUR", "time_zone": "Europe/Berlin", "cut_over_minutes": 240},
    "TurnBusinessDay": {"business_date": "2026-03-02"},
    "AcceptClock": {"reason": "summer time"},
    # The menu
    "ApplyMenu": {"version": _VERSION},
    "ScheduleMenu": {"version": _VERSION, "effective_at": "2026-12-01T06:00:00"},
    "UnscheduleMenu": {"version": _VERSION, "effective_at": "2026-12-01T06:00:00"},
    "ApplyScheduledMenu": {"version": _VERSION, "effective_at": "2026-12-01T06:00:00"},
    "EightySixItem": {"item_id": "soup"},
    "RestoreItem": {"item_id": "soup"},
    "SetCountdown": {"item_id": "sea-bass", "left": 6},
    "SetLocalPrice": {"item_id": "soup", "price_minor": 690},
    # The check
    "OpenCheck": {"check_id": _CHECK, "table_id": "12", "covers": 4, "service": "table"},
    "ChangeCheck": {"check_id": _CHECK, "covers": 5, "name": "Birthday", "revision": 7},
    "MoveChecks": {"check_ids": [_CHECK], "table_id": "14", "from_table_id": "12"},
    "AssignCheck": {"check_id": _CHECK, "owner_id": "ben"},
    "SplitCheck": {
        "check_id": _CHECK, "into": [_OTHER, _THIRD], "seats": [[1, 2], [3], [4]], "assignments": [{"line_id": _WINE, "weights": [1, 1, 1]}],
    },
    "SplitEvenly": {"check_id": _CHECK, "ways": 3},
    "MergeChecks": {"into_check_id": _CHECK, "check_ids": [_OTHER]},
    "MoveLines": {"check_id": _CHECK, "to_check_id": _OTHER, "line_ids": [_WINE]},
    # Lines
    "AddLine": _ADD_PIZZA,
    "ChangeLine": {"check_id": _CHECK, "line_id": _PIZZA, "line_revision": 0, "quantity": 3, "note": "well done"},
    "VoidLine": {"check_id": _CHECK, "line_id": _PIZZA, "reason": "dropped"},
    "ChangeDiningOption": {"check_id": _CHECK, "dining_option": "take_away"},
    # Discounts, charges, taxes
    "GiveDiscount": {"check_id": _CHECK, "discount_id": _DISCOUNT, "rule_id": "regulars"},
    "CompLines": {"check_id": _CHECK, "discount_id": _DISCOUNT, "line_ids": [_WINE], "reason": "waited too long"},
    "RemoveDiscount": {"check_id": _CHECK, "discount_id": _DISCOUNT},
    "AddCharge": {"check_id": _CHECK, "rule_id": "large-party"},
    "WaiveCharge": {"check_id": _CHECK, "charge_id": _CHARGE, "reason": "regulars"},
    "ExemptTax": {"check_id": _CHECK, "tax_ids": ["sales"], "reason": "embassy", "certificate": "NATO 15-3"},
    "RemoveExemption": {"check_id": _CHECK},
    # Firing
    "SendCheck": {"check_id": _CHECK},
    "FireCourse": {"check_id": _CHECK, "course": "mains"},
    "FireLines": {"check_id": _CHECK, "line_ids": [_PIZZA]},
    "HoldLines": {"check_id": _CHECK, "line_ids": [_PIZZA]},
    "ReleaseLines": {"check_id": _CHECK, "course": "mains"},
    # Paying
    "ShowBill": {"check_id": _CHECK},
    "PayCash": {"check_id": _CHECK, "tendered_minor": 5_000, "tip_minor": 300, "expected_due_minor": 4_250},
    "Pay": {"check_id": _CHECK, "tender": "external", "amount_minor": 4_250, "tip_minor": 400, "approval_code": "A1B2C3"},
    "AdjustTip": {"check_id": _CHECK, "payment_id": _CARD_PAYMENT, "tip_minor": 500},
    "AuthorizeTab": {"check_id": _CHECK, "amount_minor": 10_000, "approval_code": "H7K9"},
    "ReleaseTab": {"check_id": _CHECK, "reason": "paid in cash"},
    "CloseCheck": {"check_id": _CHECK},
    "ReopenCheck": {"check_id": _CHECK, "reason": "wrong table"},
    "RefundLines": {
        "check_id": _CHECK, "lines": [{"line_id": _PIZZA, "units": 1}], "reason": "cold",
        "approval_codes": [{"payment_id": _CARD_PAYMENT, "approval_code": "R4"}],
    },
    "RefundAmount": {"check_id": _CHECK, "amount_minor": 1_000, "reason": "goodwill", "payment_id": _PAYMENT},
    "ReturnOverpaid": {"check_id": _CHECK, "reason": "one soup less"},
    # What the box says of cards
    "TakeCardPayment": {"check_id": _CHECK, "amount_minor": 4_250, "approval_code": "N1", "reference": "pi_1", "authorization_id": _HELD_CARD},
    "HoldCard": {"check_id": _CHECK, "amount_minor": 10_000, "approval_code": "N2", "reference": "pi_2"},
    "ReleaseCard": {"check_id": _CHECK},
    "RefundToCard": {
        "refund": {"type": "RefundAmount", "check_id": _CHECK, "amount_minor": 1_000, "reason": "goodwill"},
        "given": [{"payment_id": _CARD_PAYMENT, "amount_minor": 1_000, "approval_code": "N3"}],
    },
    # The kitchen
    "MarkShown": {"ticket_ids": [_TICKET]},
    "MarkPrinted": {"ticket_id": _TICKET},
    "StartItem": {"ticket_id": _TICKET, "line_id": _PIZZA},
    "BumpItem": {"ticket_id": _TICKET, "line_id": _PIZZA},
    "BumpTicket": {"ticket_id": _TICKET},
    "PrioritizeTicket": {"ticket_id": _TICKET, "priority": 1},
    "MarkChangesSeen": {"ticket_id": _TICKET, "count": 1},
    "ServeTicket": {"ticket_id": _TICKET},
    "ServeItems": {"ticket_id": _TICKET, "line_ids": [_PIZZA]},
    "RecallTicket": {"ticket_id": _TICKET},
    "RecallLast": {"station": "oven"},
    "RecallItem": {"ticket_id": _TICKET, "line_id": _PIZZA},
    # What the hub hands over of a box that was replaced
    "AdoptOrphan": {
        "entries": [
            {
                "hash": _VERSION,
                "entry": {
                    "org": example_id(0x70), "site": example_id(0x71), "epoch": 1, "sequence": 4711, "at": "2026-03-02T18:30:00Z",
                    "date": "2026-03-02", "command": example_id(0x72), "ordinal": 0, "of": 1,
                    "event": {"type": "BillShown", "check_id": _CHECK, "count": 1, "total_minor": 4_250}, "device": example_id(0x73),
                    "digest": _VERSION,
                },
            }
        ]
    },
}  # fmt: skip
"""A command of every type by its name, as `command` of a request; `type` is added below."""

COMMAND_EXAMPLES = {name: {"type": name} | fields for name, fields in COMMAND_EXAMPLES.items()}

SUBMIT: dict[str, dict[str, Any]] = {
    name: {"id": example_id(0x1000 + number), "actor_id": "anna", "command": command}
    for number, (name, command) in enumerate(COMMAND_EXAMPLES.items())
}
"""A request of POST /v1/commands for every command."""

BATCH: dict[str, Any] = {
    "commands": [
        {"id": example_id(0x2000 + number), "actor_id": "anna", "command": command}
        for number, command in enumerate([
            {"type": "OpenCheck", "check_id": _CHECK, "table_id": "12", "covers": 4},
            _ADD_PIZZA,
            {"type": "AddLine", "check_id": _CHECK, "line_id": _WINE, "item_id": "wine", "quantity": 3},
            {
                "type": "AddLine", "check_id": _CHECK, "line_id": _COMBO, "item_id": "lunch", "seat": 2,
                "components": [
                    {"slot_id": "main", "item_id": "pizza", "modifiers": [_BIG]},
                    {"slot_id": "drink", "item_id": "wine"},
                ],
            },
            {"type": "SendCheck", "check_id": _CHECK},
        ])
    ]
}  # fmt: skip
"""A whole table's order in one round trip: open the check, three lines with modifiers and a combo, send them to the kitchen."""
