/**
 * Where a tablet keeps what the box has not answered: IndexedDB by Dexie, or memory where a browser has none.
 */

import type { Submit } from "./generated/wire.ts";

/** One request to the box: a command, or several that are accepted together or not at all. */
export interface Kept {
  /** Of the first command; names the request. */
  readonly id: string;
  readonly commands: readonly Submit[];
  /** When it was asked for, by this device's clock (ms). */
  readonly keptMs: number;
}

/** The port: requests in the order in which they were added. */
export interface QueueStore {
  /** Whether what is kept survives the page. */
  readonly durable: boolean;
  all(): Promise<Kept[]>;
  add(kept: Kept): Promise<void>;
  remove(id: string): Promise<void>;
}

export function memoryStore(): QueueStore {
  const rows = new Map<string, Kept>();
  return {
    durable: false,
    all: async () => [...rows.values()],
    add: async (kept) => void rows.set(kept.id, kept),
    remove: async (id) => void rows.delete(id),
  };
}

/** The store of one app; Dexie is loaded after the first screen stands. */
export async function openStore(name: string): Promise<QueueStore> {
  try {
    const { Dexie } = await import("dexie");
    const database = new Dexie(name);
    database.version(1).stores({ kept: "++order, &id" });
    const table = database.table<Kept & { order?: number }, number>("kept");
    await database.open();
    void navigator.storage?.persist?.();
    return {
      durable: true,
      all: async () => (await table.orderBy("order").toArray()).map(({ id, commands, keptMs }) => ({ id, commands, keptMs })),
      add: async (kept) => void (await table.add({ ...kept })),
      remove: async (id) => void (await table.where("id").equals(id).delete()),
    };
  } catch (error) {
    // A private window has no IndexedDB: the app goes on, and its screens say that nothing survives a restart.
    console.warn("commands are kept in memory only", error);
    return memoryStore();
  }
}
