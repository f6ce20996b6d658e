// All generated code: Relay's artifacts, the typed documents of the other clients, the types of the three services' REST.
import { execFileSync } from "node:child_process";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import openapiTS, { astToString } from "openapi-typescript";

const documents = process.env.OPENAPI ?? "../../docs/api";

for (const old of ["generated", "src/relay/__generated__"]) await rm(old, { recursive: true, force: true });
await mkdir("generated/rest", { recursive: true });
await mkdir("generated/trusted", { recursive: true });
await writeFile("generated/trusted/relay.json", "{}"); // relay-compiler adds to the file, and makes none
execFileSync("node_modules/.bin/relay-compiler", { stdio: "inherit" });
execFileSync("node_modules/.bin/graphql-codegen", ["--config", "codegen.ts"], { stdio: "inherit" });
for (const name of ["staffing", "payroll", "consultation"]) {
  const document = JSON.parse(await readFile(`${documents}/${name}.openapi.json`, "utf8"));
  const types = await openapiTS(document, { alphabetize: true, immutable: true, exportType: true });
  await writeFile(`generated/rest/${name}.ts`, astToString(types));
}
