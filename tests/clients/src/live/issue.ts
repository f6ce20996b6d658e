import { randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import type { RaiseIssueInput, TakeIssueStepInput } from "../../generated/client/graphql";
import { required } from "../settings";

/** What to raise: a new key for each operation, the same one when it is sent again. */
export function topic(title: string) {
  return {
    idempotencyKey: randomUUID(),
    communityCode: required("LONGWAN"),
    title,
    text: "车位不够",
    channel: "wechat",
    proposer: { kind: "resident", name: "某居民" },
    at: "2026-03-01T09:00:00+08:00",
  } satisfies RaiseIssueInput;
}

/** The step that follows: the two committees accept it. */
export function screening(issueId: string) {
  return {
    idempotencyKey: randomUUID(),
    issueId,
    step: "screen",
    actor: { kind: "two_committees" },
    at: "2026-03-03T09:00:00+08:00",
    outcome: "accepted",
    evidence: { committees: ["party_org", "residents_committee"], reason: "属于协商范围", acceptCodes: ["A1"] },
  } satisfies TakeIssueStepInput;
}

/** Waits until so many subscriptions are open: neither protocol has a word for "you are subscribed". */
export async function subscribed(count: number): Promise<void> {
  await until(async () => {
    const text = await (await fetch(`${required("CONSULTATION")}/metrics`)).text();
    return Number(/^gongzhi_event_subscribers (\S+)/m.exec(text)?.[1] ?? 0) >= count;
  });
}

export async function until(so: () => Promise<boolean> | boolean): Promise<void> {
  for (let tries = 0; !(await so()); tries += 1) {
    if (tries > 400) throw new Error("not so after 20 s");
    await pause(50);
  }
}
