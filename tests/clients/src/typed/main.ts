/** A small program in strict TypeScript over generated types: money stays text, null is handled, errors have codes. */
import { graphql } from "../../generated/client";
import { report, required } from "../settings";
import { ask } from "./ask";
import { advice } from "./errors";

const PAY = graphql(`
  query Pay($code: DivisionCode!) {
    community(code: $code) {
      name
      kind
      quota {
        posts
      }
      workers(first: 10) {
        nodes {
          name
          tier
          latestPayslip {
            month
            net
          }
        }
      }
    }
  }
`);

/** An amount in fen; exact, for `Yuan` is text with two decimals. */
function fen(yuan: string): bigint {
  return BigInt(yuan.replace(".", ""));
}

const { data, errors } = await ask(PAY, { code: required("CODE") });
const community = data?.community;
if (!community) throw new Error(errors?.map((error) => advice(error)).join("\n") ?? "no such community");
const slips = community.workers?.nodes.flatMap((worker) => worker.latestPayslip ?? []) ?? [];
const total = slips.reduce((sum, slip) => sum + fen(slip.net), 0n);

const nowhere = await ask(PAY, { code: "530111999999" });
const [error] = nowhere.errors ?? [];

report({
  name: community.name,
  kind: community.kind,
  posts: community.quota?.posts ?? null,
  tiers: community.workers?.nodes.map((worker) => worker.tier),
  months: slips.map((slip) => slip.month),
  total: total.toString(),
  nowhere: { community: nowhere.data?.community, code: error?.extensions.code, advice: error && advice(error) },
});
