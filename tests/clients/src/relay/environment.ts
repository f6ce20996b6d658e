import { Environment, type FetchFunction, type GraphQLResponse, Network, RecordSource, Store } from "relay-runtime";
import { graphqlUrl, token } from "../settings";

/** How often the network was asked, for the test. */
export const asked = { times: 0 };

/** Documents are sent by their id: relay-compiler wrote them to the folder of GONGZHI_TRUSTED_DOCUMENTS. */
const fetchDocument: FetchFunction = async (operation, variables) => {
  asked.times += 1;
  const response = await fetch(graphqlUrl, {
    method: "POST",
    headers: {
      accept: "application/graphql-response+json, application/json;q=0.9",
      "content-type": "application/json",
      authorization: `Bearer ${token}`,
    },
    body: JSON.stringify(
      operation.text === null ? { documentId: `sha256:${operation.id}`, variables } : { query: operation.text, variables },
    ),
  });
  return (await response.json()) as GraphQLResponse;
};

/** A client's network and store. */
export function makeEnvironment(): Environment {
  return new Environment({ network: Network.create(fetchDocument), store: new Store(new RecordSource()) });
}
