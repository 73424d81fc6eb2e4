/**
 * Service workers that another app left behind at this address, which it had before hookctl: they would stand between
 * the page and hookctl, and see every call with its token.
 */

/** Sends them away; true where the page has to be loaded anew to be rid of them. */
export async function sendAway(workers = navigator.serviceWorker) {
  // Without one in the page's way nothing waits for this.
  const isWatched = Boolean(workers?.controller);
  const leaving = (async () => {
    const found = (await workers?.getRegistrations()) ?? [];
    const gone = await Promise.all(found.map((one) => one.unregister()));
    return gone.length > 0 && gone.every(Boolean);
  })().catch(() => false);
  return isWatched && leaving;
}
