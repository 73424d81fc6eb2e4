/**
 * The token, from one tab of this page to another: a link that is opened in a new tab works while another is open.
 * It is kept nowhere; only pages of this very address and port are on the channel.
 */

import { keepToken, token } from './api.js';

const CHANNEL = 'hookctl';
/** A tab that is there answers within this; one that sleeps is not waited for. */
const PATIENCE_MS = 250;

/**
 * Answers other tabs that ask for the token, as long as this one has it and `isLive()`: where hookctl is gone, the
 * address may be somebody else's by now.
 */
export function answerNeighbours(isLive) {
  const channel = new BroadcastChannel(CHANNEL);
  channel.onmessage = ({ data }) => {
    if (data?.ask === 'token' && token() !== null && isLive()) channel.postMessage({ token: token() });
  };
  return channel;
}

/** Asks the other tabs for the token and keeps it; resolves without one where nobody answers. */
export function askNeighbours() {
  return new Promise((done) => {
    const channel = new BroadcastChannel(CHANNEL);
    const end = () => {
      channel.close();
      done();
    };
    channel.onmessage = ({ data }) => typeof data?.token === 'string' && keepToken(data.token) && end();
    channel.postMessage({ ask: 'token' });
    setTimeout(end, PATIENCE_MS);
  });
}
