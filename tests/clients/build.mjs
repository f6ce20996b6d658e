// Bundles each program of src/*/main.ts(x) into dist/<name>.mjs; the graphql tags of Relay become its compiled documents.
import { readFile, readdir } from "node:fs/promises";
import { existsSync } from "node:fs";
import { transformAsync } from "@babel/core";
import { build } from "esbuild";

const relay = {
  name: "relay",
  setup(bundle) {
    bundle.onLoad({ filter: /src\/relay\/[^/]+\.tsx?$/ }, async ({ path }) => {
      const done = await transformAsync(await readFile(path, "utf8"), {
        filename: path,
        babelrc: false,
        configFile: false,
        parserOpts: { plugins: ["typescript", "jsx"] },
        plugins: [["relay", { eagerEsModules: true }]],
      });
      return { contents: done.code, loader: "tsx" };
    });
  },
};

const entryPoints = {};
for (const name of await readdir("src")) {
  const file = ["main.ts", "main.tsx"].map((one) => `src/${name}/${one}`).find(existsSync);
  if (file) entryPoints[name] = file;
}

await build({
  entryPoints,
  outdir: "dist",
  outExtension: { ".js": ".mjs" },
  bundle: true,
  platform: "node",
  format: "esm",
  target: "node20",
  jsx: "automatic",
  packages: "external",
  plugins: [relay],
  logLevel: "warning",
});
