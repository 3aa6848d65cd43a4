import type { Model } from "../model/model";
import type { ArduinoTraits } from "./arduino";
import type { Board } from "./board";
import type { ModelCode } from "./model-code";
import type { SketchEstimate } from "./sketch";

export function estimateSketch(_model: Model, _code: ModelCode, _traits: ArduinoTraits, _board: Board): SketchEstimate {
  return { flashBytes: 0, ramBytes: 0 };
}
