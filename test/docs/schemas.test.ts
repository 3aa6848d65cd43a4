import assert from "node:assert/strict";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { type JsonSchema, toJsonSchema } from "@valibot/to-json-schema";
import type * as v from "valibot";
import { packagePath } from "../../build/package-files";
import { metadataSchema } from "../../src/model/metadata";
import { operatorRule, operatorTypes } from "../../src/model/operators";
import { parseRecipe, recipeSchema } from "../../src/training/recipe";

/*
 * schemas/*.json and the tables of docs/recipes.md are generated from the valibot schemas, those of docs/operators.md from
 * the operators' rules. Here they are compared; with UPDATE_DOCS=1 they are written.
 */

async function holdFile(text: string, ...parts: string[]): Promise<void> {
  const file = packagePath(...parts);
  if (process.env.UPDATE_DOCS === "1") {
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text);
  }
  assert.equal(await readFile(file, "utf8"), text, `${parts.join("/")} is old: UPDATE_DOCS=1 writes it anew`);
}

function published(schema: v.GenericSchema, title: string): JsonSchema {
  return {
    ...toJsonSchema(schema, {
      target: "draft-2020-12",
      typeMode: "input",
      ignoreActions: ["finite", "readonly"],
    }),
    title,
  };
}

const recipe = published(recipeSchema, "TinyML Flows recipe");

/** What is written by hand, and below it what is held against the code. */
async function holdGenerated(text: string, file: string): Promise<void> {
  const mark = "<!-- from here on written by test/docs/schemas.test.ts -->\n";
  const [introduction] = (await readFile(packagePath("docs", file), "utf8")).split(mark);
  await holdFile(`${introduction}${mark}${text}`, "docs", file);
}

describe("docs/operators.md", () => {
  it("lists every operator with its element types", () => holdGenerated(describeOperators(), "operators.md"));
});

/** A row per operator: the types of its elements, and of its output's where they are others. */
function describeOperators(): string {
  const rows = operatorTypes()
    .toSorted()
    .map((type) => {
      const { inputs, types } = operatorRule(type);
      // what comes first may be a shape or an axis
      const named = inputs.findIndex(({ name }) => name === "input");
      const data =
        named >= 0
          ? named
          : Math.max(
              0,
              inputs.findIndex(({ constant }) => !constant),
            );
      const outputsOf = new Map<string, Set<string>>();
      for (const [of, outputs] of types) {
        // one without outputs changes what it takes
        const output = outputs[0] ?? of[data];
        const input = of[data] ?? output;
        outputsOf.set(input, (outputsOf.get(input) ?? new Set()).add(output));
      }
      const isPlain = [...outputsOf].every(([input, outputs]) => outputs.size === 1 && outputs.has(input));
      const texts = [...outputsOf].map(([input, outputs]) =>
        isPlain ? input : `${input} → ${[...outputs].join(", ")}`,
      );
      return `| ${type} | ${texts.join(isPlain ? ", " : "; ")} |`;
    });
  return ["", "| operator | element types |", "|---|---|", ...rows, ""].join("\n");
}

describe("schemas/", () => {
  for (const [file, schema] of [
    ["recipe.schema.json", recipe],
    ["metadata.schema.json", published(metadataSchema, "TinyML Flows metadata (TINYML_FLOWS)")],
  ] as const) {
    it(`${file} is what the code validates with`, () =>
      holdFile(`${JSON.stringify(schema, undefined, 2)}\n`, "schemas", file));
  }
});

describe("docs/recipes.md", () => {
  it("lists every setting, with its range and default", () => holdGenerated(describeSettings(), "recipes.md"));

  it("every setting is described", () => {
    const described = [...tablesOf("recipe", recipe)].flatMap(([, rows]) => rows);
    assert.ok(described.length > 20);
    assert.deepEqual(
      described.filter(({ schema }) => schema.description === undefined).map(({ name }) => name),
      [],
    );
  });

  it("its example is a recipe", async () => {
    const text = await readFile(packagePath("docs", "recipes.md"), "utf8");
    const [, example = ""] = /```json\n([\s\S]*?)```/.exec(text) ?? [];
    assert.equal(parseRecipe(JSON.parse(example)).layers.length, 2);
  });
});

interface Setting {
  name: string;
  schema: JsonSchema;
  required: boolean;
}

/** The settings of an object and of all objects in it, one table each, by its heading. */
function tablesOf(heading: string, schema: JsonSchema): Map<string, Setting[]> {
  const tables = new Map<string, Setting[]>();
  const settings = Object.entries(schema.properties ?? {}).map(([name, value]) => {
    if (typeof value === "boolean") throw new Error(`${name} has no schema`);
    return { name, schema: value, required: schema.required?.includes(name) === true };
  });
  tables.set(heading, settings);
  for (const { name, schema: inner } of settings) {
    for (const [variant, path] of objectsIn(inner, heading === "recipe" ? name : `${heading}.${name}`)) {
      for (const [found, rows] of tablesOf(path, variant)) tables.set(found, rows);
    }
  }
  return tables;
}

/** The objects that a setting may hold, and how its table is called. */
function objectsIn(schema: JsonSchema, path: string): [JsonSchema, string][] {
  const variants = [...(schema.oneOf ?? []), ...(schema.anyOf ?? [])];
  if (variants.length > 0) {
    return variants.flatMap((variant) => {
      if (typeof variant === "boolean" || variant.properties === undefined) return [];
      const kind = variant.properties.type ?? variant.properties.block;
      const constant = typeof kind === "object" ? kind.const : undefined;
      return objectsIn(variant, constant === undefined ? path : `${path} (${String(constant)})`);
    });
  }
  if (schema.properties !== undefined) return [[schema, path]];
  if (typeof schema.items === "object" && !Array.isArray(schema.items)) return objectsIn(schema.items, `${path}[]`);
  return [];
}

function describeSettings(): string {
  let text = "";
  for (const [heading, settings] of tablesOf("recipe", recipe)) {
    text += `\n### ${heading === "recipe" ? "The recipe" : heading}\n| setting | value | default | |\n|---|---|---|---|\n`;
    for (const { name, schema, required } of settings) {
      const filled = schema.default === undefined ? "" : `\`${JSON.stringify(schema.default)}\``;
      const fallback = required ? "must be there" : filled;
      text += `| \`${name}\` | ${describeValue(schema)} | ${fallback} | ${schema.description ?? ""} |\n`;
    }
  }
  return text;
}

/** What values a schema takes, in words. */
function describeValue(schema: JsonSchema): string {
  if (schema.const !== undefined) return `\`${JSON.stringify(schema.const)}\``;
  if (schema.enum !== undefined) return schema.enum.map((value) => `\`${JSON.stringify(value)}\``).join(", ");
  const variants = schema.oneOf ?? schema.anyOf;
  if (variants !== undefined) {
    return [...new Set(variants.map((variant) => (typeof variant === "object" ? describeValue(variant) : "")))].join(
      " or ",
    );
  }
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum } = schema;
  const limits = [
    minimum === undefined ? "" : ` from ${minimum}`,
    exclusiveMinimum === undefined ? "" : ` above ${exclusiveMinimum}`,
    maximum === undefined ? "" : ` to ${maximum}`,
    exclusiveMaximum === undefined ? "" : `, below ${exclusiveMaximum}`,
  ].join("");
  switch (schema.type) {
    case "integer":
      return `whole number${limits}`;
    case "number":
      return `number${limits}`;
    case "boolean":
      return "`true`, `false`";
    case "array":
      return "list";
    default:
      return schema.type === undefined ? "" : String(schema.type);
  }
}
