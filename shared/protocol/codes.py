"""The codes of the wire: why a frame was not taken, as the hub answers it and the link shows it.

What lives here: a table for people; the rules that lead to a code are in envelope.py and receiver.py.
"""

__all__ = ["WIRE_CODES"]

# code -> (what happened, what to do)
WIRE_CODES: dict[str, tuple[str, str]] = {
    "envelope.broken_chain": (
        "The entries do not hash to the positions that the envelope states.",
        "Run `comanda edge verify` on the box: its journal or its memory is damaged.",
    ),
    "envelope.fork": (
        "Two different entries claim one sequence of a site.",
        "Stop and let a person look: docs/operations.md, Fork alarm. Nothing is overwritten.",
    ),
    "envelope.gap": ("Entries before those sent are missing at the hub.", "Nothing: the box sends again from the watermark."),
    "envelope.malformed": (
        "The entries cannot be unpacked, or are not as many as stated.",
        "Nothing if it passes; else update the box or the hub.",
    ),
    "epoch.fenced": (
        "A higher epoch of the site is known: this box was replaced.",
        "Take the old box out of service; what it still holds is kept.",
    ),
    "frame.bad_signature": (
        "The signature does not fit the frame.",
        "Enrol the box again; if nobody changed its key, treat it as an attack.",
    ),
    "frame.malformed": ("The frame cannot be read.", "Nothing if it passes; else update the box or the hub."),
    "frame.unknown_kind": ("No frame of that kind is known here.", "Update the hub: the box is newer than it."),
}
