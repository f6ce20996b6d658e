import { createClient } from "graphql-sse";
import { graphqlUrl, token } from "../settings";

/** Each subscription is one request, answered by a stream of events. */
export const events = createClient({
  url: graphqlUrl,
  headers: async () => ({ authorization: `Bearer ${token}` }),
});
