/** Reads a quota and a missing one over REST, with types generated from the service's OpenAPI document. */
import createClient from "openapi-fetch";
import type { paths } from "../../generated/rest/staffing";
import { report, required, token } from "../settings";

const staffing = createClient<paths>({
  baseUrl: required("STAFFING"),
  headers: { authorization: `Bearer ${token}` },
});

const { data, error } = await staffing.GET("/v1/communities/{code}/quota", {
  params: { path: { code: required("CODE") } },
});
if (error) throw new Error(`${error.code}: ${error.message.zh}`);
const missing = await staffing.GET("/v1/communities/{code}/quota", { params: { path: { code: "530111999999" } } });
report({ posts: data.posts, missing: missing.error && { status: missing.response.status, code: missing.error.code } });
