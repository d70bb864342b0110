"""The kitchen ticket, by the names that the rest of the product knows it by.

What lives here: names alone. State is in state.py, each group of acts in a module beside it.
"""

from shared.domain.kitchen.creating import TicketCreated
from shared.domain.kitchen.making import BumpTicket, TicketBumped
from shared.domain.kitchen.state import ItemStatus, Ticket, TicketChange, TicketLine, TicketStatus

__all__ = ["BumpTicket", "ItemStatus", "Ticket", "TicketBumped", "TicketChange", "TicketCreated", "TicketLine", "TicketStatus"]
