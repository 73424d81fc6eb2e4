/* Runs before the first paint, so that a chosen theme never flashes. A classic script: modules run later. */
try {
  const theme = localStorage.getItem('hookctl-theme');
  if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;
} catch {
  /* Storage may be forbidden: then the system's theme it is. */
}
