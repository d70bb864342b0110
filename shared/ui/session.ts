/**
 * A device of a site in its dealings with the box: the machine of shared/protocol/device.py, method by method.
 *
 * tests/device-vectors.json holds both to one behaviour, so that a change here is a change there. Sockets, clocks, storage and screens
 * are not known here. Every method takes `nowMs`, milliseconds by the device's clock, and returns actions to be done in their order.
 */

import { LIMITS, type Accepted, type BoxState, type HandInResult } from "./generated/wire.ts";
import { HeldCommands, heldOf, idOf } from "./held.ts";
import { epochOf, sequenceOf } from "./ids.ts";
import {
  afterClose, FOR_THE_KITCHEN, growingMs, isFinal, LONGEST_MS, NO_MEMORY, NOWHERE, PATIENCE_MS,
  type Action, type Held, type Kept, type Memory, type News, type Note, type Phase, type Wrong,
} from "./session-words.ts";

type Actions = readonly Action[];

const NO_BOX: BoxState = { epoch: 0, site_id: "", claim: "", fenced_epoch: 0, is_recovering: false };

export interface SessionStart {
  readonly kept?: readonly Kept[];
  readonly held?: readonly Held[];
  readonly memory?: Memory;
  /** Only a leading session sends: of two tabs of one device one leads. */
  readonly isLeading?: boolean;
  /** Whether the site shows the effect of a stale kitchen command already. */
  readonly isMoot?: (kept: Kept) => boolean;
}

export class DeviceSession {
  kept: Kept[];
  held: HeldCommands;
  memory: Memory;
  phase: Phase = "offline";
  cursor = "";
  /** The sequence that the cloud has, as the box last said. */
  cloud = 0;
  /** As it last spoke. */
  box: BoxState = NO_BOX;
  isTurnedAway = false;
  isLeading: boolean;
  /** The request that a person is asked about. */
  asked = "";
  /** Accepted, and its effect not yet brought by the feed. */
  readonly unseen = new Map<string, Held>();
  /** What of the memory is written down. */
  #noted: Memory;
  readonly #isMoot: (kept: Kept) => boolean;
  #heard = false;
  #isForked = false;
  #canHandIn = true;
  /** Held commands that this box is to be handed; null: it has been. */
  #owed: readonly string[] | null = null;
  /** What was owed, or handed in and not placed yet, when the feed broke: a cursor that went on meanwhile proves nothing of it. */
  #unproved: ReadonlySet<string> = new Set();
  #handing: readonly string[] | null = null;
  #waited = false;
  /** All that this box was owed when it was first heard has been handed in. */
  #isClear = false;
  /** Handed in, and at an unknown place until the feed begins anew. */
  #toPlace: string[] = [];
  #claimTold = false;
  /** The box was shown the claim that is remembered, and it proved nothing. */
  #isDoubted = false;
  #sending = "";
  readonly #confirmed = new Set<string>();
  #feedDeadlineMs = 0;
  #answerDeadlineMs = 0;
  #nextMs = 0;
  #attempt = 0;

  constructor({ kept = [], held = [], memory = NO_MEMORY, isLeading = true, isMoot = () => false }: SessionStart = {}) {
    this.kept = [...kept];
    this.held = new HeldCommands(held);
    this.memory = memory;
    this.#noted = memory;
    this.isLeading = isLeading;
    this.#isMoot = isMoot;
  }

  get isFull(): boolean {
    return this.kept.length >= LIMITS.UI_QUEUE_MAX;
  }

