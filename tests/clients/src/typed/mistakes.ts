/** What the generated types refuse: the compiler fails here as soon as one of these would be accepted. */
import type { CommunityKind, Issue, PayQuery, PayQueryVariables } from "../../generated/client/graphql";
import { graphql } from "../../generated/client";
import type { paths } from "../../generated/rest/payroll";
import { ask } from "./ask";
import type { ErrorCode } from "./errors";

const DOCUMENT = graphql(`
  query Mistakes($code: DivisionCode!, $on: Date) {
    community(code: $code, on: $on) {
      name
    }
  }
`);

export function mistakes(pay: PayQuery, issue: Issue): unknown[] {
  const [worker] = pay.community?.workers?.nodes ?? [];
  return [
    // @ts-expect-error what crosses a service may be null
    pay.community.name,
    // @ts-expect-error the first of a list may not be there
    worker.name,
    // @ts-expect-error money is text: it does not multiply
    (worker?.latestPayslip?.net ?? "0.00") * 12,
    // @ts-expect-error no such field was asked for
    pay.community?.code,
    // @ts-expect-error no such kind
    "TOWN" satisfies CommunityKind,
    // @ts-expect-error answers are not written to
    (issue.title = "另一题目"),
    // @ts-expect-error a compulsory variable
    ask(DOCUMENT, { on: "2026-10-31" }),
    // @ts-expect-error a day is text
    ask(DOCUMENT, { code: "530111001011", on: new Date(0) }),
    // @ts-expect-error no such code
    "TEAPOT" satisfies ErrorCode,
    // @ts-expect-error a division code is text
    { code: 530111001011 } satisfies PayQueryVariables,
    // @ts-expect-error no such address
    "/v1/nothing" satisfies keyof paths,
  ];
}
