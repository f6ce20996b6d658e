/** Pages forward through the communities with urql and its normalised cache. */
import { Client, fetchExchange } from "@urql/core";
import { cacheExchange } from "@urql/exchange-graphcache";
import { relayPagination } from "@urql/exchange-graphcache/extras";
import { graphql } from "../../generated/client";
import { graphqlUrl, report, required, token } from "../settings";

const client = new Client({
  url: graphqlUrl,
  preferGetMethod: false,
  fetchOptions: { headers: { authorization: `Bearer ${token}` } },
  exchanges: [
    cacheExchange({
      keys: { Measures: () => null, Period: () => null },
      resolvers: { Query: { communities: relayPagination() } },
    }),
    fetchExchange,
  ],
});

const COMMUNITIES = graphql(`
  query UrqlCommunities($region: DivisionCode, $first: Int, $after: String) {
    communities(region: $region, first: $first, after: $after) {
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
        endCursor
        hasPreviousPage
        startCursor
      }
    }
  }
`);

let after: string | null = null;
let items: string[] = [];
let pages = 0;
do {
  const { data, error } = await client.query(COMMUNITIES, { region: required("REGION"), first: 4, after }).toPromise();
  if (error) throw error;
  if (!data?.communities || (pages += 1) > 50) throw new Error("the list does not end");
  items = data.communities.edges.map(({ node }) => `${node.code} ${node.name}`);
  after = data.communities.pageInfo.hasNextPage ? data.communities.pageInfo.endCursor : null;
} while (after !== null);
report({ forward: { items, pages } });
