'use strict';
// What changes in the O-Cloud, as it changes: counts from a query, changes from a subscription that resumes where it was cut.
const lists = {
  ResourcePool: 'resourcePools',
  Resource: 'resources',
  ResourceType: 'resourceTypes',
  DeploymentManager: 'deploymentManagers',
  OCloudSite: 'oCloudSites',
  Location: 'locations',
};
const named = ['OCloud', 'OCloudSite', 'Location', 'ResourcePool', 'ResourceType', 'DeploymentManager'];
const document_ = `subscription Live($since: String) {
  changes(since: $since) {
    ... on Change {
      change objectType id at position changed
      object { ${named.map((type) => `... on ${type} { name }`).join(' ')} ... on Resource { description } }
    }
    ... on Gap { reason position }
  }
}`;
const counts = `{ ${Object.values(lists)
  .map((list) => `${list}(first: 1) { totalCount position }`)
  .join(' ')} }`;
const mostRows = 50;
const [firstRetry, longestRetry] = [250, 8000];

const at = (id) => document.getElementById(id);
const state = {
  since: undefined,
  connected: false,
  refused: false,
  retry: firstRetry,
  timer: undefined,
  socket: undefined,
  stale: false,
};

function say(text, kind) {
  at('state').textContent = text;
  at('state').dataset.kind = kind;
}

function token() {
  return sessionStorage.getItem('token') ?? '';
}

async function readCounts() {
  const headers = { 'Content-Type': 'application/json' };
  if (token() !== '') headers.Authorization = `Bearer ${token()}`;
  const answer = await fetch('/graphql', { method: 'POST', headers, body: JSON.stringify({ query: counts }) });
  const { data, errors } = await answer.json();
  if (!data) throw new Error(errors?.[0]?.message ?? `The gateway answered ${answer.status}.`);
  for (const [object, list] of Object.entries(lists)) at(`count-${object}`).textContent = data[list]?.totalCount ?? '–';
  return data;
}

/** Counts are read again at most once a second, however much happens. */
function countSoon() {
  if (state.stale) return;
  state.stale = true;
  setTimeout(() => {
    state.stale = false;
    readCounts().catch(() => undefined);
  }, 1000);
}

function cell(text, className) {
  const made = document.createElement('td');
  made.textContent = text;
  if (className) made.className = className;
  return made;
}

function show({ change, objectType, id, at: when, position, changed, object }) {
  const row = document.createElement('tr');
  row.dataset.position = position;
  const name = object?.name ?? object?.description ?? id;
  const what = change === 'MODIFIED' ? changed.join(', ') : '';
  row.append(
    cell(new Date(when).toLocaleTimeString()),
    cell(change.toLowerCase(), change),
    cell(objectType),
    cell(name),
    cell(what),
  );
  at('changes').prepend(row);
  while (at('changes').rows.length > mostRows) at('changes').deleteRow(-1);
  at('told').textContent = String(Number(at('told').textContent) + 1);
}

function told({ data, errors }) {
  const event = data?.changes;
  if (!event) return say(errors?.[0]?.message ?? 'An event could not be read.', 'bad');
  state.since = event.position;
  if (event.reason) {
    at('changes').replaceChildren();
    say('Changes were missed; everything is read again.', 'bad');
  } else show(event);
  countSoon();
}

function connect() {
  const socket = new WebSocket(`${location.origin.replace(/^http/, 'ws')}/graphql`, 'graphql-transport-ws');
  state.socket = socket;
  const send = (message) => socket.send(JSON.stringify(message));
  socket.onopen = () =>
    send({ type: 'connection_init', payload: token() === '' ? {} : { authorization: `Bearer ${token()}` } });
  socket.onmessage = ({ data }) => {
    if (state.socket !== socket) return;
    const message = JSON.parse(data);
    if (message.type === 'connection_ack') {
      // Who was refused what it asked for was connected then, too.
      if (!state.refused) state.retry = firstRetry;
      say(state.connected ? `Connected again; resumed at ${state.since}.` : 'Connected.', 'good');
      state.connected = true;
      send({ id: '1', type: 'subscribe', payload: { query: document_, variables: { since: state.since } } });
    } else if (message.type === 'ping') {
      // How far the stream has come, though nothing was told.
      state.since = message.payload?.positions?.['1'] ?? state.since;
      send({ type: 'pong' });
    } else if (message.type === 'next') {
      Object.assign(state, { refused: false, retry: firstRetry });
      told(message.payload);
    } else if (message.type === 'error') refused(message.payload[0]);
    else if (message.type === 'complete') over('The stream has ended');
  };
  socket.onclose = ({ code }) => {
    if (state.socket !== socket) return;
    if (code === 4403) return say('The token is not known here.', 'bad');
    again('The connection is gone');
  };
}

/** The stream is refused, or ended with a fault, which may say after how many seconds to come again. */
function refused({ message, extensions }) {
  over(message.replace(/\.$/, ''), extensions?.retryAfter);
}

/** The connection is there, and its stream is not. */
function over(why, seconds) {
  const { socket } = state;
  Object.assign(state, { refused: true, socket: undefined });
  socket.close();
  again(why, seconds);
}

function again(why, seconds = 0) {
  say(`${why}; it is tried again${seconds > 0 ? ` in ${seconds} s` : ''}.`, 'bad');
  clearTimeout(state.timer);
  state.timer = setTimeout(begin, seconds * 1000 + state.retry * (0.5 + Math.random() / 2));
  state.retry = Math.min(longestRetry, state.retry * 2);
}

/** From what the lists say now, or where the stream was cut. */
async function begin() {
  clearTimeout(state.timer);
  try {
    const data = await readCounts();
    // That of the list that was read first: what the others show already may be told again, and nothing is missed.
    state.since ??= Object.values(data)[0].position;
    connect();
  } catch (error) {
    again(error.message);
  }
}

at('token').value = token();
at('sign-in').addEventListener('submit', (event) => {
  event.preventDefault();
  sessionStorage.setItem('token', at('token').value);
  const before = state.socket;
  state.socket = undefined;
  before?.close();
  Object.assign(state, { since: undefined, connected: false, refused: false, retry: firstRetry });
  at('changes').replaceChildren();
  begin();
});
begin();
