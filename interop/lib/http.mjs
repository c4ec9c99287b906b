// Calls to the API, with what must hold for every answer checked on the way.

import assert from 'node:assert/strict';

export const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/;

/**
 * One call. `body` is sent as JSON, `raw` as it is. `key` is the API key;
 * `headers` win over what is made from the other options.
 */
export async function call(baseUrl, method, path, { key, body, raw, headers = {} } = {}) {
  const sent = {};
  if (key !== undefined) sent.authorization = `Bearer ${key}`;
  if (body !== undefined || raw !== undefined) sent['content-type'] = 'application/json';
  for (const [name, value] of Object.entries(headers)) {
    if (value === null) delete sent[name.toLowerCase()];
    else sent[name.toLowerCase()] = value;
  }
  const url = new URL(path.startsWith('/') ? path : `/api/v1/${path}`, baseUrl);
  const response = await fetch(url, {
    method,
    headers: sent,
    // Bytes, so that fetch adds no Content-Type of its own.
    body: raw !== undefined ? Buffer.from(raw) : body !== undefined ? Buffer.from(JSON.stringify(body)) : undefined,
    signal: AbortSignal.timeout(120_000),
  });
  const text = await response.text();
  assert.ok(response.headers.get('x-request-id'), `${method} ${path} has X-Request-Id`);
  const type = response.headers.get('content-type') ?? '';
  const json = type.startsWith('application/json') ? JSON.parse(text) : undefined;
  return { status: response.status, headers: response.headers, text, json };
}

/** The JSON of an answer that must be a success. */
export function success(answer, status = 200) {
  assert.equal(answer.status, status, `status of ${answer.text}`);
  assert.equal(answer.json?.success, true, answer.text);
  return answer.json;
}

/** The error of an answer that must be this failure, in the one shape that failures have. */
export function failure(answer, status, code, param) {
  assert.equal(answer.status, status, `status of ${answer.text}`);
  assert.equal(answer.json?.success, false, answer.text);
  const { error, request_id: requestId } = answer.json;
  const codes = [code].flat();
  assert.ok(codes.includes(error.code), `${error.code} is one of ${codes}`);
  assert.match(error.code, /^[a-z0-9_]+$/);
  assert.ok(error.message.length > 10, `a sentence, not ${JSON.stringify(error.message)}`);
  assert.ok(error.doc_url, 'doc_url');
  assert.equal(requestId, answer.headers.get('x-request-id'));
  if (param !== undefined) assert.equal(error.param, param);
  return error;
}
