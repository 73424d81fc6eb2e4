/** Small choices that outlive the page (theme, width of the list): localStorage where it is allowed. */

/** A kept choice, or null. */
export function kept(key) {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

/** Keeps a choice, if that is possible. */
export function keep(key, value) {
  try {
    localStorage.setItem(key, String(value));
  } catch {
    /* A choice that is forgotten harms nobody. */
  }
}
