import { createClient } from "graphql-ws";
import { WebSocket } from "ws";
import { graphqlUrl, token } from "../settings";

/** One connection for all subscriptions; asked for a token each time it connects. */
export const socket = createClient({
  url: graphqlUrl.replace(/^http/, "ws"),
  webSocketImpl: WebSocket, // browsers have their own
  connectionParams: async () => ({ Authorization: `Bearer ${token}` }),
});
