import type { FormattedExecutionResult, Sink, SubscribePayload } from "graphql-ws";
import {
  Environment,
  type FetchFunction,
  type GraphQLResponse,
  type GraphQLResponseWithData,
  Network,
  Observable,
  RecordSource,
  Store,
  type SubscribeFunction,
} from "relay-runtime";
import { socket } from "../live/socket";
import { graphqlUrl, token } from "../settings";

/** Documents are sent by their id: relay-compiler wrote them to the folder of GONGZHI_TRUSTED_DOCUMENTS. */
const fetchDocument: FetchFunction = async (operation, variables) => {
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

/** Subscriptions go by their id as well, over the one WebSocket. */
const subscribe: SubscribeFunction = (operation, variables) =>
  Observable.create((sink) =>
    socket.subscribe<GraphQLResponseWithData["data"]>(
      // graphql-ws wants text, and the gateway takes empty text beside an id for none
      { query: operation.text ?? "", documentId: operation.id && `sha256:${operation.id}`, variables } as SubscribePayload,
      sink as Sink<FormattedExecutionResult<GraphQLResponseWithData["data"]>>,
    ),
  );

/** A client's network and store. */
export function makeEnvironment(): Environment {
  return new Environment({
    network: Network.create(fetchDocument, subscribe),
    store: new Store(new RecordSource()),
  });
}
