/** One attempt over HTTP at a time. Only an answer that the box has thought about decides. */

import type { Outcome, Wire } from "./commands.ts";
import { LIMITS, type Accepted, type BatchAccepted, type BoxState, type HandedIn, type Problem } from "./generated/wire.ts";
import { deviceId } from "./ids.ts";

async function post<Answer>(path: string, body: unknown): Promise<Outcome<Answer>> {
  try {
    const answer = await fetch(path, {
      method: "POST",
      headers: { "Content-Type": "application/json", "Comanda-Device": deviceId() },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(LIMITS.UI_COMMAND_TIMEOUT_S * 1_000),
    });
    if (answer.ok) return { kind: "accepted", answer: (answer.status === 204 ? null : await answer.json()) as Answer };
    const isTold = answer.headers.get("content-type")?.startsWith("application/problem+json") === true;
    return isTold ? { kind: "refused", problem: (await answer.json()) as Problem } : { kind: "silent" };
  } catch {
    // No answer, or half of one: the box may have it or not. The same id asks again.
    return { kind: "silent" };
  }
}

/** The box that serves this page. */
export const boxWire: Wire = {
  async send({ commands }) {
    const [first] = commands;
    const outcome = commands.length === 1 ? await post<Accepted>("/v1/commands", first) : await post<BatchAccepted>("/v1/batches", { commands });
    return outcome.kind === "accepted" ? { kind: "accepted", answer: "answers" in outcome.answer ? outcome.answer.answers : [outcome.answer] } : outcome;
  },
  async handIn(handIn) {
    const outcome = await post<HandedIn>("/v1/hand-in", handIn);
    return outcome.kind === "accepted" ? { kind: "accepted", answer: outcome.answer.results } : outcome;
  },
  showClaim: (claim) => post<BoxState>("/v1/fence", claim),
};
