/**
 * The device session with hands: it writes down, sends, hands in, and shows what is so as signals. One for each tab of a device.
 *
 * When something is sent is decided in session.ts; what commands mean is not known here.
 */

import { batch, computed, signal, type ReadonlySignal } from "@preact/signals";
import { LIMITS, type BoxState, type Command, type HandIn, type HandInResult, type Accepted, type Problem, type ShowClaim, type Submit } from "./generated/wire.ts";
import { uuid7 } from "./ids.ts";
import { DeviceSession } from "./session.ts";
import { isFinal, type Action, type Kept, type News, type Note, type Phase, type Wrong } from "./session-words.ts";
import type { QueueStore } from "./queue-store.ts";
import type { Channel, Leadership } from "./tabs.ts";

export interface Refusal {
  readonly kept: Kept;
  readonly problem: Problem;
}

/** What became of one attempt. `silent` is anything that the box has not thought about. */
export type Outcome<Answer> =
  | { readonly kind: "accepted"; readonly answer: Answer }
  | { readonly kind: "refused"; readonly problem: Problem }
  | { readonly kind: "silent" };

/** One attempt each; they never throw. */
export interface Wire {
  send(kept: Kept): Promise<Outcome<readonly Accepted[]>>;
  handIn(handIn: HandIn): Promise<Outcome<readonly HandInResult[]>>;
  showClaim(claim: ShowClaim): Promise<Outcome<BoxState>>;
}

/** What tabs of one device tell one another. */
export type TabWord =
  | { readonly say: "written"; readonly notes: readonly Note[] }
  | { readonly say: "refused"; readonly refusal: Refusal }
  | { readonly say: "told"; readonly notice: Notice }
  | { readonly say: "dismissed"; readonly id: string }
  | { readonly say: "asks"; readonly id: string }
  | { readonly say: "decided"; readonly id: string; readonly isWanted: boolean };

export interface QueuePorts {
  readonly store: Promise<QueueStore>;
  readonly wire: Wire;
  /** Follow the feed from a cursor. */
  readonly open: (cursor: string) => void;
  /** Whether the site shows the effect of a stale kitchen request already. */
  readonly isMoot: (kept: Kept) => boolean;
  /** Codes of refusals that need nobody's attention: what was wanted is so already. */
  readonly moot: ReadonlySet<string>;
  readonly leadership: Leadership;
  readonly channel: Channel<TabWord>;
  /** Milliseconds by the device's clock. */
  readonly nowMs: () => number;
}

/** Something of what was held is given up, or (without `about`) the box takes nothing of it. */
export interface Notice {
  readonly code: string;
  /** A command's id. */
  readonly about: string;
}

/** What a person has not read yet, at most: they are counted by kind. */
const NOTICES_MAX = 1_000;

export class CommandQueue {
  /** Not answered yet, in order. */
  readonly waiting = signal<readonly Kept[]>([]);
  /** Accepted, while the feed has yet to bring the effect. */
  readonly settling = signal<readonly Kept[]>([]);
  readonly refusals = signal<readonly Refusal[]>([]);
  /** A stale request that waits for a person. */
  readonly question = signal<Kept | null>(null);
  /** What the box says when it cannot take anything now. */
  readonly trouble = signal<Problem | null>(null);
  /** What a person should know of what was held; newest last. */
  readonly notices = signal<readonly Notice[]>([]);
  readonly durable = signal(true);
  readonly phase = signal<Phase>("offline");
  readonly wrong = signal<Wrong>("");
  /** Whether a person may say that the box is the right one all the same. */
  readonly canTrust = signal(false);
  /** The highest epoch that this tablet remembers: what a technician claims above, where no database does. */
  readonly knownEpoch = signal(0);
  readonly box = signal<BoxState | null>(null);
  readonly isTurnedAway = signal(false);
  readonly isLeading = signal(false);
  readonly full = computed(() => this.waiting.value.length >= LIMITS.UI_QUEUE_MAX);
  /** Everything that screens show as on its way, oldest first. */
  readonly underway: ReadonlySignal<readonly Kept[]> = computed(() => [...this.settling.value, ...this.waiting.value]);
  readonly #ports: QueuePorts;
  readonly #session: DeviceSession;
  /** Notes on their way to the store; what is read meanwhile lacks them. */
  readonly #unwritten: Note[] = [];
  /** Notes of other tabs, heard while the store is being read; null while it is not. */
  #late: Note[] | null = null;
  #chain: Promise<void> = Promise.resolve();
  #asksElsewhere = "";

  constructor(ports: QueuePorts) {
    this.#ports = ports;
    this.#session = new DeviceSession({ isLeading: false, isMoot: ports.isMoot });
  }

