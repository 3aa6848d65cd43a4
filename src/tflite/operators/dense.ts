import { slots } from "../schema";
import { FUSED_ACTIVATIONS, flag, type OperatorFormats, oneOf, QUANTIZED_BIAS_TYPE } from "./operator-format";

/** Layers in which every output sees every input. */
export const DENSE: OperatorFormats<"FULLY_CONNECTED"> = {
  FULLY_CONNECTED: {
    code: 9,
    newestVersion: 14,
    version([input, , bias], { keepNumDims, quantizedBiasType }) {
      if (quantizedBiasType !== undefined) return 11;
      if (bias === undefined) return 6;
      if (keepNumDims) return 5;
      return input?.type === "int8" ? 4 : 1;
    },
    table: {
      name: "FullyConnectedOptions",
      union: 8,
      slots: slots(
        "fused_activation_function",
        "weights_format",
        "keep_num_dims",
        "asymmetric_quantize_inputs",
        "quantized_bias_type",
      ),
      onlyDefault: ["weights_format"],
    },
    fields: {
      activation: oneOf("fused_activation_function", FUSED_ACTIVATIONS),
      keepNumDims: flag("keep_num_dims"),
      asymmetricQuantizeInputs: flag("asymmetric_quantize_inputs"),
      quantizedBiasType: QUANTIZED_BIAS_TYPE,
    },
  },
};
