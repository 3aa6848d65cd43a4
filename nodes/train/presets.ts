import clothesCnn from "../../examples/recipes/clothes-cnn.json";
import digitsCnn from "../../examples/recipes/digits-cnn.json";
import digitsDense from "../../examples/recipes/digits-dense.json";
import gestures from "../../examples/recipes/gestures.json";
import gesturesCnn from "../../examples/recipes/gestures-cnn.json";
import gesturesStatistics from "../../examples/recipes/gestures-statistics.json";
import potentiometer from "../../examples/recipes/potentiometer.json";
import separableCnn from "../../examples/recipes/separable-cnn.json";
import smallCnn from "../../examples/recipes/small-cnn.json";
import { type StoredSettings, storedSettings } from "../settings";
import { defaults, readLayers } from "./config";

/** A recipe as its file has it. */
interface RecipeFile {
  features?: ReadonlyArray<{ block: string; divide?: number }>;
  layers: readonly object[];
  training: object;
}

/** The settings of the dialog that a recipe determines. */
export type RecipeFields = Pick<
  typeof defaults,
  | "features"
  | "divide"
  | "normalize"
  | "epochs"
  | "batchSize"
  | "optimizer"
  | "learningRate"
  | "momentum"
  | "schedule"
  | "balanced"
  | "validation"
  | "earlyStopping"
  | "patience"
  | "further"
> & { layers: ReturnType<typeof readLayers> };

/** Settings that fill the dialog, by the name of their text in the catalogue. The recipes are those that `tinyml train` takes. */
export const presets: Readonly<Record<string, RecipeFields>> = {
  general: { ...defaults, layers: readLayers(defaults.layers) },
  potentiometer: fieldsOfRecipe(potentiometer),
  digitsDense: fieldsOfRecipe(digitsDense),
  digitsCnn: fieldsOfRecipe(digitsCnn),
  clothesCnn: fieldsOfRecipe(clothesCnn),
  gestures: fieldsOfRecipe(gestures),
  smallCnn: fieldsOfRecipe(smallCnn),
  separableCnn: fieldsOfRecipe(separableCnn),
  gesturesStatistics: fieldsOfRecipe(gesturesStatistics),
  gesturesCnn: fieldsOfRecipe(gesturesCnn),
};

/**
 * The fields that describe a recipe. Its last layer is left out, as it follows from the dataset; what has no field of its own goes
 * to the further settings. The seed stays the node's.
 */
export function fieldsOfRecipe({ features = [], layers, training }: RecipeFile): RecipeFields {
  const { loss, optimizer, batchSize, epochs, validation, earlyStopping, schedule, classWeights, seed, ...rest } =
    storedSettings(training);
  const { type, learningRate, momentum, ...ofOptimizer } = storedSettings(optimizer);
  const { type: scheduleType, ...ofSchedule } = storedSettings(schedule);
  const { patience, ...ofStopping } = storedSettings(earlyStopping);
  const further: StoredSettings = {
    ...(["meanSquaredError", "categoricalCrossentropy"].includes(String(loss)) ? {} : { loss }),
    ...(classWeights === undefined || classWeights === "balanced" ? {} : { classWeights }),
    ...withSettings("optimizer", ofOptimizer),
    ...withSettings("schedule", scheduleType === "step" ? storedSettings(schedule) : ofSchedule),
    ...withSettings("earlyStopping", ofStopping),
    ...rest,
  };
  return {
    layers: readLayers(layers.slice(0, -1)),
    features: features.some(({ block }) => block === "statistics") ? "statistics" : "raw",
    divide: features.find(({ block }) => block === "scale")?.divide ?? defaults.divide,
    normalize: features.some(({ block }) => block === "normalize"),
    epochs: Number(epochs ?? 100),
    batchSize: Number(batchSize ?? 32),
    optimizer: String(type ?? "adam"),
    learningRate: Number(learningRate ?? (type === "sgd" ? 0.01 : 0.001)),
    momentum: Number(momentum ?? 0),
    schedule: scheduleType === undefined || scheduleType === "step" ? "constant" : String(scheduleType),
    balanced: classWeights === "balanced",
    validation: 100 * Number(validation ?? 0.25),
    earlyStopping: earlyStopping !== false,
    patience: Number(patience ?? 20),
    further: Object.keys(further).length === 0 ? "" : JSON.stringify(further, undefined, 2),
  };
}

function withSettings(key: string, settings: StoredSettings): StoredSettings {
  return Object.keys(settings).length === 0 ? {} : { [key]: settings };
}
