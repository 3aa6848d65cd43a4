import { sharedText } from "../browser.editor";

/** What a request brought, or why it failed: in a sentence and, where the runtime said so, by the error's code. */
export type Answer<Result> = { result: Result } | { problem: string; code?: string };

/** Asks the runtime something of ours. */
export function ask<Result>(path: string): Promise<Answer<Result>> {
  return answered<Result>($.getJSON(`tinyml/${path}`));
}

/** Tells the runtime to do something, with JSON. */
export function tell<Result>(path: string, body: object): Promise<Answer<Result>> {
  return answered<Result>(
    $.ajax({
      url: `tinyml/${path}`,
      method: "POST",
      contentType: "application/json",
      data: JSON.stringify(body),
    }),
  );
}

/** Sends the runtime a file. */
export function sendFile<Result>(path: string, file: File): Promise<Answer<Result>> {
  return answered<Result>(
    $.ajax({
      url: `tinyml/${path}`,
      method: "POST",
      contentType: "application/octet-stream",
      data: file,
      processData: false,
    }),
  );
}

/** Fetches a file. A plain address would come without the editor's login. */
export function fetchFile(path: string): Promise<Answer<Blob>> {
  return answered<Blob>($.ajax({ url: `tinyml/${path}`, xhrFields: { responseType: "blob" } }));
}

async function answered<Result>(request: JQuery.jqXHR): Promise<Answer<Result>> {
  try {
    return { result: await request };
  } catch {
    if (request.status === 401 || request.status === 403) return { problem: sharedText("explorer.notAllowed") };
    const said: unknown = request.responseJSON;
    if (typeof said !== "object" || said === null || !("message" in said)) {
      return { problem: sharedText("explorer.notReached") };
    }
    return { problem: String(said.message), ...("code" in said && { code: String(said.code) }) };
  }
}
