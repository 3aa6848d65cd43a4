import * as v from "valibot";

const projectList = v.object({
  type: v.literal("tinyml-flows-project"),
  version: v.literal(1),
  datasets: v.pipe(v.array(v.string()), v.readonly()),
  models: v.pipe(v.array(v.string()), v.readonly()),
});

/** What a project's archive says of itself: the names of the datasets and models in it. */
export type ProjectList = v.InferOutput<typeof projectList>;

/** The list of these datasets and models. */
export function createProjectList(datasets: readonly string[], models: readonly string[]): ProjectList {
  return { type: "tinyml-flows-project", version: 1, datasets, models };
}

/** The list from its JSON. Returns a sentence part about the first fault instead where there is one. */
export function parseProjectList(value: unknown): ProjectList | string {
  const parsed = v.safeParse(projectList, value);
  return parsed.success ? parsed.output : parsed.issues[0].message;
}

const stagedItems = v.pipe(
  v.array(v.object({ kind: v.picklist(["datasets", "models"]), name: v.string(), storedAs: v.string() })),
  v.readonly(),
);

/** A dataset or model that is about to be stored, by its name in the project, and the name under which it is to be stored. */
export type StagedItem = v.InferOutput<typeof stagedItems>[number];

/** The list of what an import is about to store, from its JSON; nothing where it can't be understood. */
export function parseStagedItems(value: unknown): readonly StagedItem[] {
  const parsed = v.safeParse(stagedItems, value);
  return parsed.success ? parsed.output : [];
}
