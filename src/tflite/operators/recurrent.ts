import { unsupported } from "../cursor";
import { slots } from "../schema";
import {
  FUSED_ACTIVATIONS,
  flag,
  integer,
  number,
  type OperatorFormats,
  type OptionField,
  oneOf,
} from "./operator-format";

/** TANH in the enum ActivationFunctionType. */
const TANH = 4;

/** The activation of an LSTM's cell gate: kernels know no other. */
const CELL_ACTIVATION: OptionField<"TANH"> = {
  field: "fused_activation_function",
  read(table) {
    const number = table.int8("fused_activation_function");
    if (number !== TANH) throw unsupported(table.where("fused_activation_function"), `is ${number}; known is TANH (4)`);
    return "TANH";
  },
  write: (builder, slot) => builder.addFieldInt8(slot, TANH, 0),
};

/** Layers that remember. asymmetric_quantize_inputs says something of dynamic range models only. */
export const RECURRENT: OperatorFormats<"SVDF" | "UNIDIRECTIONAL_SEQUENCE_LSTM"> = {
  SVDF: {
    code: 27,
    newestVersion: 4,
    version: ([input]) => (input?.type === "int8" ? 3 : 1),
    table: {
      name: "SVDFOptions",
      union: 6,
      slots: slots("rank", "fused_activation_function", "asymmetric_quantize_inputs"),
    },
    fields: { rank: integer("rank"), activation: oneOf("fused_activation_function", FUSED_ACTIVATIONS) },
  },
  UNIDIRECTIONAL_SEQUENCE_LSTM: {
    code: 44,
    newestVersion: 4,
    version: () => 1,
    table: {
      name: "UnidirectionalSequenceLSTMOptions",
      union: 71,
      slots: slots(
        "fused_activation_function",
        "cell_clip",
        "proj_clip",
        "time_major",
        "asymmetric_quantize_inputs",
        "diagonal_recurrent_tensors",
      ),
      onlyDefault: ["diagonal_recurrent_tensors"],
    },
    fields: {
      activation: CELL_ACTIVATION,
      cellClip: number("cell_clip"),
      projectionClip: number("proj_clip"),
      timeMajor: flag("time_major"),
    },
  },
};
