import { serveRequests } from "../request-thread";
import { readTflite } from "../tflite/read-tflite";
import { createPredictor, type Prediction, type Predictor } from "./predictor";
import type { PredictionRequest } from "./predictor-pool";

const predictors = new Map<number, Predictor>();

serveRequests((request: PredictionRequest): Prediction | undefined => {
  switch (request.type) {
    case "load":
      predictors.set(request.model, createPredictor(readTflite(request.bytes)));
      return undefined;
    case "predict":
      return predictors.get(request.model)?.predict(request.reading, request.features);
    case "dispose":
      predictors.get(request.model)?.dispose();
      predictors.delete(request.model);
      return undefined;
  }
});
