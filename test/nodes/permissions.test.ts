import assert from "node:assert/strict";
import { join } from "node:path";
import { linkPackage, type RunningNodeRed, startNodeRed } from "../../build/node-red";
import { packagePath } from "../../build/package-files";
import { temporaryFolder } from "../support/folders";

/** bcrypt's hash of "secret". */
const hash = "$2b$04$m09zlMuuzVXy.s.uf7quSOA.h6NNhBAIAY5Va3OS4x0E0259l3UR.";

const users = [
  { username: "stranger", password: hash, permissions: ["flows.read", "flows.write"] },
  { username: "reader", password: hash, permissions: ["tinyml.read"] },
  { username: "pupil", password: hash, permissions: ["tinyml.read", "flows.read"] },
  { username: "teacher", password: hash, permissions: ["tinyml.read", "tinyml.write", "flows.read"] },
];

interface Route {
  method: string;
  path: string;
  permissions: readonly string[];
}

/** The routes that the package adds to an admin server, with the permissions that each asks for. */
function listRoutes(): Route[] {
  const routes: Route[] = [];
  const add =
    (method: string) =>
    (path: string, ...handlers: readonly unknown[]) =>
      routes.push({ method, path, permissions: handlers.filter((handler) => typeof handler === "string") });
  const library: typeof import("../../nodes/lib") = require(packagePath("dist", "lib.js"));
  const RED: unknown = {
    settings: { userDir: "/nowhere" },
    auth: { needsPermission: (permission: string) => permission },
    httpAdmin: Object.fromEntries(["get", "post", "put", "patch", "delete"].map((method) => [method, add(method)])),
  };
  Reflect.apply(library.registerRoutes, undefined, [RED]);
  return routes;
}

describe("admin routes in a Node-RED with users", function () {
  this.timeout(90_000);
  const routes = listRoutes();
  let nodeRed: RunningNodeRed;
  const tokens = new Map<string, string>();

  before(async () => {
    const userFolder = await temporaryFolder();
    await linkPackage(userFolder);
    nodeRed = await startNodeRed({
      userFolder: join(userFolder),
      flows: [],
      settings: { adminAuth: { type: "credentials", users } },
    });
    for (const { username } of users) {
      const response = await fetch(new URL("auth/token", nodeRed.url), {
        method: "POST",
        body: new URLSearchParams({
          client_id: "node-red-admin",
          grant_type: "password",
          scope: "",
          username,
          password: "secret",
        }),
      });
      const token: { access_token: string } = await response.json();
      tokens.set(username, token.access_token);
    }
  });
  after(() => nodeRed?.stop());

  const statusFor = async ({ method, path }: Route, user?: string): Promise<number> => {
    const headers = new Headers({ "content-type": "application/octet-stream" });
    if (user !== undefined) headers.set("authorization", `Bearer ${tokens.get(user)}`);
    const body = method === "get" ? undefined : "x";
    const address = new URL(path.replace(/:\w+/g, "none").slice(1), nodeRed.url);
    const response = await fetch(address, { method: method.toUpperCase(), headers, ...(body && { body }) });
    await response.arrayBuffer();
    return response.status;
  };

  it("each asks for a permission of ours, and who reads the flow for Node-RED's as well", () => {
    assert.ok(routes.length > 12);
    for (const { path, permissions } of routes) assert.match(permissions[0], /^tinyml\.(read|write)$/, path);
    assert.deepEqual(routes.find(({ path }) => path === "/tinyml/project.zip")?.permissions, [
      "tinyml.read",
      "flows.read",
    ]);
  });

  for (const route of routes) {
    const { permissions } = route;
    it(`${route.method.toUpperCase()} ${route.path} takes ${permissions.join(" and ")}`, async () => {
      assert.equal(await statusFor(route), 401, "nobody");
      for (const { username, permissions: granted } of users) {
        const isGranted = permissions.every((permission) => granted.includes(permission));
        assert.equal((await statusFor(route, username)) !== 401, isGranted, username);
      }
    });
  }
});
