/** The catalogue with the texts that all nodes share: the sidebar plugin's (nodes/sidebar/locale.json). */
export const SHARED_TEXTS = "@tinyml-flows/node-red-tinyml/tinyml-sidebar";
