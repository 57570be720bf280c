// SPDX-License-Identifier: Apache-2.0
import { download, toCsv, toHar, toJson } from "./export";
import { openFile, rowsInOrder } from "./feed";
import { copy, linkTo } from "./share";

function saveAs(kind: string) {
  const stamp = new Date().toISOString().slice(0, 19).replace(/:/g, "-");
  const rows = rowsInOrder();
  if (kind === "json") download(`traffictap-${stamp}.jsonl`, "application/x-ndjson", toJson(rows));
  if (kind === "csv") download(`traffictap-${stamp}.csv`, "text/csv", toCsv(rows));
  if (kind === "har") download(`traffictap-${stamp}.har`, "application/json", toHar(rows));
  if (kind === "open") document.getElementById("file")?.click();
}

// A select as a menu: what is chosen happens, and nothing stays chosen.
export function ShareMenus() {
  return (
    <>
      <button class="action" onClick={() => void copy(linkTo(), "the link")}>Copy link</button>
      <label class="pick">
        <span class="sr">Export or open</span>
        <select
          id="export"
          value=""
          onChange={(e) => {
            const kind = e.currentTarget.value;
            e.currentTarget.value = "";
            saveAs(kind);
          }}
        >
          <option value="">Export…</option>
          <optgroup label="The listed requests, without bodies">
            <option value="json">JSON lines</option>
            <option value="csv">CSV</option>
            <option value="har">HAR 1.2</option>
          </optgroup>
          <optgroup label="Read records from a file">
            <option value="open">Open .jsonl…</option>
          </optgroup>
        </select>
      </label>
      <input
        id="file"
        type="file"
        accept=".jsonl,.ndjson,.json"
        hidden
        aria-label="File of records"
        onChange={(e) => {
          const file = e.currentTarget.files?.[0];
          if (file) void openFile(file);
          e.currentTarget.value = "";
        }}
      />
    </>
  );
}
