/** The floor: tables as they stand, and every open check beside them. */

import { useSignal } from "@preact/signals";
import { Dialog } from "@comanda/ui/elements/dialog.tsx";
import { Icon } from "@comanda/ui/elements/icon.tsx";
import { PlaceMark, type Place } from "@comanda/ui/elements/place.tsx";
import { boxNow, second } from "@comanda/ui/clock.ts";
import { heldLines, sumsPending, type ScreenCheck } from "../overlay.ts";
import { beginCheck, checkName, checks, device, goToCheck, money, t, tableName, words } from "../state.ts";

/** From the nearest. */
const PLACES: readonly Place[] = ["tablet", "box", "cloud"];

/** Guests that are one tap away. */
const GUESTS = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];

export function Floor() {
  const seating = useSignal<string | null>(null);
  const choosing = useSignal<string | null>(null);
  const open = [...checks.value.values()].filter((check) => !check.closing);
  const at = (table: string) => open.filter((check) => check.tableId === table);
  const rooms = roomsOf(open);
  const choose = (table: string) => {
    const [first, ...others] = at(table);
    if (first === undefined) seating.value = table;
    else if (others.length > 0) choosing.value = table;
    else goToCheck(first.id);
  };
  return (
    <div class="floor">
      <section class="tables" aria-label={t("floor.title")}>
        <h1>{t("floor.title")}</h1>
        {rooms.length === 0 && device.menuLoaded.value ? (
          <Empty title={t("floor.none")} hint={t("floor.none.hint")} />
        ) : (
          <div class="rooms scroll">
            {rooms.map((room) => (
              <section key={room.id} aria-label={room.name}>
                {room.name !== "" && <h2>{room.name}</h2>}
                <ul>
                  {room.tables.map((table) => (
                    <li key={table}>
                      <TableTile table={table} open={at(table)} onChoose={() => choose(table)} />
                    </li>
                  ))}
                </ul>
              </section>
            ))}
          </div>
        )}
      </section>
      <OpenChecks open={open} />
      {seating.value !== null && <Guests table={seating.value} onClose={() => (seating.value = null)} />}
      {choosing.value !== null && (
        <Choice
          table={choosing.value}
          open={at(choosing.value)}
          onAnother={() => ([seating.value, choosing.value] = [choosing.value, null])}
          onClose={() => (choosing.value = null)}
        />
      )}
    </div>
  );
}

interface Room {
  readonly id: string;
  /** Empty where the house has one room, or the menu names none. */
  readonly name: string;
  readonly tables: readonly string[];
}

/** The tables by room, as the menu has them; last those of no room, and those that only a check knows of. */
function roomsOf(open: readonly ScreenCheck[]): readonly Room[] {
  const { floors, tables } = device.menu.value;
  const placed = new Set(floors.flatMap((floor) => floor.tables.map(({ id }) => id)));
  const loose = [...tables, ...open.map((check) => check.tableId).filter((table) => table !== "")].filter((table) => !placed.has(table));
  const rooms = floors.map((floor) => ({ id: floor.id, name: floor.name, tables: floor.tables.map(({ id }) => id) }));
  const all = [...rooms, { id: "", name: "", tables: [...new Set(loose)] }].filter((room) => room.tables.length > 0);
  return all.length === 1 ? all.map((room) => ({ ...room, name: "" })) : all;
}

function TableTile({ table, open, onChoose }: { readonly table: string; readonly open: readonly ScreenCheck[]; readonly onChoose: () => void }) {
  const [first] = open;
  const unsent = open.some((check) => check.pending.length > 0 || heldLines(check).some((line) => !line.on_hold));
  return (
    <button class={first === undefined ? "table" : unsent ? "table taken unsent" : "table taken"} type="button" onClick={onChoose} aria-label={tableName(table)}>
      <span class={table.length > 4 ? "name long" : "name"}>{table}</span>
      {first === undefined && <span class="state">{t("floor.free")}</span>}
      {first !== undefined && (
        <>
          <span class="sum">{open.length > 1 ? t("floor.several", { n: open.length }) : dueOf(first)}</span>
          <span class="state">{unsent ? t("floor.unsent") : <Since check={first} />}</span>
          <PlaceMark place={nearestOf(open)} words={words} short />
        </>
      )}
    </button>
  );
}

