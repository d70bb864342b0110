/**
 * What the site looks like: shared live collections of checks and tickets, kept by the frames of the feed.
 *
 * Everything is the box's word; nothing that a tablet has queued stands in here (see the apps' overlays).
 */

import { batch, computed, signal, type ReadonlySignal } from "@preact/signals";
import type { CheckView, CloudState, ScreenFrame, SiteState, Ticket } from "./generated/wire.ts";
import { sequenceOf } from "./ids.ts";

/** Closed checks that are still shown, newest last. */
const CLOSED_KEPT = 50;

const NO_SITE: SiteState = { epoch: 0, currency: "XXX", time_zone: "UTC", cut_over_minutes: 0, business_date: "", menu_version: "", scheduled: [] };
const NO_CLOUD: CloudState = { sequence: 0, link: "never", reported_at: null, alarm: "" };

/** Where something that the box holds has got to. */
export type Place = "box" | "cloud";

export class LiveSite {
  /** Cursor of the feed; empty before the first frame. */
  readonly position = signal("");
  readonly sequence: ReadonlySignal<number> = computed(() => sequenceOf(this.position.value));
  readonly site = signal<SiteState>(NO_SITE);
  readonly cloud = signal<CloudState>(NO_CLOUD);
  /** When the box last spoke of the cloud, or first held something that the cloud has not, on `performance.now()`. */
  readonly cloudHeardMs = signal(0);
  readonly checks = signal<ReadonlyMap<string, CheckView>>(new Map());
  readonly closed = signal<ReadonlyMap<string, CheckView>>(new Map());
  /** Codes of what a person should look at. */
  readonly alarms = signal<readonly string[]>([]);
  /** Changes with every word on what has run out or has a price of the site's own. */
  readonly overridesHeard = signal(0);
  readonly tickets = signal<ReadonlyMap<string, Ticket>>(new Map());
  /** The sequence at which a check last changed; of an older box, which does not say, no earlier than it did. */
  readonly #changedAt = new Map<string, number>();

  /** Take in a frame. A snapshot makes everything known before void. */
  apply(frame: ScreenFrame): void {
    batch(() => {
      const whole = frame.type === "snapshot";
      if (whole) this.#changedAt.clear();
      const checks = new Map(whole ? [] : this.checks.value);
      const closed = new Map(this.closed.value);
      const tickets = new Map(whole ? [] : this.tickets.value);
      for (const [index, check] of frame.checks.entries()) {
        this.#changedAt.set(check.check_id, frame.check_sequences?.[index] ?? sequenceOf(frame.position));
        if (check.status === "open") checks.set(check.check_id, check);
        else {
          checks.delete(check.check_id);
          closed.set(check.check_id, check);
        }
      }
      for (const ticket of frame.tickets) {
        if (ticket.status === "open" || (ticket.status === "bumped" && ticket.awaits_expo)) tickets.set(ticket.ticket_id, ticket);
        else tickets.delete(ticket.ticket_id);
      }
      for (const id of [...closed.keys()].slice(0, Math.max(0, closed.size - CLOSED_KEPT))) closed.delete(id);
      if (whole || frame.checks.length > 0) [this.checks.value, this.closed.value] = [checks, closed];
      if (whole || frame.tickets.length > 0) this.tickets.value = tickets;
      if (whole || frame.overrides.length > 0) this.overridesHeard.value += 1;
      if (frame.alarms !== null) this.alarms.value = frame.alarms;
      if (frame.site !== null) this.site.value = frame.site;
      const wasBehind = this.behindCloud.peek() > 0;
      if (frame.cloud !== null) this.cloud.value = frame.cloud;
      if (whole || sequenceOf(frame.position) >= this.sequence.value) this.position.value = frame.position;
      if (frame.cloud !== null || !wasBehind) this.cloudHeardMs.value = performance.now();
    });
  }

  /** Whether the cloud has all of a check, as of its last change. */
  placeOf(checkId: string): Place {
    return (this.#changedAt.get(checkId) ?? this.sequence.value) <= this.cloud.value.sequence ? "cloud" : "box";
  }

  /** Journal entries that the cloud does not have. */
  readonly behindCloud: ReadonlySignal<number> = computed(() => Math.max(0, this.sequence.value - this.cloud.value.sequence));
}
