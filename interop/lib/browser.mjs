// A browser: it keeps a cookie, and says which site its requests come from.

import assert from 'node:assert/strict';

import { call } from './http.mjs';

let clients = 0;

export class Browser {
  cookie;

  /** Each has an address of its own, as the server's proxy would tell it. */
  constructor(server, { ip, userAgent = 'Interop/1.0' } = {}) {
    clients += 1;
    this.server = server;
    this.ip = ip ?? `198.51.${100 + (clients >> 8)}.${clients & 255}`;
    this.userAgent = userAgent;
  }

  /** One call as the portal's own page makes it. */
  async call(method, path, body, { headers = {} } = {}) {
    const sent = { 'sec-fetch-site': 'same-origin', 'user-agent': this.userAgent, 'x-forwarded-for': this.ip };
    if (this.cookie) sent.cookie = `theme=dark; ${this.cookie}`;
    const answer = await call(this.server.baseUrl, method, path, { body, headers: { ...sent, ...headers } });
    for (const line of answer.headers.getSetCookie()) {
      const [pair, ...attributes] = line.split(/; */);
      for (const wanted of ['Path=/', 'HttpOnly', 'SameSite=Lax']) {
        assert.ok(attributes.includes(wanted), `${wanted} in ${line}`);
      }
      this.cookie = attributes.includes('Max-Age=0') ? undefined : pair;
    }
    return answer;
  }
}
