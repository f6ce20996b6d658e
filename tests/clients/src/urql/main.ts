/** Pages forward through the communities with urql and its normalised cache. */
import { Client, fetchExchange } from "@urql/core";
import { cacheExchange } from "@urql/exchange-graphcache";
import { relayPagination } from "@urql/exchange-graphcache/extras";
import { graphql } from "../../generated/client";
import type { UrqlCommunitiesQuery } from "../../generated/client/graphql";
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

type Page = NonNullable<UrqlCommunitiesQuery["communities"]>;

/** The list up to and with the page after a cursor; the query stays open, as in a page that shows it. */
function page(after: string | null): Promise<Page> {
  return new Promise((done, failed) => {
    client.query(COMMUNITIES, { region: required("REGION"), first: 4, after }).subscribe(({ data, error, stale }) => {
      if (error) failed(error);
      else if (data?.communities && !stale) done(data.communities);
    });
  });
}

let list = await page(null);
let pages = 1;
while (list.pageInfo.hasNextPage && pages < 50) {
  list = await page(list.pageInfo.endCursor);
  pages += 1;
}
report({ forward: { items: list.edges.map(({ node }) => `${node.code} ${node.name}`), pages } });
process.exit(0);
