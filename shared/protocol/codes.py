"""The codes of the wire: why a frame was not taken, as the hub answers or counts it and the link shows it.

What lives here: a table for people; the rules that lead to a code are in envelope.py and receiver.py, and in the hub's ingest.
"""

__all__ = ["WIRE_CODES"]

# code -> (what happened, what to do)
WIRE_CODES: dict[str, tuple[str, str]] = {
    "claim.bad_signature": ("The signature does not fit the claim.", "Treat it as an attack, or enrol the box again."),
    "claim.malformed": ("The claim cannot be read.", "Enrol the box again."),
    "claim.not_higher": (
        "This box was called replaced, by a claim that is not higher than its own; it goes on.",
        "Look at the hub: an ingest process may run against another control database.",
    ),
    "claim.other_key": ("The claim is for another box than the one that shows it.", "Enrol the box again."),
    "claim.other_site": ("This box was called replaced, by a claim for another site; it goes on.", "Report it with the log of ingest."),
    "claim.untrusted": (
        "The claim was issued by a hub that is not known here.",
        "Enrol the box with this hub, or add its issuer to COMANDA_HUB_CLAIM_ISSUERS.",
    ),
    "document.malformed": ("The parts of a document do not come to what its version says.", "Nothing: the box sends it again."),
    "envelope.broken_chain": (
        "The entries do not hash to the positions that the envelope states.",
        "Run `comanda edge verify` on the box: its journal or its memory is damaged.",
    ),
    "envelope.fork": (
        "Two different entries claim one sequence of a site.",
        "Stop and let a person look: docs/operations.md, Fork alarm. Nothing is overwritten.",
    ),
    "envelope.gap": ("Entries before those sent are missing at the hub.", "Nothing: the box sends again from the watermark."),
    "envelope.malformed": ("The entries cannot be unpacked, or are not as many as stated.", "If it stays so, update the box or the hub."),
    "epoch.fenced": ("A higher epoch of the site is known: this box was replaced.", "Take it out of service; what it still holds is kept."),
    "envelope.refused_entry": (
        "The hub will not take one entry of this box; those before it are in the cloud, those after it wait.",
        "Look at the log of ingest for this entry: docs/operations.md, Refused entry.",
    ),
    "epoch.not_granted": ("The frame is of a later epoch than its box was given.", "Enrol the box again."),
    "epoch.twice": (
        "Two boxes hold the same epoch of a site: the hub forgot that it had granted it.",
        "Enrol this box again; what it still holds is kept.",
    ),
    "frame.bad_signature": (
        "The signature does not fit the frame.",
        "Enrol the box again; if nobody changed its key, treat it as an attack.",
    ),
    "frame.malformed": ("The frame cannot be read.", "If it stays so, update the box or the hub."),
    "frame.other_site": (
        "The frame names another site than the subject it came on.",
        "Treat it as an attack, or report a defect of the box.",
    ),
    "frame.out_of_bounds": ("A sequence of the frame is none.", "Report it with the log of the box."),
    "frame.unexpected_kind": ("A hello came where envelopes belong, or the other way round.", "Report it with the log of the box."),
    "frame.unknown_kind": ("No frame of that kind is known here.", "Update the hub: the box is newer than it."),
    "journal.begins_later": (
        "The hub lacks entries that this box has trimmed, and declares no hole for them.",
        "Update the hub; nothing is sent until then, and nothing of what waits is trimmed.",
    ),
    "journal.hole": (
        "Entries that the hub has lost are on no box any more; they are declared a hole, and what follows is taken.",
        "Fill it from a mirror: docs/operations.md, Hole.",
    ),
    "journal.superseded": (
        "The hub held more than this box, which replaced another without it, had restored; that is kept apart, as orphans.",
        "Adopt them or set them aside: comanda hub orphans list.",
    ),
    "hub.unavailable": (
        "The shard of the site cannot be reached.",
        "Nothing at the box; bring the shard back: docs/operations.md, Shard down.",
    ),
    "hub.unstorable": ("The database of the hub will not store the envelope.", "Look at the log of ingest; the box keeps its entries."),
    "key.unknown": ("The key that signed the frame is registered for no box of this site.", "Enrol the box again."),
    "site.unknown": ("The hub knows no such site; it is counted, and not answered.", "Enrol the box with this hub."),
    "subject.malformed": ("The subject names no organisation and site; it is counted, and not answered.", "Look at who may publish there."),
}
