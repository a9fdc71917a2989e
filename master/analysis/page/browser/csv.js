// The rows that the table shows, in its order, as comma-separated values with every digit.

function csv_cell(value) {
  const text = value === null ? "" : String(value);
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function csv_text() {
  const lines = [data.columns.map((column) => column.label)];
  for (const number of shown_numbers()) lines.push(trials.get(number).row);
  return lines.map((line) => line.map(csv_cell).join(",")).join("\r\n") + "\r\n";
}

async function copy_csv(event) {
  const button = event.currentTarget;
  const text = csv_text();
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // A page from disk may have no clipboard but the one of a selection.
    const area = element("textarea", {});
    area.value = text;
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
  const label = button.textContent;
  button.textContent = "Copied";
  setTimeout(() => (button.textContent = label), 1500);
}

function save_csv() {
  const href = URL.createObjectURL(new Blob([csv_text()], { type: "text/csv" }));
  const link = element("a", { href, download: `${document.body.dataset.study}-trials.csv` });
  link.click();
  URL.revokeObjectURL(href);
}
