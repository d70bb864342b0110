/**
 * Where a tablet keeps what the box has not answered, and what it holds for the cloud: IndexedDB by Dexie, or memory where a browser
 * has none. What is written down stands in session-words.ts.
 */

import type { EntityTable } from "dexie";
import { LIMITS } from "./generated/wire.ts";
import { idOf } from "./held.ts";
import { NO_MEMORY, type Held, type Kept, type Memory, type Note } from "./session-words.ts";

/** Everything written down; requests in the order in which they were added, accepted commands in that of their acceptance. */
export interface Stored {
  readonly kept: readonly Kept[];
  readonly held: readonly Held[];
  readonly memory: Memory;
}

/** The port. All tabs of a device share one. */
export interface QueueStore {
  /** Whether what is kept survives the page. */
  readonly durable: boolean;
  load(): Promise<Stored>;
  /** All of these, or none. */
  write(notes: readonly Note[]): Promise<void>;
  /** Whether `tab` may send from now on, for UI_LEASE_S; one tab at a time. */
  lease(tab: string, nowMs: number): Promise<boolean>;
  /** `tab` sends no longer. */
  yieldLease(tab: string): Promise<void>;
}

/** A lease of one tab, until a moment by the device's clock. */
export interface Lease {
  readonly tab: string;
  readonly untilMs: number;
}

/** Whether `tab` may have a lease that stands as `known`: its own, one that is over, or one of a clock that has since been set back. */
export function mayLease(known: Lease | undefined, tab: string, nowMs: number): boolean {
  return known === undefined || known.tab === tab || nowMs >= known.untilMs || known.untilMs > nowMs + LIMITS.UI_LEASE_S * 1_000;
}

export function leaseOf(tab: string, nowMs: number): Lease {
  return { tab, untilMs: nowMs + LIMITS.UI_LEASE_S * 1_000 };
}

export function memoryStore(stored: Partial<Stored> = {}): QueueStore {
  const kept = new Map((stored.kept ?? []).map((each) => [each.id, each]));
  const held = new Map((stored.held ?? []).map((each) => [idOf(each), each]));
  let memory = stored.memory ?? NO_MEMORY;
  let lease: Lease | undefined;
  const put = (rows: readonly Held[]): void => rows.forEach((each) => held.set(idOf(each), each));
  return {
    durable: false,
    load: async () => ({ kept: [...kept.values()], held: [...held.values()], memory }),
    write: async (notes) => {
      for (const note of notes) {
        if (note.type === "Keep") kept.set(note.kept.id, note.kept);
        if (note.type === "Forget") kept.delete(note.id);
        if (note.type === "Forget" || note.type === "Hold") put(note.held);
        if (note.type === "Release") for (const id of note.ids) held.delete(id);
        if (note.type === "Remember") memory = note.memory;
      }
    },
    lease: async (tab, nowMs) => {
      if (!mayLease(lease, tab, nowMs)) return false;
      lease = leaseOf(tab, nowMs);
      return true;
    },
    yieldLease: async (tab) => {
      if (lease?.tab === tab) lease = undefined;
    },
  };
}

interface KeptRow extends Kept {
  readonly order?: number;
}
interface HeldRow extends Held {
  readonly order?: number;
  readonly id: string;
}
/** What there is one of: the memory, the lease. */
interface Single {
  readonly name: string;
  readonly value: Memory | Lease;
}

function heldRow(held: Held): HeldRow {
  return { id: idOf(held), command: held.command, needed: held.needed, acceptedMs: held.acceptedMs };
}

/** The store of one app; Dexie is loaded after the first screen stands. */
export async function openStore(name: string): Promise<QueueStore> {
  try {
    const { Dexie } = await import("dexie");
    const database = new Dexie(name) as InstanceType<typeof Dexie> & {
      kept: EntityTable<KeptRow, "order">;
      held: EntityTable<HeldRow, "order">;
      single: EntityTable<Single, "name">;
    };
    database.version(1).stores({ kept: "++order, &id" });
    database.version(2).stores({ kept: "++order, &id", held: "++order, &id", single: "name" });
    await database.open();
    void navigator.storage?.persist?.();
    const { kept, held, single } = database;
    const write = async (note: Note): Promise<void> => {
      if (note.type === "Keep") await kept.add({ ...note.kept });
      if (note.type === "Forget") await kept.where("id").equals(note.id).delete();
      if (note.type === "Forget" || note.type === "Hold") await putHeld(held, note.held);
      if (note.type === "Release") await held.where("id").anyOf([...note.ids]).delete();
      if (note.type === "Remember") await single.put({ name: "memory", value: note.memory });
    };
    return {
      durable: true,
      load: () =>
        database.transaction("r", [kept, held, single], async () => ({
          kept: (await kept.orderBy("order").toArray()).map(({ id, commands, keptMs }) => ({ id, commands, keptMs })),
          held: (await held.orderBy("order").toArray()).map(({ command, needed, acceptedMs }) => ({ command, needed, acceptedMs })),
          memory: ((await single.get("memory"))?.value as Memory | undefined) ?? NO_MEMORY,
        })),
      write: (notes) =>
        database.transaction("rw", [kept, held, single], async () => {
          for (const note of notes) await write(note);
        }),
      lease: (tab, nowMs) =>
        database.transaction("rw", [single], async () => {
          if (!mayLease((await single.get("lease"))?.value as Lease | undefined, tab, nowMs)) return false;
          await single.put({ name: "lease", value: leaseOf(tab, nowMs) });
          return true;
        }),
      yieldLease: (tab) =>
        database.transaction("rw", [single], async () => {
          if (((await single.get("lease"))?.value as Lease | undefined)?.tab === tab) await single.delete("lease");
        }),
    };
  } catch (error) {
    // A private window has no IndexedDB: the app goes on, and its screens say that nothing survives a restart.
    console.warn("commands are kept in memory only", error);
    return memoryStore();
  }
}

/** Those already held keep their place in the order. */
async function putHeld(table: EntityTable<HeldRow, "order">, held: readonly Held[]): Promise<void> {
  if (held.length === 0) return;
  const known = await table.where("id").anyOf(held.map(idOf)).toArray();
  const orders = new Map(known.map(({ id, order }) => [id, order]));
  await table.bulkPut(
    held.map((each) => {
      const order = orders.get(idOf(each));
      return order === undefined ? heldRow(each) : { ...heldRow(each), order };
    }),
  );
}
