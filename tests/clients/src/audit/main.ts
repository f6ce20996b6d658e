/** The audits of the reference implementation of GraphQL over HTTP, against the gateway. */
import { serverAudits } from "graphql-http";
import { graphqlUrl, report } from "../settings";

const results = [];
for (const audit of serverAudits({ url: graphqlUrl })) {
  const result = await audit.fn();
  results.push({ id: result.id, name: result.name, status: result.status, reason: "reason" in result ? result.reason : null });
}
report({ results });
