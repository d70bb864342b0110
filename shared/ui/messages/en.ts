/** Texts that every app of the box shares: connection, queue, refusals. */

import type { Text } from "../i18n.ts";

const texts = {
  "app.close": "Close",
  "app.cancel": "Cancel",
  "app.language": "Language",
  "app.loading": "Loading",
  "trail.title": "Where everything is",
  "trail.tablet": "Tablet",
  "trail.box": "Box",
  "trail.cloud": "Cloud",
  "trail.tablet.clear": "Nothing waits on this tablet.",
  "trail.tablet.waiting": ["1 command waits on this tablet and is sent when the box answers.", "{n} commands wait on this tablet, in order, and are sent when the box answers."],
  "trail.tablet.memory": "This browser cannot store commands: what waits is lost when the page is closed.",
  "trail.box.live": "The box answers. What it accepted is on its disk.",
  "trail.box.connecting": "Looking for the box.",
  "trail.box.lost": "The box does not answer.",
  "trail.cloud.clear": "The cloud has everything.",
  "trail.cloud.behind": ["1 entry is on the box only; it goes up by itself.", "{n} entries are on the box only; they go up by themselves."],
  "trail.cloud.away": "The cloud is out of reach. Selling goes on; what is on the box goes up later by itself.",
  "trail.cloud.never": "The box has not reached the cloud yet.",
  "trail.cloud.unknown": "The box does not answer, so nothing is known of the cloud.",
  "place.tablet": "On this tablet",
  "place.box": "On the box",
  "place.cloud": "In the cloud",
  "banner.box": "No connection to the box.",
  "banner.box.detail": "Orders stay on this tablet and are sent when the box answers.",
  "banner.box.waiting": ["1 waits.", "{n} wait."],
  "banner.heard": "Last heard {time}.",
  "banner.unknown": "This device is not known to the box.",
  "banner.unknown.detail": "Ask a manager to pair it.",
  "banner.cloud": "Cloud out of reach.",
  "banner.cloud.detail": "Everything is safe on the box; go on as usual.",
  "banner.memory": "This browser cannot store commands. Keep this page open until nothing waits.",
  "banner.full": "This tablet holds as many commands as it can. Nothing more is taken until the box answers.",
  "stale.title": "Still to be sent to the kitchen?",
  "stale.text": "This was asked for {n} minutes ago, while the box was out of reach. The kitchen has not seen it.",
  "stale.send": "Send now",
  "stale.drop": "Do not send",
  "refused.title": "Not accepted",
  "refused.understood": "Understood",
} as const satisfies Readonly<Record<string, Text>>;

export type SharedKey = keyof typeof texts;
export default texts as Readonly<Record<SharedKey, Text>>;
