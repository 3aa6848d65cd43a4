import type { EditorRED } from "node-red";
import { sharedText } from "./browser.editor";

declare const RED: EditorRED;

/** Why a request failed: in a sentence and, where the runtime said so, by the error's code. */
export interface Problem {
  problem: string;
  code?: string;
  /** Whether the runtime may have done what it was told: its answer is missing. */
  mayBeDone?: boolean;
}

/** What a request brought, or why it failed. */
export type Answer<Result> = { result: Result } | Problem;

/** Asks the runtime something of ours. */
export function ask<Result>(path: string): Promise<Answer<Result>> {
  return request<Result>(path, { dataType: "json" });
}

/** Tells the runtime to do something, with JSON. */
export function tell<Result>(path: string, body: object): Promise<Answer<Result>> {
  return request<Result>(path, { method: "POST", contentType: "application/json", data: JSON.stringify(body) });
}

/** Sends the runtime a file. */
export function sendFile<Result>(path: string, file: File): Promise<Answer<Result>> {
  return request<Result>(path, {
    method: "POST",
    contentType: "application/octet-stream",
    data: file,
    processData: false,
  });
}

/** Fetches a file. A plain address would come without the editor's login. */
export function fetchFile(path: string): Promise<Answer<Blob>> {
  return request<Blob>(path, { xhrFields: { responseType: "blob" } });
}

/** Saves a file of the runtime on the user's computer; gives the reason where it can't be had. */
export async function downloadFile(path: string, name: string): Promise<Problem | undefined> {
  const answer = await fetchFile(path);
  if ("problem" in answer) return answer;
  const url = URL.createObjectURL(answer.result);
  $("<a>").attr({ href: url, download: name }).get(0)?.click();
  URL.revokeObjectURL(url);
  return undefined;
}

/** A problem as people read it; those who look for it in the list of errors need its code. */
export function problemText({ problem, code }: Problem): JQuery {
  const text = $("<span>").text(problem);
  return code === undefined ? text : text.append(" ", $('<span class="tinyml-code">').text(code));
}

/** Shows a message, or a problem, in a place for it. */
export function showMessage(place: JQuery, what: string | Problem): void {
  const isProblem = typeof what !== "string";
  place.empty().toggleClass("tinyml-run-error", isProblem);
  place.append(isProblem ? problemText(what) : $("<span>").text(what));
}

/** Tells of a problem where no place for it is in sight. */
export function notifyProblem(problem: Problem): void {
  // A string would be taken for HTML.
  RED.notify(problemText(problem), "error");
}

/** Tells of something that went well where no place for it is in sight. */
export function notify(text: string): void {
  RED.notify($("<span>").text(text), "success");
}

async function request<Result>(path: string, settings: JQuery.AjaxSettings): Promise<Answer<Result>> {
  // One of our own: jQuery gives away nothing of a failed answer that was asked for as a file.
  const connection = new XMLHttpRequest();
  try {
    return { result: await $.ajax({ ...settings, url: `tinyml/${path}`, xhr: () => connection }) };
  } catch {
    return problemOf(connection);
  }
}

/** Why a request failed. What was asked for as a file has its reason in a file, too. */
async function problemOf({ status, response }: XMLHttpRequest): Promise<Problem> {
  if (status === 401 || status === 403) return { problem: sharedText("request.notAllowed") };
  if (status === 0) return { problem: sharedText("request.notReached"), mayBeDone: true };
  try {
    const said: unknown = JSON.parse(response instanceof Blob ? await response.text() : String(response));
    if (typeof said === "object" && said !== null && "message" in said) {
      return { problem: String(said.message), ...("code" in said && { code: String(said.code) }) };
    }
  } catch {
    // It comes from something between Node-RED and the browser.
  }
  return { problem: sharedText("request.noReason", { status }), mayBeDone: true };
}
