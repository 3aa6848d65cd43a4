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
