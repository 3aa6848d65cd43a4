/** A set of nodes as the admin interface's GET /nodes lists it. */
export interface NodeSet {
  id: string;
  module: string;
  types: string[];
  enabled: boolean;
  local: boolean;
  err?: string;
}

/** The node sets that a Node-RED has loaded. */
export async function listNodeSets(url: string): Promise<NodeSet[]> {
  return fetchJson(new URL("nodes", url), { headers: { accept: "application/json" } });
}

/** Deploys flows to a Node-RED, replacing all. */
export async function deployFlows(url: string, flows: readonly object[]): Promise<void> {
  const headers = { "content-type": "application/json", "node-red-deployment-type": "full" };
  const response = await fetch(new URL("flows", url), { method: "POST", headers, body: JSON.stringify(flows) });
  if (!response.ok) throw new Error(`POST /flows: ${response.status} ${await response.text()}`);
}

async function fetchJson<T>(url: URL, init: RequestInit): Promise<T> {
  const response = await fetch(url, init);
  if (!response.ok) throw new Error(`GET ${url.pathname}: ${response.status} ${await response.text()}`);
  return (await response.json()) as T;
}
