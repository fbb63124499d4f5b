'use strict';
const at = id => document.getElementById(id);
const MAX_ROWS = 200;
let socket, tail = null, cursor = null, retry = 500;

function cell(row, text, name) {
  const td = row.insertCell();
  td.textContent = text;
  if (name) td.className = name;
  return td;
}
function say(text) { at('message').textContent = text || ''; }
async function call(path, options) {
  const answer = await fetch('/api/v1' + path, options);
  const body = answer.status === 204 ? {} : await answer.json();
  if (!answer.ok) throw new Error(body.detail || answer.statusText);
  return body;
}
function post(path, body) {
  return call(path, {method: 'POST', headers: {'Content-Type': 'application/json'}, body: JSON.stringify(body)});
}

async function refresh() {
  try {
    const cluster = await call('/cluster');
    const list = at('cluster');
    list.replaceChildren();
    for (const [name, value] of [['Id', cluster.clusterId], ['Version', cluster.version], ['Nodes', cluster.nodes.length]]) {
      list.append(Object.assign(document.createElement('dt'), {textContent: name}),
        Object.assign(document.createElement('dd'), {textContent: value}));
    }
    at('nodes').replaceChildren();
    for (const node of cluster.nodes) {
      const row = at('nodes').insertRow();
      cell(row, node.id + (node.controller ? ' · controller' : ''));
      cell(row, node.host + ':' + node.port);
      cell(row, node.fenced ? 'fenced' : 'up');
    }
    const page = await call('/topics?limit=200');
    at('count').textContent = page.total;
    at('none').hidden = page.total > 0;
    at('topics').replaceChildren();
    for (const topic of page.topics) {
      const row = at('topics').insertRow();
      cell(row, topic.name);
      cell(row, topic.partitions, 'n');
      const button = Object.assign(document.createElement('button'), {textContent: 'tail', className: 'link'});
      button.addEventListener('click', () => follow(topic.name));
      cell(row, '', 'n').append(button);
    }
    at('state').textContent = 'running';
    at('state').className = 'pill up';
  } catch (error) {
    at('state').textContent = 'cluster unreachable';
    at('state').className = 'pill down';
    say(error.message);
  }
}

function connect() {
  socket = new WebSocket((location.protocol === 'https:' ? 'wss://' : 'ws://') + location.host + '/api/v1/ws');
  socket.onopen = () => { retry = 500; if (tail) subscribe(); };
  socket.onclose = () => { setTimeout(connect, retry); retry = Math.min(retry * 2, 10000); };
  socket.onmessage = event => {
    const frame = JSON.parse(event.data);
    if (frame.op === 'error') say(frame.problem.detail);
    if (frame.sub !== tail) return;
    if (frame.cursor) cursor = frame.cursor;
    if (frame.op === 'records') {
      frame.records.forEach(show);
      socket.send(JSON.stringify({op: 'credit', sub: tail, records: frame.records.length}));
    }
  };
}
function subscribe() {
  const frame = {op: 'subscribe', sub: tail, topics: [tail], credit: MAX_ROWS};
  if (cursor) frame.cursor = cursor; else Object.assign(frame, {from: 'latest', back: 20});
  socket.send(JSON.stringify(frame));
}
function follow(topic) {
  const open = socket && socket.readyState === WebSocket.OPEN;
  if (tail && open) socket.send(JSON.stringify({op: 'unsubscribe', sub: tail}));
  tail = topic;
  cursor = null;
  at('records').replaceChildren();
  at('tailing').textContent = topic;
  document.querySelector('#produce button').disabled = false;
  say('');
  if (open) subscribe();
}
function text(value) {
  return value === null ? '∅' : typeof value === 'string' ? value : JSON.stringify(value);
}
function show(record) {
  const row = at('records').insertRow(0);
  cell(row, record.partition, 'n');
  cell(row, record.offset, 'n');
  cell(row, new Date(record.timestamp).toLocaleTimeString());
  cell(row, text(record.key));
  cell(row, text(record.value));
  while (at('records').rows.length > MAX_ROWS) at('records').deleteRow(-1);
}

at('create').addEventListener('submit', async event => {
  event.preventDefault();
  try {
    await post('/topics', {name: at('name').value, partitions: Number(at('partitions').value)});
    follow(at('name').value);
    at('create').reset();
  } catch (error) { say(error.message); }
  refresh();
});
at('produce').addEventListener('submit', async event => {
  event.preventDefault();
  let value = at('value').value;
  try {
    const parsed = JSON.parse(value);
    if (parsed !== null && typeof parsed === 'object') value = {json: parsed};
  } catch { /* it is text */ }
  try {
    await post('/topics/' + encodeURIComponent(tail) + '/records', {key: at('key').value || null, value});
    at('value').value = '';
    say('');
  } catch (error) { say(error.message); }
});
const wanted = new URLSearchParams(location.search).get('tail');
if (wanted) follow(wanted);
connect();
refresh();
setInterval(refresh, 5000);
