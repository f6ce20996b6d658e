/** The same subscription over WebSocket and over server-sent events: each tells every change once, in order. */
import { print } from "graphql";
import type { IssueChangedSubscription } from "../../generated/client/graphql";
import { report, required } from "../settings";
import { ask } from "../typed/ask";
import { ISSUE_CHANGED, RAISE_ISSUE, TAKE_STEP } from "./documents";
import { events } from "./events";
import { screening, subscribed, topic, until } from "./issue";
import { socket } from "./socket";

type Change = IssueChangedSubscription["issueChanged"];
const payload = { query: print(ISSUE_CHANGED), variables: { community: required("LONGWAN") } };
const overSocket: Change[] = [];
const overEvents: Change[] = [];

async function collect(
  stream: AsyncIterable<{ data?: IssueChangedSubscription | null; errors?: unknown }>,
  into: Change[],
): Promise<void> {
  for await (const { data, errors } of stream) {
    if (!data) throw new Error(JSON.stringify(errors));
    into.push(data.issueChanged);
  }
}

const streams = [socket.iterate<IssueChangedSubscription>(payload), events.iterate<IssueChangedSubscription>(payload)];
const done = Promise.all([collect(streams[0] as never, overSocket), collect(streams[1] as never, overEvents)]);
await Promise.race([subscribed(2), done]);

const raised = await ask(RAISE_ISSUE, { input: topic("小区停车") });
const issue = raised.data?.raiseIssue?.issue;
if (!issue) throw new Error(JSON.stringify(raised));
// the issue is told as it stands when the event is: the next step waits until both have heard of the first
await Promise.race([until(() => overSocket.length >= 1 && overEvents.length >= 1), done]);
const refused = await ask(TAKE_STEP, { input: { ...screening(issue.id), step: "hold" } });
const stepped = await ask(TAKE_STEP, { input: screening(issue.id) });
await Promise.race([until(() => overSocket.length >= 2 && overEvents.length >= 2), done]);
report({
  issue,
  refused: refused.data?.takeIssueStep?.errors,
  stepped: stepped.data?.takeIssueStep,
  overSocket,
  overEvents,
});
process.exit(0);
