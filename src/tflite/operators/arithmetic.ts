import type { FusedActivation, Tensor } from "../../model/model";
import { slots } from "../schema";
import { FUSED_ACTIVATIONS, type OperatorFormats, type OptionField, oneOf } from "./operator-format";

type Arithmetic =
  | "ADD"
  | "SUB"
  | "MUL"
  | "DIV"
  | "MAXIMUM"
  | "MINIMUM"
  | "SQUARED_DIFFERENCE"
  | "FLOOR_DIV"
  | "FLOOR_MOD"
  | "PRELU";

/** Arithmetic of two tensors, element by element. */
export const ARITHMETIC: OperatorFormats<Arithmetic> = {
  ADD: {
    code: 0,
    newestVersion: 5,
    version([a], { powerOfTwoScales }) {
      if (a?.type === "int16" && !powerOfTwoScales) return 3;
      return a?.type === "int8" ? 2 : 1;
    },
    table: { name: "AddOptions", union: 11, slots: slots("fused_activation_function", "pot_scale_int16") },
    fields: sumFields(),
  },
  SUB: {
    code: 41,
    newestVersion: 5,
    version(inputs, { powerOfTwoScales }) {
      const [a] = inputs;
      if (a?.type === "int16" && !powerOfTwoScales) return 5;
      if (isRepeatedIn5(inputs)) return 3;
      return a?.type === "int8" ? 2 : 1;
    },
    table: { name: "SubOptions", union: 28, slots: slots("fused_activation_function", "pot_scale_int16") },
    fields: sumFields(),
  },
  MUL: {
    code: 18,
    newestVersion: 7,
    version([a, b], _options, [output]) {
      if (a?.type === "int16") return 4;
      const [from, by, to] = [a, b, output].map((tensor) => tensor?.quantization?.scales[0]);
      // older runtimes compute with factors below 1 only
      if (from !== undefined && by !== undefined && to !== undefined && (from * by) / to >= 1) return 3;
      return a?.type === "int8" ? 2 : 1;
    },
    table: { name: "MulOptions", union: 21, slots: slots("fused_activation_function") },
    fields: { activation: oneOf("fused_activation_function", FUSED_ACTIVATIONS) },
  },
  DIV: {
    code: 42,
    newestVersion: 2,
    version: (inputs) => (isRepeatedIn5(inputs) ? 2 : 1),
    table: { name: "DivOptions", union: 29, slots: slots("fused_activation_function") },
    fields: { activation: oneOf("fused_activation_function", FUSED_ACTIVATIONS) },
  },
  MAXIMUM: { code: 55, newestVersion: 4, version: extremeVersion, fields: {} },
  MINIMUM: { code: 57, newestVersion: 4, version: extremeVersion, fields: {} },
  SQUARED_DIFFERENCE: {
    code: 99,
    newestVersion: 2,
    version: ([a]) => (a?.type === "int8" ? 2 : 1),
    fields: {},
  },
  FLOOR_DIV: { code: 90, newestVersion: 3, version: ([a]) => (a?.type === "float32" ? 2 : 1), fields: {} },
  FLOOR_MOD: { code: 95, newestVersion: 2, version: () => 1, fields: {} },
  PRELU: { code: 54, newestVersion: 1, version: () => 1, fields: {} },
};

function sumFields(): {
  activation: OptionField<FusedActivation>;
  powerOfTwoScales: OptionField<boolean>;
} {
  return {
    activation: oneOf("fused_activation_function", FUSED_ACTIVATIONS),
    powerOfTwoScales: {
      field: "pot_scale_int16",
      read: (table) => table.bool("pot_scale_int16", true),
      write: (builder, slot, value) => builder.addFieldInt8(slot, value ? 1 : 0, 1),
    },
  };
}

function extremeVersion(inputs: readonly (Tensor | undefined)[]): number {
  const type = inputs[0]?.type;
  if (type === "int16") return 4;
  if (isRepeatedIn5(inputs)) return 3;
  return type === "int8" ? 2 : 1;
}

/** Whether operands of different shapes have more than four dimensions. */
function isRepeatedIn5(inputs: readonly (Tensor | undefined)[]): boolean {
  const shapes = inputs.map((tensor) => tensor?.shape ?? []);
  return `${shapes[0]}` !== `${shapes[1]}` && shapes.some((shape) => shape.length > 4);
}
