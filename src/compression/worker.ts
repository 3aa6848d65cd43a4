import { serveThread } from "../worker-thread";
import { quantizeInt8 } from "./quantize-int8";
import type { QuantizingTask } from "./start-quantizing";

serveThread(({ model, table }: QuantizingTask) => quantizeInt8(model, table));