  /** Why the box is the wrong one; empty when it is not, or is not known. */
  get wrong(): Wrong {
    const [mine, theirs] = [this.memory.siteId, this.box.site_id];
    if (!this.#heard) return "";
    if (mine !== "" && theirs !== "" && mine !== theirs) return "other_site";
    return this.box.fenced_epoch > 0 ? "fenced" : this.box.epoch < this.memory.epoch ? "lower" : "";
  }

  /** Whether a person may say that this box is the right one, though a higher epoch is remembered: nothing proves that epoch. */
  get canTrust(): boolean {
    const isUnproved = this.#isDoubted || (this.memory.claim === "" && this.box.claim !== "");
    return this.wrong === "lower" && isUnproved;
  }

  // --- the feed ----------------------------------------------------------------------------------

  start(nowMs: number): Actions {
    return this.#open(nowMs);
  }

  hurry(nowMs: number): Actions {
    [this.#attempt, this.#nextMs] = [0, nowMs];
    return this.tick(nowMs);
  }

  disconnected(code: number, nowMs: number): Actions {
    const after = afterClose(code);
    [this.phase, this.#heard] = ["offline", false];
    this.isTurnedAway = code === 4401;
    this.#isForked ||= after.cursor === "fork";
    if (after.cursor !== "keep") this.cursor = "";
    this.#unproved = new Set(this.#canHandIn ? [...this.#unproved, ...(this.#owed ?? []), ...this.#toPlace] : []);
    [this.#handing, this.#toPlace] = [null, []];
    this.#later(nowMs, after.pause === "longest");
    return [];
  }

  frame(news: News, nowMs: number): Actions {
    if (this.phase === "offline") return [];
    const first = !this.#heard;
    const resumedFrom = news.isSnapshot ? "" : this.cursor; // a snapshot proves nothing of what was trimmed
    if (first) {
      [this.#heard, this.#canHandIn, this.#claimTold, this.isTurnedAway, this.#isClear] = [true, true, false, false, false];
      [this.#isDoubted, this.#attempt, this.#nextMs] = [false, 0, nowMs];
    }
    if (news.isSnapshot || sequenceOf(news.position) >= sequenceOf(this.cursor)) this.cursor = news.position;
    if (news.cloud !== null) this.cloud = news.cloud;
    const wasRecovering = this.box.is_recovering && !first;
    const actions: Action[] = [...this.#meet(news, first)];
    let placed: string[] = [];
    if (first && this.#toPlace.length > 0) {
      [placed, this.#toPlace] = [this.#toPlace, []];
      actions.push({ type: "Hold", held: this.held.place(placed, sequenceOf(news.position)) }); // what was handed in lies below it
    }
    if (first || (wasRecovering && !this.box.is_recovering)) this.#owe(resumedFrom, new Set(placed));
    this.#see();
    return [...actions, ...this.#goOn(nowMs)];
  }

  /** The feed has come to the cursor. What lies above it and is not owed to this box will be brought, or is not to be had. */
  #see(): void {
    const reached = sequenceOf(this.cursor);
    const owed = new Set(this.#owed);
    for (const id of [...this.unseen.keys()]) {
      const held = this.held.get(id);
      if (held === undefined || held.needed <= reached || (held.needed === NOWHERE && !owed.has(id))) this.unseen.delete(id);
    }
  }

  #open(nowMs: number): Actions {
    [this.phase, this.#heard] = ["asking", false];
    this.#feedDeadlineMs = nowMs + PATIENCE_MS;
    return [{ type: "Open", cursor: this.cursor }];
  }

  /** Learn which box speaks. One of an older release says only by its positions under which epoch it writes. */
  #meet(news: News, first: boolean): Actions {
    if (news.box === null && !first) return [];
    this.box = news.box ?? { ...NO_BOX, epoch: epochOf(news.position) };
    return this.#learn();
  }

  /** Remember the box that is heard, if it is the right one. */
  #learn(): Actions {
    if (this.wrong === "other_site" && this.kept.length + this.held.size === 0) this.memory = NO_MEMORY; // the device has moved
    if (this.wrong !== "") return [];
    const [box, before] = [this.box, this.memory];
    const settled = before.epoch === 0 || this.held.size === 0 ? Math.max(box.epoch, before.settled) : before.settled;
    const claim = box.claim || (box.epoch === before.epoch ? before.claim : "");
    this.memory = { siteId: box.site_id || before.siteId, epoch: box.epoch, claim, settled };
    const changed = (Object.keys(before) as (keyof Memory)[]).some((key) => this.#noted[key] !== this.memory[key]);
    return changed && this.isLeading ? this.#note() : [];
  }

  #note(): Actions {
    this.#noted = this.memory;
    return [{ type: "Remember", memory: this.memory }];
  }

  /** A person says that this device belongs to the site of the box it talks to: what it keeps for another is given up. */
  startAnew(nowMs: number): Actions {
    if (this.wrong !== "other_site") return [];
    const gone: Action[] = this.kept.map(({ id }) => ({ type: "Forget", id, held: [] }));
    const ids = this.held.acknowledgedOrder();
    [this.kept, this.held, this.memory, this.cursor, this.#isForked] = [[], new HeldCommands(), NO_MEMORY, "", false];
    return [...gone, { type: "Release", ids }, ...this.#note(), ...this.#open(nowMs)];
  }

  /** A person says that this box is the right one: what nothing proves is forgotten; all that is held is handed in to it. */
  trust(nowMs: number): Actions {
    if (!this.canTrust) return [];
    const { epoch, claim } = this.box;
    this.memory = { siteId: this.memory.siteId, epoch, claim, settled: this.held.size > 0 ? 0 : epoch };
    this.cursor = "";
    return [...this.#note(), ...this.#open(nowMs)];
  }

  // --- what waits --------------------------------------------------------------------------------

  submit(kept: Kept, nowMs: number): Actions {
    if (this.isFull) return [];
    this.kept = [...this.kept, kept];
    return [{ type: "Keep", kept }, ...this.#goOn(nowMs)];
  }

  accepted(id: string, answers: readonly Accepted[], nowMs: number): Actions {
    const kept = this.#take(id);
    if (kept === null) return [];
    let held = heldOf(kept.commands, answers, nowMs);
    if (held.some((each) => epochOf(each.command.position) < this.memory.epoch)) {
      // A box that has been replaced meanwhile: what it accepted is on no journal of the present one.
      held = held.map((each) => ({ ...each, needed: NOWHERE }));
      this.#owed = this.#heard ? [...(this.#owed ?? []), ...held.map(idOf)] : null;
    }
    this.#noteHeld(held);
    const [done, givenUp] = this.held.toMakeRoom(this.#clouded());
    return [{ type: "Forget", id, held }, ...this.#release(done, givenUp, "held.full"), ...this.#goOn(nowMs)];
  }

  #noteHeld(held: readonly Held[]): void {
    this.held.put(held);
    // Said before these were accepted, perhaps of what stood in their place: let it be said again.
    if (held.some((each) => each.needed <= this.cloud)) this.cloud = 0;
    for (const each of held) if (each.needed > sequenceOf(this.cursor)) this.unseen.set(idOf(each), each);
  }

  refused(id: string, code: string, status: number, nowMs: number): Actions {
    if (!isFinal(code, status)) return this.silent(id, nowMs);
    return this.#take(id) === null ? [] : [{ type: "Forget", id, held: [] }, ...this.#goOn(nowMs)];
  }

  /** No answer, or none that decides: the same bytes under the same id are sent again. */
  silent(id: string, nowMs: number): Actions {
    if (id !== "" && id === this.#sending) {
      this.#sending = "";
      this.#later(nowMs);
    }
    return [];
  }

  decide(id: string, isWanted: boolean, nowMs: number): Actions {
    if (id !== this.asked) return [];
    this.asked = "";
    if (isWanted) {
      this.#confirmed.add(id);
      return this.#goOn(nowMs);
    }
    this.#take(id);
    return [{ type: "Forget", id, held: [] }, ...this.#goOn(nowMs)];
  }

  #take(id: string): Kept | null {
    const found = this.kept.find((each) => each.id === id) ?? null;
    if (found !== null) this.kept = this.kept.filter((each) => each !== found);
    if (id === this.#sending) [this.#sending, this.#attempt] = ["", 0];
    this.#confirmed.delete(id);
    return found;
  }

  // --- handing in --------------------------------------------------------------------------------

  /** Everything where the box holds another journal, else what nothing has proved yet to be in it; `placed` was handed in to it just now. */
  #owe(resumedFrom: string, placed: ReadonlySet<string> = new Set()): void {
    const all = this.box.is_recovering || this.#isForked || this.box.epoch > this.memory.settled;
    this.#owed = this.held.acknowledgedOrder(all ? -1 : sequenceOf(resumedFrom), this.#unproved).filter((id) => all || !placed.has(id));
    this.#unproved = new Set();
    if (this.#owed.length === 0 && !this.box.is_recovering) [this.#owed, this.#isForked] = [null, false];
    [this.#handing, this.#waited] = [null, false];
  }

  handedIn(results: readonly HandInResult[], nowMs: number): Actions {
    if (this.#handing === null || this.#owed === null) return [];
    const actions: Action[] = [];
    for (const { command_id: id, outcome, code } of results) {
      if (outcome === "refused") actions.push(...this.#release([], [id], code || "hand_in.refused"));
      else if (outcome === "waits") this.#waited = true;
      else this.#toPlace.push(id);
    }
    const handed = new Set(this.#handing);
    // Where they stand in this journal is not said; until the feed has begun anew, the cloud is not known to have them.
    actions.push({ type: "Hold", held: this.held.place(this.#toPlace.filter((id) => handed.has(id)), NOWHERE) });
    [this.#handing, this.#attempt] = [null, 0];
    const left = this.#owed.filter((id) => !handed.has(id));
    this.#owed = left.length > 0 ? left : null;
    if (this.#owed === null) actions.push(...this.#allHandedIn(nowMs));
    return [...actions, ...this.#goOn(nowMs)];
  }

  #allHandedIn(nowMs: number): Actions {
    if (this.box.is_recovering) return []; // it plays them when all tablets have handed in; then they are asked about once more
    if (this.#waited) {
      this.#owe("");
      this.#later(nowMs);
      return [];
    }
    this.#isForked = false;
    this.memory = { ...this.memory, settled: this.box.epoch };
    // With the cursor: the box may have been away unnoticed, and have lost what it acknowledged above that since.
    return [...this.#note(), ...(this.#toPlace.length > 0 ? this.#open(nowMs) : [])];
  }

  handInRefused(code: string, status: number, nowMs: number): Actions {
    if (!isFinal(code, status)) return this.handInSilent(nowMs);
    [this.#canHandIn, this.#handing] = [false, null];
    this.unseen.clear();
    const told: Action[] = code === "route.unknown" ? [] : [{ type: "Tell", code, about: "" }];
    return [...told, ...this.#goOn(nowMs)];
  }

  handInSilent(nowMs: number): Actions {
    if (this.#handing !== null) {
      this.#handing = null;
      this.#later(nowMs);
    }
    return [];
  }

  claimSilent(nowMs: number): Actions {
    this.#claimTold = false;
    this.#later(nowMs);
    return [];
  }

  /** The box has read the claim. One that is not fenced by it has seen that it is of no higher epoch. */
  claimTaken(fencedEpoch: number, nowMs: number): Actions {
    this.#isDoubted = this.wrong === "lower" && fencedEpoch === 0;
    return this.#goOn(nowMs);
  }

  /** The box takes the claim for none. A box of an older release does not know what a claim is, and says nothing about it. */
  claimRefused(code: string, status: number, nowMs: number): Actions {
    if (!isFinal(code, status)) return this.claimSilent(nowMs);
    this.#isDoubted = this.wrong === "lower" && code === "fence.bad_claim";
    return this.#goOn(nowMs);
  }

  // --- tabs of one device --------------------------------------------------------------------------

  /** Another tab of this device has written this down. */
  overheard(note: Note, nowMs: number): Actions {
    if (note.type === "Keep" && this.kept.every(({ id }) => id !== note.kept.id)) this.kept = [...this.kept, note.kept];
    if (note.type === "Forget") {
      this.#take(note.id);
      this.#noteHeld(note.held);
    }
    if (note.type === "Hold") this.held.put(note.held);
    if (note.type === "Release") this.held.drop(note.ids);
    if (note.type === "Remember") this.memory = this.#noted = note.memory;
    return this.#goOn(nowMs);
  }

  /** What is written down, before this tab begins to lead: the box that is heard is judged by it. */
  reload(kept: readonly Kept[], held: readonly Held[], memory: Memory): void {
    [this.kept, this.held, this.memory, this.#noted] = [[...kept], new HeldCommands(held), memory, memory];
  }

  /** This tab is the one that sends from now on, or no longer. */
  lead(isLeading: boolean, nowMs: number): Actions {
    this.isLeading = isLeading;
    [this.#sending, this.asked, this.#handing] = ["", "", null];
    if (!isLeading || !this.#heard) return this.#goOn(nowMs);
    const actions = this.#learn();
    if (!this.#isClear) this.#owe("");
    return [...actions, ...this.#goOn(nowMs)];
  }

  // --- time ----------------------------------------------------------------------------------------

  tick(nowMs: number): Actions {
    if (this.phase === "offline") return nowMs >= this.#nextMs ? this.#open(nowMs) : [];
    if (this.phase === "asking" && nowMs >= this.#feedDeadlineMs) return this.disconnected(0, nowMs);
    if (nowMs >= this.#answerDeadlineMs) {
      this.silent(this.#sending, nowMs);
      this.handInSilent(nowMs);
    }
    return this.#goOn(nowMs);
  }

  #later(nowMs: number, longest = false): void {
    this.#nextMs = nowMs + (longest ? LONGEST_MS : growingMs(this.#attempt));
    this.#attempt += 1;
  }

  // --- what comes next -----------------------------------------------------------------------------

  /** Once a box is heard: the first row that fits says what it is to this device, and what is done about it. */
  #goOn(nowMs: number): Actions {
    if (!this.#heard) return [];
    const rows: readonly (readonly [Phase, () => boolean, () => Actions])[] = [
      ["wrong_box", () => this.wrong !== "", () => this.#showClaim(nowMs)],
      ["handing_in", () => this.#owesHandIn(), () => this.#handIn(nowMs)],
      ["waiting_person", () => this.#isStale(nowMs), () => this.#ask()],
      ["live", () => true, () => this.#send(nowMs)],
    ];
    const [phase, , act] = rows.find(([, fits]) => fits()) ?? ["live", null, () => []];
    this.phase = phase;
    if (phase !== "waiting_person") this.asked = "";
    if (!this.isLeading) return [];
    this.#isClear ||= phase === "live" || phase === "waiting_person";
    return [...this.#release(...this.held.toRelease(this.#clouded(), nowMs), "held.expired"), ...act()];
  }

  /** The sequence up to which the cloud has what is held; -1 while places are not those of the present box's journal. */
  #clouded(): number {
    const isOneBranch = this.#heard && this.wrong === "" && this.#owed === null && !this.#isForked && this.#toPlace.length === 0;
    return isOneBranch && this.memory.settled === this.box.epoch ? this.cloud : -1;
  }

  #release(done: readonly string[], givenUp: readonly string[], code: string): Actions {
    const ids = [...done, ...givenUp];
    if (ids.length === 0) return [];
    this.held.drop(ids);
    return [...givenUp.map((about): Action => ({ type: "Tell", code, about })), { type: "Release", ids }];
  }

  #owesHandIn(): boolean {
    return this.isLeading && this.#canHandIn && (this.box.is_recovering || this.#owed !== null);
  }

  #isStale(nowMs: number): boolean {
    const [head] = this.kept;
    return head !== undefined && this.#headIsOld(nowMs) && this.unseen.size === 0 && !this.#isMoot(head);
  }

  #headIsOld(nowMs: number): boolean {
    const [head] = this.kept;
    if (head === undefined || this.#sending !== "" || !this.isLeading) return false;
    const isOld = nowMs - head.keptMs > LIMITS.UI_KITCHEN_STALE_S * 1_000 && !this.#confirmed.has(head.id);
    return isOld && head.commands.some(({ command }) => FOR_THE_KITCHEN.has(command.type));
  }

  #showClaim(nowMs: number): Actions {
    if (this.#claimTold || this.wrong !== "lower" || this.memory.claim === "" || nowMs < this.#nextMs) return [];
    this.#claimTold = true;
    return [{ type: "ShowClaim", claim: { claim: this.memory.claim } }];
  }

  #handIn(nowMs: number): Actions {
    if (this.#owed === null || this.#handing !== null || nowMs < this.#nextMs) return [];
    const page = this.#owed.slice(0, LIMITS.UI_HAND_IN_MAX);
    [this.#handing, this.#answerDeadlineMs] = [page, nowMs + PATIENCE_MS];
    const commands = page.flatMap((id) => this.held.get(id)?.command ?? []);
    return [{ type: "HandIn", handIn: { commands, is_last: page.length === this.#owed.length } }];
  }

  #ask(): Actions {
    const [head] = this.kept;
    if (this.asked !== "" || head === undefined) return [];
    this.asked = head.id;
    return [{ type: "Ask", kept: head }];
  }

  /** What is next, one at a time. A stale kitchen command waits until the feed shows all that was accepted before it. */
  #send(nowMs: number): Actions {
    const [head] = this.kept;
    if (this.#sending !== "" || head === undefined || nowMs < this.#nextMs || (this.unseen.size > 0 && this.#headIsOld(nowMs))) return [];
    [this.#sending, this.#answerDeadlineMs] = [head.id, nowMs + PATIENCE_MS];
    return [{ type: "Send", kept: head }];
  }
}