  /** Take in what was written down, follow the feed, and send once this tab leads. */
  start(): void {
    const { channel, leadership, nowMs } = this.#ports;
    channel.listen((word) => this.#hear(word));
    this.#chain = this.#load();
    this.#tell((session) => session.start(nowMs()));
    leadership.start((isLeading) => this.#inTurn(() => this.#lead(isLeading)));
  }

  // --- what the shell of the shell tells -----------------------------------------------------------

  frame(news: News): void {
    this.#tell((session) => session.frame(news, this.#ports.nowMs()));
  }

  closed(code: number): void {
    this.#tell((session) => session.disconnected(code, this.#ports.nowMs()));
  }

  hurry(): void {
    this.#tell((session) => session.hurry(this.#ports.nowMs()));
  }

  tick(): void {
    this.#tell((session) => session.tick(this.#ports.nowMs()));
  }

  // --- what a person does ----------------------------------------------------------------------------

  /** Keep `commands` as one request and send it when its turn comes; returns its id, or null when the queue is full. */
  submit(...commands: readonly Command[]): string | null {
    const submits: Submit[] = commands.map((command) => ({ id: uuid7(), command }));
    const [first] = submits;
    if (this.full.value || first === undefined) return null;
    const kept: Kept = { id: first.id, commands: submits, keptMs: this.#ports.nowMs() };
    this.#tell((session) => session.submit(kept, this.#ports.nowMs()));
    return kept.id;
  }

  /** A person's answer to `question`. */
  decide(isWanted: boolean): void {
    const asked = this.question.value;
    if (asked === null) return;
    if (!this.#session.isLeading) this.#ports.channel.say({ say: "decided", id: asked.id, isWanted });
    this.#asksElsewhere = "";
    this.#tell((session) => session.decide(asked.id, isWanted, this.#ports.nowMs()));
  }

  /** A person says that this device belongs to the site of the box it talks to. */
  startAnew(): void {
    this.#tell((session) => session.startAnew(this.#ports.nowMs()));
  }

  /** A person says that the box this device talks to is the right one, though another has said that it is newer. */
  trust(): void {
    this.#tell((session) => session.trust(this.#ports.nowMs()));
  }

  dismiss(refusal: Refusal): void {
    this.#ports.channel.say({ say: "dismissed", id: refusal.kept.id });
    this.#dismissed(refusal.kept.id);
  }

  #noticed({ code, about }: Notice): void {
    this.notices.value = [...this.notices.value, { code, about }].slice(-NOTICES_MAX);
  }

  dismissNotices(): void {
    this.notices.value = [];
  }

  #dismissed(id: string): void {
    this.refusals.value = this.refusals.value.filter(({ kept }) => kept.id !== id);
  }

  // --- tabs --------------------------------------------------------------------------------------------

  #hear(word: TabWord): void {
    const { nowMs } = this.#ports;
    if (word.say === "written") this.#late?.push(...word.notes);
    if (word.say === "written") this.#tell((session) => word.notes.flatMap((note) => session.overheard(note, nowMs())));
    if (word.say === "refused") this.refusals.value = [...this.refusals.value, word.refusal];
    if (word.say === "told") this.#noticed(word.notice);
    if (word.say === "dismissed") this.#dismissed(word.id);
    if (word.say === "asks") {
      this.#asksElsewhere = word.id;
      this.#show();
    }
    if (word.say === "decided") this.#tell((session) => session.decide(word.id, word.isWanted, nowMs()));
  }

  async #lead(isLeading: boolean): Promise<void> {
    if (isLeading) await this.#load();
    this.#asksElsewhere = "";
    this.#tell((session) => session.lead(isLeading, this.#ports.nowMs()));
  }

  /** Read what is written down; what was on its way there meanwhile is laid over it. */
  async #load(): Promise<void> {
    this.#late = [];
    try {
      const store = await this.#ports.store;
      const { kept, held, memory } = await store.load();
      const news = [...this.#late, ...this.#unwritten];
      this.durable.value &&= store.durable;
      this.#session.reload(kept, held, memory);
      this.#tell((session) => news.flatMap((note) => session.overheard(note, this.#ports.nowMs())));
    } catch (error) {
      console.warn("what was kept could not be read", error);
      this.durable.value = false;
    } finally {
      this.#late = null;
    }
  }

  // --- doing what the session says -----------------------------------------------------------------------

