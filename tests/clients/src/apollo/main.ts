/** Pages forward and backward through the communities with fetchMore, and reads one again by its id. */
import { CombinedGraphQLErrors, type ObservableQuery } from "@apollo/client";
import { filter, firstValueFrom, map, timeout } from "rxjs";
import { graphql } from "../../generated/client";
import type { ApolloCommunitiesQuery } from "../../generated/client/graphql";
import { report, required } from "../settings";
import { sent } from "../watched";
import { client } from "./client";

const COMMUNITIES = graphql(`
  query ApolloCommunities($region: DivisionCode, $first: Int, $after: String, $last: Int, $before: String) {
    communities(region: $region, first: $first, after: $after, last: $last, before: $before) {
      edges {
        cursor
        node {
          id
          code
          name
        }
      }
      pageInfo {
        hasNextPage
        hasPreviousPage
        startCursor
        endCursor
      }
    }
  }
`);

const NODE = graphql(`
  query ApolloNode($id: ID!) {
    node(id: $id) {
      id
      ... on Community {
        code
        name
        headcount
      }
    }
  }
`);

const region = required("REGION");

async function walk(way: "forward" | "backward"): Promise<{ items: string[]; pages: number }> {
  const start = way === "forward" ? { region, first: 4 } : { region, last: 4 };
  const watched = client.watchQuery({ query: COMMUNITIES, variables: start });
  const subscription = watched.subscribe(() => undefined);
  let shown = 0;
  for (let pages = 1; pages <= 50; pages += 1) {
    const { edges, pageInfo } = await grown(watched, shown);
    const { hasNextPage, hasPreviousPage, startCursor, endCursor } = pageInfo;
    if (!(way === "forward" ? hasNextPage : hasPreviousPage)) {
      subscription.unsubscribe();
      return { items: edges.map(({ node }) => `${node.code} ${node.name}`), pages };
    }
    await watched.fetchMore({ variables: way === "forward" ? { after: endCursor } : { before: startCursor } });
    shown = edges.length;
  }
  throw new Error("the list does not end");
}

/** The list once it shows more than before: Apollo tells its watchers a moment after `fetchMore`. */
async function grown(watched: ObservableQuery<ApolloCommunitiesQuery>, shown: number) {
  const complete = watched.pipe(
    map((result) => (result.dataState === "complete" ? result.data.communities : null)),
    filter((list) => list !== null && list.edges.length > shown),
    timeout(10_000),
  );
  const list = await firstValueFrom(complete);
  if (!list) throw new Error("no communities");
  return list;
}

const forward = await walk("forward");
const records = Object.keys(client.cache.extract() as object).filter((one) => one.startsWith("Community:"));
await client.clearStore();
const backward = await walk("backward");

const [first] = backward.items;
const cached = Object.entries(client.cache.extract() as Record<string, { code?: string; headcount?: number }>);
const [key = ""] = cached.find(([, record]) => record.code === first?.slice(0, 12)) ?? [];
const id = key.replace("Community:", "");
const read = await client.query({ query: NODE, variables: { id }, fetchPolicy: "network-only" });
const merged = (client.cache.extract() as Record<string, { name?: string; headcount?: number }>)[key];
const missing = await client.query({ query: NODE, variables: { id: "bm90aGluZw" } });

let refused: unknown;
try {
  await client.query({ query: COMMUNITIES, variables: { region }, fetchPolicy: "network-only" });
} catch (error) {
  if (!CombinedGraphQLErrors.is(error)) throw error;
  refused = error.errors[0]?.extensions?.["code"];
}

report({
  forward,
  backward,
  records: records.length,
  node: { read: read.data?.node, merged: { name: merged?.name, headcount: merged?.headcount } },
  missing: missing.data?.node,
  refused,
  sent: { all: sent.length, withText: sent.filter((one) => one.query).length, hashes: new Set(sent.map((one) => one.hash)).size },
});
client.stop();
