/** Tickets glide to their new places instead of jumping. Positions are measured, nothing is laid out here. */

/** Where each ticket of the board stands. */
export function places(board: HTMLElement): ReadonlyMap<string, DOMRect> {
  const found = new Map<string, DOMRect>();
  for (const element of board.querySelectorAll<HTMLElement>("[data-ticket]")) found.set(element.dataset["ticket"] ?? "", element.getBoundingClientRect());
  return found;
}

/** Let every ticket that has moved start from where it stood. */
export function glide(board: HTMLElement, before: ReadonlyMap<string, DOMRect>): void {
  if (matchMedia("(prefers-reduced-motion: reduce)").matches) return;
  for (const element of board.querySelectorAll<HTMLElement>("[data-ticket]")) {
    const from = before.get(element.dataset["ticket"] ?? "");
    if (from === undefined) continue;
    const to = element.getBoundingClientRect();
    const [x, y] = [from.left - to.left, from.top - to.top];
    if (x !== 0 || y !== 0) element.animate([{ translate: `${x}px ${y}px` }, { translate: "0 0" }], { duration: 160, easing: "ease-out" });
  }
}
