import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { type Node, parse } from "acorn";
import { packagePath } from "../../build/package-files";
import { builtPath, findParts, kindOfPart, type Part } from "../../build/parts";

/** What of a registered object matters here: property names, and values as far as they stand there literally. */
type Definition = Record<string, { literal: unknown } | { names: string[] } | "computed">;

describe("package: nodes and plugins", () => {
  const built = (part: Part): Promise<string> => readFile(packagePath(builtPath(part, "html")), "utf8");

  it("package.json names every folder of nodes/, and nothing else", async () => {
    const manifest = JSON.parse(await readFile(packagePath("package.json"), "utf8"));
    const nodes: Record<string, string> = {};
    const plugins: Record<string, string> = {};
    for (const part of await findParts()) {
      const kind = kindOfPart(part, await built(part));
      if (kind === "node") nodes[part.name] = builtPath(part, "js");
      else plugins[part.type] = builtPath(part, "js");
    }
    assert.deepEqual(manifest["node-red"].nodes, nodes);
    assert.deepEqual(manifest["node-red"].plugins, plugins);
  });

  it("the flow library can read every node's definition, and finds its icon", async () => {
    for (const part of await findParts()) {
      const page = await built(part);
      if (kindOfPart(part, page) !== "node") continue;
      const scripts = [...page.matchAll(/<script.+?type=['"]text\/javascript['"].*?>([\s\S]*?)<\/script>/gi)];
      assert.equal(scripts.length, 1, part.type);
      const definition = findDefinition(scripts[0]?.[1] ?? "", part.type);
      const { defaults, color, icon, inputs, outputs, category } = definition;
      assert.ok(
        typeof defaults === "object" && "names" in defaults,
        `${part.type}: defaults must be an object literal`,
      );
      assert.deepEqual(
        Object.entries({ category, color, icon, inputs, outputs }).filter(([, value]) => value === "computed"),
        [],
      );
      if (category !== undefined && "literal" in Object(category) && Object(category).literal === "config") continue;
      assert.deepEqual(category, { literal: "TinyML" }, part.type);
      assert.deepEqual(icon, { literal: `${part.type}.svg` }, part.type);
      assert.ok(
        existsSync(packagePath("dist", "nodes", part.name, "icons", `${part.type}.svg`)),
        `${part.type} has no icon.svg`,
      );
    }
  });

  it("every node has a help text and a catalogue", async () => {
    for (const part of await findParts()) {
      const page = await built(part);
      if (kindOfPart(part, page) !== "node") continue;
      assert.match(page, new RegExp(`data-template-name="${part.type}"`));
      assert.match(page, new RegExp(`<script type="text/markdown" data-help-name="${part.type}">\n\\S`));
      assert.ok(existsSync(packagePath("dist", "nodes", part.name, "locales", "en-US", `${part.name}.json`)));
    }
  });
});

/** The object literal that a script registers under a type, read from the syntax tree as the flow library does: nothing is run. */
function findDefinition(script: string, type: string): Definition {
  const found: Definition[] = [];
  const visit = (value: unknown): void => {
    if (Array.isArray(value)) {
      for (const element of value) visit(element);
    } else if (isNode(value)) {
      const [name, definition] = registration(value) ?? [];
      if (name === type && definition !== undefined) found.push(definition);
      for (const child of Object.values(value)) visit(child);
    }
  };
  visit(parse(script, { ecmaVersion: "latest" }));
  const [definition, ...others] = found;
  assert.ok(definition !== undefined && others.length === 0, `${type} must be registered once, with literals`);
  return definition;
}

function registration(node: Node): [string, Definition] | undefined {
  if (!isKind(node, "CallExpression") || !isKind(node.callee, "MemberExpression")) return undefined;
  if (!isKind(node.callee.property, "Identifier") || node.callee.property.name !== "registerType") return undefined;
  const [type, object] = Array.isArray(node.arguments) ? node.arguments : [];
  if (!isKind(type, "Literal") || typeof type.value !== "string" || !isKind(object, "ObjectExpression"))
    return undefined;
  const definition: Definition = {};
  for (const [name, value] of propertiesOf(object)) {
    if (isKind(value, "Literal")) definition[name] = { literal: value.value };
    else if (isKind(value, "ObjectExpression")) definition[name] = { names: propertiesOf(value).map(([key]) => key) };
    else definition[name] = "computed";
  }
  return [type.value, definition];
}

function propertiesOf(object: Record<string, unknown>): Array<[string, unknown]> {
  assert.ok(Array.isArray(object.properties));
  return object.properties.map((property: unknown) => {
    // The flow library stops at a spread.
    assert.ok(isKind(property, "Property") && isKind(property.key, "Identifier"), "only plain properties are allowed");
    return [String(property.key.name), property.value];
  });
}

function isNode(value: unknown): value is Node & Record<string, unknown> {
  return typeof value === "object" && value !== null && "type" in value && typeof value.type === "string";
}

function isKind(value: unknown, type: string): value is Node & Record<string, unknown> {
  return isNode(value) && value.type === type;
}
