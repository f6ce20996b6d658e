import type { CodegenConfig } from "@graphql-codegen/cli";

const scalars = {
  Date: "string", // "2026-10-31"
  DateTime: "string", // "2026-10-31T08:00:00+08:00"
  DivisionCode: "string", // "530111001011"
  Month: "string", // "2026-10"
  Word: "string", // "open"
  Yuan: "string", // "5213.40": never a number
};

const strict = {
  scalars,
  strictScalars: true,
  defaultScalarType: "unknown",
  avoidOptionals: { field: true, inputValue: false, object: false, defaultValue: false },
  enumsAsTypes: true,
  immutableTypes: true,
  useTypeImports: true,
};

// SCHEMA is the gateway's address (with TOKEN in production), else the file in the repository
const address = process.env["SCHEMA"];
const headers = process.env["TOKEN"] ? { authorization: `Bearer ${process.env["TOKEN"]}` } : {};

const out = process.env["GENERATED"] ?? "generated";

const config: CodegenConfig = {
  schema: address ? [{ [address]: { headers } }] : ["../../gateway/schema.graphql"],
  documents: ["src/typed/**/*.ts", "src/apollo/**/*.ts", "src/urql/**/*.ts", "src/live/**/*.ts"],
  generates: {
    [`${out}/client/`]: {
      preset: "client",
      presetConfig: { fragmentMasking: false, persistedDocuments: { hashAlgorithm: "sha256" } },
      config: strict,
    },
    [`${out}/schema.ts`]: { plugins: ["typescript"], config: strict },
    [`${out}/possible-types.ts`]: { plugins: ["fragment-matcher"], config: { useExplicitTyping: true } },
  },
};

export default config;
