/** What the keys and buttons of one event do. */

import { get, post, text } from '../api.js';
import { copied } from './copy.js';
import { openExport } from './export.js';
import { outcomes } from './outcome.js';
import { refresh } from './refresh.js';
import { toggleRaw } from './request.js';
import { eventPath } from './routes.js';

/** One at a time: a key that is held down must not send a hundred requests. */
let isReplaying = false;

const RUN = {
  replay: (context) => replay(context, { to: null }, 'Replayed'),
  resign: (context) => replay(context, { to: null, resign: true }, 'Signed again and replayed'),
  edit: ({ open }) => open('replay'),
  raw: () => toggleRaw(),
  export: () => openExport(),
  async curl({ id, notify }) {
    const { text: command } = await text(`${eventPath(id)}/export`, { query: { format: 'curl' } });
    await copied(command);
    notify(command.includes('***') ? 'Copied as curl; secrets are masked as ***' : 'Copied as curl');
  },
  async pin({ id, notify }) {
    const before = await get(eventPath(id), { query: { body: false } });
    const { pinned } = await post(`${eventPath(id)}/pin`, { pinned: !before.pinned });
    notify(pinned ? 'Pinned: kept when old events are removed' : 'No longer pinned');
    refresh(id);
  },
};

/**
 * Runs an action on the event `id`; `open(name)` opens a dialog, `notify(text, kind, hint)` says what came of it.
 * Resolves when it is done, and never rejects.
 */
export async function run(name, context) {
  const action = Object.hasOwn(RUN, name) ? RUN[name] : null;
  if (!action || !context.id) return;
  try {
    await action(context);
  } catch (error) {
    context.notify(error.message, 'error', error.hint ?? null);
  }
}

async function replay({ id, notify, open }, how, what) {
  if (isReplaying) {
    notify('The replay before this one is still under way');
    return;
  }
  isReplaying = true;
  try {
    const { deliveries, notes } = await post(`${eventPath(id)}/replay`, how);
    const { text: said, kind } = outcomes(deliveries);
    notify([`${what}: ${said}`, ...(notes ?? [])].join('. '), kind);
    refresh(id);
  } catch (error) {
    if (error.code !== 'no_target') throw error;
    notify('It went to no target yet: write where to send it');
    open('replay', { needsTarget: true });
  } finally {
    isReplaying = false;
  }
}
