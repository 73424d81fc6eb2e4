/** The choice of theme: `auto` follows the system, `light` and `dark` are kept for this browser. */

import { keep, kept } from './kept.js';

const THEMES = ['auto', 'light', 'dark'];
const KEY = 'hookctl-theme';

/** The theme that was chosen. */
export function chosenTheme() {
  const theme = kept(KEY);
  return THEMES.includes(theme) ? theme : 'auto';
}

/** The one that follows a theme in turn. */
export const themeAfter = (theme) => THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length];

/** Shows a theme and remembers it. */
export function applyTheme(theme) {
  if (theme === 'auto') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  keep(KEY, theme);
}
