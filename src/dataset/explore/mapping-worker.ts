import { serveRequests } from "../../request-thread";
import { mapSamples } from "./map-samples";

serveRequests((folder: string) => mapSamples(folder));