/** What is due, unless something on its way changes that. */
function dueOf(check: ScreenCheck): string {
  return check.view === null || sumsPending(check) ? "…" : money(check.view.due_minor);
}

/** Minutes since a check was opened. */
function Since({ check }: { readonly check: ScreenCheck }) {
  void second.value;
  if (check.view === null) return null;
  const minutes = Math.max(0, Math.floor((boxNow() - Date.parse(check.view.opened_at)) / 60_000));
  return <span class="since">{minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`}</span>;
}

function OpenChecks({ open }: { readonly open: readonly ScreenCheck[] }) {
  const newest = [...open].sort((a, b) => (b.view?.number ?? Infinity) - (a.view?.number ?? Infinity));
  return (
    <aside class="open-checks" aria-label={t("floor.checks")}>
      <h2>
        {t("floor.checks")} <span class="count">{open.length}</span>
      </h2>
      {open.length === 0 && <Empty title={t("floor.checks.none")} hint={t("floor.checks.none.hint")} />}
      <ul class="scroll">
        {newest.map((check) => (
          <li key={check.id}>
            <CheckRow check={check} />
          </li>
        ))}
      </ul>
      <button class="button large primary" type="button" onClick={() => beginCheck("", 0)}>
        <Icon name="plus" /> {t("quick.start")}
      </button>
    </aside>
  );
}

function CheckRow({ check }: { readonly check: ScreenCheck }) {
  return (
    <button class="check-row" type="button" onClick={() => goToCheck(check.id)}>
      <span class="name">{checkName(check)}</span>
      <span class="sum">{dueOf(check)}</span>
      <span class="about">
        {check.view !== null && check.tableId !== "" && `${t("check.number", { n: check.view.number })} · `}
        <Since check={check} />
      </span>
      <PlaceMark place={placeOf(check)} words={words} />
    </button>
  );
}

/** Where all of a check is: the nearest place that still has something of its own. */
export function placeOf(check: ScreenCheck): Place {
  if (check.waiting > 0 || check.view === null) return "tablet";
  void device.live.cloud.value;
  return device.live.placeOf(check.id);
}

/** Of several checks of one table: the nearest place that still has something of its own. */
function nearestOf(open: readonly ScreenCheck[]): Place {
  const places = new Set(open.map(placeOf));
  return PLACES.find((place) => places.has(place)) ?? "cloud";
}

function Guests({ table, onClose }: { readonly table: string; readonly onClose: () => void }) {
  return (
    <Dialog
      title={`${tableName(table)}: ${t("guests.title")}`}
      onClose={onClose}
      closeLabel={t("app.close")}
      footer={
        <button class="button large grow" type="button" onClick={() => beginCheck(table, 0)}>
          {t("guests.skip")}
        </button>
      }
    >
      <div class="guests">
        {GUESTS.map((count) => (
          <button key={count} type="button" aria-label={t("guests.count", { n: count })} onClick={() => beginCheck(table, count)}>
            {count}
          </button>
        ))}
      </div>
    </Dialog>
  );
}

interface ChoiceProps {
  readonly table: string;
  readonly open: readonly ScreenCheck[];
  readonly onAnother: () => void;
  readonly onClose: () => void;
}

function Choice({ table, open, onAnother, onClose }: ChoiceProps) {
  return (
    <Dialog
      title={t("floor.choose", { table: tableName(table) })}
      onClose={onClose}
      closeLabel={t("app.close")}
      footer={
        <button class="button large grow" type="button" onClick={onAnother}>
          <Icon name="plus" /> {t("floor.another")}
        </button>
      }
    >
      <ul class="choice">
        {open.map((check) => (
          <li key={check.id}>
            <CheckRow check={check} />
          </li>
        ))}
      </ul>
    </Dialog>
  );
}

/** What stands where nothing is. */
export function Empty({ title, hint }: { readonly title: string; readonly hint: string }) {
  return (
    <div class="empty">
      <strong>{title}</strong>
      <p>{hint}</p>
    </div>
  );
}
