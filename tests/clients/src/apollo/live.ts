/** Apollo over its own WebSocket link: an event alone brings the record in the cache up to date. */
import { ApolloClient, ApolloLink, HttpLink, InMemoryCache } from "@apollo/client";
import { GraphQLWsLink } from "@apollo/client/link/subscriptions";
import { OperationTypeNode } from "graphql";
import { ISSUE_CHANGED, RAISE_ISSUE, TAKE_STEP } from "../live/documents";
import { screening, subscribed, topic, until } from "../live/issue";
import { socket } from "../live/socket";
import { graphqlUrl, report, required, token } from "../settings";
import { ask } from "../typed/ask";

const http = new HttpLink({ uri: graphqlUrl, headers: { authorization: `Bearer ${token}` } });
const client = new ApolloClient({
  cache: new InMemoryCache(),
  link: ApolloLink.split(
    ({ operationType }) => operationType === OperationTypeNode.SUBSCRIPTION,
    new GraphQLWsLink(socket),
    http,
  ),
});

const kinds: string[] = [];
const community = required("LONGWAN");
client.subscribe({ query: ISSUE_CHANGED, variables: { community } }).subscribe({
  next: ({ data, error }) => {
    if (error) throw error;
    if (data) kinds.push(data.issueChanged.kind);
  },
});
await subscribed(1);
const { data } = await client.mutate({ mutation: RAISE_ISSUE, variables: { input: topic("加装电梯") } });
const issue = data?.raiseIssue?.issue;
if (!issue) throw new Error(JSON.stringify(data));
const state = () => (client.cache.extract() as Record<string, { state?: string }>)[`Issue:${issue.id}`]?.state;
const before = state();
await ask(TAKE_STEP, { input: screening(issue.id) }); // somebody else's doing: this client hears of it
await until(() => kinds.length >= 2 && state() !== before);
report({ kinds, before, after: state() });
process.exit(0);
