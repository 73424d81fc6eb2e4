/** Files for the person at the page. */

const REVOKED_AFTER_MS = 10_000;

/** Has the browser save bytes or text under a name. */
export function saveBytes(content, name, type = 'application/octet-stream') {
  const address = URL.createObjectURL(new Blob([content], { type }));
  const link = document.createElement('a');
  link.href = address;
  link.download = name.replace(/[^A-Za-z0-9._-]+/g, '-').replace(/^[.-]+/, '') || 'hookctl';
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), REVOKED_AFTER_MS);
}