  #tell(what: (session: DeviceSession) => readonly Action[]): void {
    const actions = what(this.#session);
    this.#show();
    const notes: Note[] = [];
    const rest: Action[] = [];
    for (const action of actions) {
      if (action.type === "Open") this.#ports.open(action.cursor);
      else if (action.type === "Tell") {
        this.#noticed(action);
        this.#ports.channel.say({ say: "told", notice: action });
      }
      else if (action.type === "Ask") this.#ports.channel.say({ say: "asks", id: action.kept.id });
      else if (action.type === "Send" || action.type === "HandIn" || action.type === "ShowClaim") rest.push(action);
      else notes.push(action);
    }
    if (notes.length + rest.length === 0) return;
    this.#unwritten.push(...notes);
    // What is sent is written down first.
    this.#inTurn(async () => {
      await this.#write(notes);
      for (const action of rest) this.#carryOut(action);
    });
  }

  #inTurn(act: () => Promise<void>): void {
    this.#chain = this.#chain.then(act);
  }

  async #write(notes: readonly Note[]): Promise<void> {
    if (notes.length === 0) return;
    try {
      await (await this.#ports.store).write(notes);
      this.#ports.channel.say({ say: "written", notes });
    } catch (error) {
      // The device's disk is full or gone: the request still goes to the box, and the screen says what is at stake.
      console.warn("what is kept could not be written down", error);
      this.durable.value = false;
    }
    this.#unwritten.splice(0, notes.length);
  }

  #carryOut(action: Action): void {
    const { leadership, nowMs } = this.#ports;
    if (!leadership.isCertain()) {
      this.#tell((session) => session.lead(false, nowMs())); // another tab may have begun to: it sends, under the same ids
      return;
    }
    if (action.type === "Send") void this.#send(action.kept);
    if (action.type === "HandIn") void this.#handIn(action.handIn);
    if (action.type === "ShowClaim") void this.#showClaim(action.claim);
  }

  async #send(kept: Kept): Promise<void> {
    const outcome = await this.#ports.wire.send(kept);
    const nowMs = this.#ports.nowMs();
    batch(() => {
      this.trouble.value = outcome.kind === "refused" && !isFinal(outcome.problem.code, outcome.problem.status) ? outcome.problem : null;
      if (outcome.kind === "silent") this.#tell((session) => session.silent(kept.id, nowMs));
      if (outcome.kind === "accepted") this.#tell((session) => session.accepted(kept.id, outcome.answer, nowMs));
      if (outcome.kind !== "refused") return;
      const { code, status } = outcome.problem;
      const isKnown = this.#session.kept.some(({ id }) => id === kept.id);
      this.#tell((session) => session.refused(kept.id, code, status, nowMs));
      if (isKnown && isFinal(code, status) && !this.#ports.moot.has(code)) this.#refuse({ kept, problem: outcome.problem });
    });
  }

  #refuse(refusal: Refusal): void {
    this.refusals.value = [...this.refusals.value, refusal];
    this.#ports.channel.say({ say: "refused", refusal });
  }

  async #handIn(handIn: HandIn): Promise<void> {
    const outcome = await this.#ports.wire.handIn(handIn);
    const nowMs = this.#ports.nowMs();
    if (outcome.kind === "accepted") this.#tell((session) => session.handedIn(outcome.answer, nowMs));
    else if (outcome.kind === "refused") this.#tell((session) => session.handInRefused(outcome.problem.code, outcome.problem.status, nowMs));
    else this.#tell((session) => session.handInSilent(nowMs));
  }

  async #showClaim(claim: ShowClaim): Promise<void> {
    const outcome = await this.#ports.wire.showClaim(claim);
    const nowMs = this.#ports.nowMs();
    if (outcome.kind === "accepted") this.#tell((session) => session.claimTaken(outcome.answer.fenced_epoch, nowMs));
    else if (outcome.kind === "refused") this.#tell((session) => session.claimRefused(outcome.problem.code, outcome.problem.status, nowMs));
    else this.#tell((session) => session.claimSilent(nowMs));
  }

  // --- what is so, as signals --------------------------------------------------------------------------------

  #show(): void {
    const session = this.#session;
    const asked = session.asked || this.#asksElsewhere;
    const settling = [...session.unseen.keys()];
    const shown = this.settling.peek();
    batch(() => {
      this.waiting.value = session.kept;
      if (shown.length !== settling.length || shown.some(({ id }, index) => id !== settling[index])) {
        this.settling.value = [...session.unseen].map(([id, { command, acceptedMs }]) => ({ id, commands: [command.submit], keptMs: acceptedMs }));
      }
      this.question.value = session.kept.find(({ id }) => id === asked) ?? null;
      this.phase.value = session.phase;
      this.wrong.value = session.wrong;
      this.canTrust.value = session.canTrust;
      this.knownEpoch.value = session.memory.epoch;
      this.box.value = session.box;
      this.isTurnedAway.value = session.isTurnedAway;
      this.isLeading.value = session.isLeading;
    });
  }
}
