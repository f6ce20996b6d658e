import { createHash } from "node:crypto";
import { ApolloClient, ApolloLink, HttpLink, InMemoryCache } from "@apollo/client";
import { PersistedQueryLink } from "@apollo/client/link/persisted-queries";
import { relayStylePagination } from "@apollo/client/utilities";
import possibleTypes from "../../generated/possible-types";
import { graphqlUrl, token } from "../settings";

export const client = new ApolloClient({
  link: ApolloLink.from([
    new PersistedQueryLink({ sha256: (text) => createHash("sha256").update(text).digest("hex") }),
    new HttpLink({ uri: graphqlUrl, headers: { authorization: `Bearer ${token}` } }),
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
