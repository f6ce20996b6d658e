import type { GatewayError } from "./ask";

/** The published list of `extensions.code`; a test holds it to the gateway's. */
export type ErrorCode =
  | "UNAUTHENTICATED"
  | "FORBIDDEN"
  | "BAD_USER_INPUT"
  | "NOT_FOUND"
  | "CONFLICT"
  | "PERSISTED_QUERY_NOT_FOUND"
  | "GRAPHQL_PARSE_FAILED"
  | "GRAPHQL_VALIDATION_FAILED"
  | "LIMIT_EXCEEDED"
  | "COST_EXCEEDED"
  | "OPERATION_NOT_ALLOWED"
  | "TIMEOUT"
  | "UPSTREAM_UNAVAILABLE"
  | "INTERNAL_SERVER_ERROR";

/** What to tell the person at the screen, in Chinese. */
export function advice(error: GatewayError): string {
  const { code, message, requestId } = error.extensions;
  switch (code) {
    case "UNAUTHENTICATED":
      return "请重新登录";
    case "UPSTREAM_UNAVAILABLE":
    case "TIMEOUT":
      return `${message.zh}，请稍后再试`; // the rest of the page is right
    case "INTERNAL_SERVER_ERROR":
      return `${message.zh}（${requestId}）`;
    default:
      return message.zh;
  }
}
