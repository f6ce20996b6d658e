// Bundles each program, src/<name>/main.ts(x) and live.ts(x), into dist/<name>.mjs and <name>-live.mjs; the graphql tags of Relay become its compiled documents.
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
  for (const [part, program] of [["main", name], ["live", `${name}-live`]]) {
    const file = ["ts", "tsx"].map((ending) => `src/${name}/${part}.${ending}`).find(existsSync);
    if (file) entryPoints[program] = file;
  }
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
