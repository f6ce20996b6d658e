import { createHash } from "node:crypto";
import { ApolloClient, ApolloLink, HttpLink, InMemoryCache } from "@apollo/client";
import { PersistedQueryLink } from "@apollo/client/link/persisted-queries";
import { relayStylePagination } from "@apollo/client/utilities";
import possibleTypes from "../../generated/possible-types";
import { graphqlUrl, token } from "../settings";

/** What was sent over the network, for the test. */
export const sent: { query: boolean; hash: string }[] = [];

const watch: typeof fetch = async (input, init) => {
  const body = JSON.parse(String(init?.body)) as { query?: string; extensions?: { persistedQuery?: { sha256Hash: string } } };
  sent.push({ query: body.query !== undefined, hash: body.extensions?.persistedQuery?.sha256Hash ?? "" });
  return fetch(input, init);
};

export const client = new ApolloClient({
  link: ApolloLink.from([
    new PersistedQueryLink({ sha256: (text) => createHash("sha256").update(text).digest("hex") }),
    new HttpLink({ uri: graphqlUrl, headers: { authorization: `Bearer ${token}` }, fetch: watch }),
  ]),
  cache: new InMemoryCache({
    possibleTypes: possibleTypes.possibleTypes,
    typePolicies: {
      // every argument that names another list, and none of first, after, last, before
      Query: { fields: { communities: relayStylePagination(["region", "authority", "on"]) } },
      Community: { fields: { workers: relayStylePagination(), issues: relayStylePagination(["state"]) } },
    },
  }),
});
