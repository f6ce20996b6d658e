/** Relay commits a mutation, and a subscription alone brings the record in its store up to date. */
import { randomUUID } from "node:crypto";
import { commitMutation, graphql, requestSubscription } from "react-relay";
import { screening, subscribed, topic, until } from "../live/issue";
import { report, required } from "../settings";
import type { liveChangedSubscription } from "./__generated__/liveChangedSubscription.graphql";
import type { liveRaiseMutation } from "./__generated__/liveRaiseMutation.graphql";
import type { liveStepMutation } from "./__generated__/liveStepMutation.graphql";
import { makeEnvironment } from "./environment";

const environment = makeEnvironment();
const input = topic("垃圾分类");

const raise = (given: typeof input): Promise<liveRaiseMutation["response"]["raiseIssue"]> =>
  new Promise((done, failed) => {
    commitMutation<liveRaiseMutation>(environment, {
      mutation: graphql`
        mutation liveRaiseMutation($input: RaiseIssueInput!) {
          raiseIssue(input: $input) {
            issue {
              id
              title
              state
            }
            errors {
              code
              field
            }
          }
        }
      `,
      variables: { input: given },
      onCompleted: ({ raiseIssue }) => done(raiseIssue),
      onError: failed,
    });
  });

/** Somebody else's doing, with a store of its own: this client hears of it. */
const step = (issueId: string): Promise<void> =>
  new Promise((done, failed) => {
    commitMutation<liveStepMutation>(makeEnvironment(), {
      mutation: graphql`
        mutation liveStepMutation($input: TakeIssueStepInput!) {
          takeIssueStep(input: $input) {
            errors {
              code
            }
          }
        }
      `,
      variables: { input: screening(issueId) },
      onCompleted: () => done(),
      onError: failed,
    });
  });

const raised = await raise(input);
const again = await raise(input); // the same key: done once, answered alike
const refused = await raise({ ...input, idempotencyKey: randomUUID(), title: "" });
const id = raised?.issue?.id ?? "";

const kinds: string[] = [];
requestSubscription<liveChangedSubscription>(environment, {
  subscription: graphql`
    subscription liveChangedSubscription($community: DivisionCode) {
      issueChanged(communityCode: $community) {
        kind
        issue {
          id
          state
        }
      }
    }
  `,
  variables: { community: required("LONGWAN") },
  onNext: (data) => data && kinds.push(data.issueChanged.kind),
  onError: (error) => {
    throw error;
  },
});
await subscribed(1);
const state = () => environment.getStore().getSource().get(id)?.["state"];
const before = state();
await step(id);
await until(() => kinds.length >= 1 && state() !== before);
report({ raised: raised?.issue, again: again?.issue, refused: refused?.errors, kinds, before, after: state() });
process.exit(0);
