// A stand-in for Stripe: what docs.stripe.com/api says of the calls that a server makes, in memory.
//
// Signatures are made by Stripe's own library. Bodies are forms; idempotency keys give the first
// answer again; declines are 402 with the PaymentIntent in the error.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';

import Library from 'stripe';

const library = new Library('sk_test_fake');

/** `line_items[0][quantity]=1` and its like as objects. */
function form(text) {
  const root = {};
  for (const [name, value] of new URLSearchParams(text)) {
    const path = name.replaceAll(']', '').split('[');
    const last = path.pop();
    let place = root;
    for (const step of path) place = place[step] ??= {};
    place[last] = value;
  }
  return root;
}

class Refusal extends Error {
  constructor(status, error) {
    super(error.message);
    Object.assign(this, { status, error });
  }
}

const missing = (param) =>
  new Refusal(400, {
    type: 'invalid_request_error',
    code: 'parameter_missing',
    param,
    message: `Missing required param: ${param}.`,
  });

const noSuch = (what, id, status = 404, param = undefined) =>
  new Refusal(status, { type: 'invalid_request_error', code: 'resource_missing', param, message: `No such ${what}: '${id}'` });

function need(params, ...names) {
  for (const name of names) if (params?.[name] === undefined) throw missing(name);
}

/** The smallest unit, as Stripe takes it: whole and positive. */
function amount(text, param) {
  if (!/^[1-9]\d*$/.test(text)) {
    throw new Refusal(400, { type: 'invalid_request_error', param, message: `Invalid integer: ${text}` });
  }
  return Number(text);
}

export class Stripe {
  secretKey = 'sk_test_didfarm';
  webhookSecret = 'whsec_didfarm';
  sessions = new Map();
  payments = new Map();
  methods = new Map();
  refunds = [];
  /** Customers who were deleted in the dashboard. */
  deleted = new Set();
  /** Each call that was made: method, path, params, key. */
  calls = [];
  /** Calls with another secret key. */
  refusedKeys = 0;
  #kept = new Map();
  #mishaps = [];
  #count = 0;
  #server;

  static async start() {
    const stripe = new Stripe();
    stripe.#server = createServer((request, response) => stripe.#serve(request, response));
    stripe.#server.listen(0, '127.0.0.1');
    await once(stripe.#server, 'listening');
    stripe.base = `http://127.0.0.1:${stripe.#server.address().port}`;
    stripe.#server.unref();
    return stripe;
  }

  /** The options of a server that is paid through it. */
  get serve() {
    return [
      '--stripe-secret-key', this.secretKey,
      '--stripe-webhook-secret', this.webhookSecret,
      '--stripe-api-base', this.base,
    ];
  }

  /**
   * The next call to a path ends otherwise: `lost` is carried out and not answered, `down` is
   * neither, `refused` is answered 400.
   */
  next(path, mishap) {
    this.#mishaps.push({ path, mishap });
  }

  #id(kind) {
    this.#count += 1;
    return `${kind}_test_${process.pid}_${this.#count}`;
  }

  async #serve(request, response) {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks).toString();
    const url = new URL(request.url, this.base);
    const key = request.headers['idempotency-key'];
    const at = this.#mishaps.findIndex(({ path }) => url.pathname.startsWith(path));
    const [{ mishap } = {}] = at < 0 ? [] : this.#mishaps.splice(at, 1);
    if (mishap === 'down') return request.socket.destroy();
    let status = 200;
    let answer;
    try {
      const auth = request.headers.authorization;
      if (auth !== `Bearer ${this.secretKey}`) {
        this.refusedKeys += 1;
        throw new Refusal(401, { type: 'invalid_request_error', message: 'Invalid API Key provided' });
      }
      assert.match(request.headers['stripe-version'] ?? '', /^\d{4}-\d\d-\d\d/, 'a pinned version');
      if (request.method === 'POST') {
        assert.equal(request.headers['content-type'], 'application/x-www-form-urlencoded');
        assert.ok(key, `${url.pathname} has an idempotency key`);
      }
      if (mishap === 'refused') {
        throw new Refusal(400, { type: 'invalid_request_error', message: 'This is refused.' });
      }
      const params = form(body || url.search);
      this.calls.push({ method: request.method, path: url.pathname, params, key });
      const kept = key && this.#kept.get(key);
      if (kept && kept.body !== body) {
        throw new Refusal(400, { type: 'idempotency_error', message: 'Keys for idempotent requests can only be used with the same parameters.' });
      }
      answer = kept?.answer ?? this.#carryOut(request.method, url.pathname, params);
      status = kept?.status ?? 200;
      if (key) this.#kept.set(key, { body, answer, status });
    } catch (error) {
      if (!(error instanceof Refusal)) console.error(error);
      status = error.status ?? 500;
      answer = { error: error.error ?? { type: 'api_error', message: error.message } };
      // Declines are kept under the key, too.
      if (key && status === 402) this.#kept.set(key, { body, answer, status });
    }
    if (mishap === 'lost') return request.socket.destroy();
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(answer));
  }

  #carryOut(method, path, params) {
    const [, id, action] = /^\/v1\/\w+\/(\w+)(?:\/(\w+))?$/.exec(path) ?? [];
    if (method === 'POST' && path === '/v1/checkout/sessions') return this.#open(params);
    if (method === 'POST' && path === '/v1/payment_intents') return this.#charge(params);
    if (method === 'POST' && path === '/v1/refunds') return this.#refund(params);
    if (method === 'GET' && path.startsWith('/v1/payment_intents/')) {
      const payment = this.payments.get(id);
      if (!payment) throw noSuch('payment_intent', id);
      assert.deepEqual(params['?expand'] ?? params.expand, { '': 'payment_method' });
      return { ...payment, payment_method: this.methods.get(payment.payment_method) ?? null };
    }
    if (method === 'POST' && path.startsWith('/v1/payment_methods/') && action === 'detach') {
      const card = this.methods.get(id);
      if (!card) throw noSuch('PaymentMethod', id);
      card.customer = null;
      return card;
    }
    throw new Refusal(404, { type: 'invalid_request_error', message: `Unrecognized request URL (${method}: ${path})` });
  }

  #open(params) {
    need(params, 'mode', 'success_url', 'line_items');
    const [line] = Object.values(params.line_items);
    need(line.price_data, 'currency', 'unit_amount', 'product_data');
    const id = this.#id('cs');
    const session = {
      id,
      object: 'checkout.session',
      url: `https://checkout.stripe.com/c/pay/${id}`,
      status: 'open',
      payment_status: 'unpaid',
      payment_intent: null,
      amount_total: amount(line.price_data.unit_amount, 'unit_amount') * Number(line.quantity),
      currency: line.price_data.currency,
      customer: params.customer ?? null,
      customer_email: params.customer_email ?? null,
      client_reference_id: params.client_reference_id ?? null,
      metadata: params.metadata ?? {},
    };
    if (params.customer && params.customer_email) {
      throw new Refusal(400, { type: 'invalid_request_error', message: 'You may only specify one of these parameters: customer, customer_email.' });
    }
    this.#knows(params.customer);
    this.sessions.set(id, { session, intent: params.payment_intent_data ?? {}, creation: params.customer_creation });
    return session;
  }

  /** Its payer pays at the checkout; answers the events that Stripe makes of it. */
  pay(sessionId, { last4 = '4242', brand = 'visa' } = {}) {
    const { session, intent, creation } = this.sessions.get(sessionId);
    if (creation === 'always') session.customer ??= this.#id('cus');
    const kept = intent.setup_future_usage === 'off_session' && session.customer;
    const card = this.#card(kept ? session.customer : null, { last4, brand });
    const payment = this.#payment(session.amount_total, session.currency, {
      customer: session.customer,
      method: card.id,
      metadata: intent.metadata ?? {},
    });
    Object.assign(session, { status: 'complete', payment_status: 'paid', payment_intent: payment.id });
    return {
      payment,
      succeeded: this.event('payment_intent.succeeded', payment),
      completed: this.event('checkout.session.completed', session),
    };
  }

  #card(customer, { last4, brand }) {
    const card = {
      id: this.#id('pm'),
      object: 'payment_method',
      type: 'card',
      customer,
      card: { brand, last4, exp_month: 12, exp_year: 2034 },
    };
    this.methods.set(card.id, card);
    return card;
  }

  #payment(sum, currency, { customer, method, metadata, status = 'succeeded' }) {
    const id = this.#id('pi');
    const payment = {
      id,
      object: 'payment_intent',
      amount: sum,
      amount_received: status === 'succeeded' ? sum : 0,
      currency,
      status,
      customer,
      payment_method: method,
      metadata,
      last_payment_error: null,
      latest_charge: this.#id('ch'),
    };
    this.payments.set(id, payment);
    return payment;
  }

  #knows(customer) {
    if (this.deleted.has(customer)) throw noSuch('customer', customer, 400, 'customer');
  }

  #charge(params) {
    need(params, 'amount', 'currency', 'customer', 'payment_method');
    this.#knows(params.customer);
    assert.deepEqual([params.confirm, params.off_session], ['true', 'true']);
    const card = this.methods.get(params.payment_method);
    if (!card) throw noSuch('PaymentMethod', params.payment_method);
    if (card.customer !== params.customer) {
      throw new Refusal(400, { type: 'invalid_request_error', message: 'The PaymentMethod does not belong to the Customer you supplied.' });
    }
    // Stripe's test card that can be saved, and then declines.
    const declined = card.card.last4 === '0341';
    const payment = this.#payment(amount(params.amount, 'amount'), params.currency, {
      customer: params.customer,
      method: card.id,
      metadata: params.metadata ?? {},
      status: declined ? 'requires_payment_method' : 'succeeded',
    });
    if (declined) {
      const error = { type: 'card_error', code: 'card_declined', message: 'Your card was declined.', payment_intent: payment };
      payment.last_payment_error = { message: error.message };
      throw new Refusal(402, error);
    }
    return payment;
  }

  #refund(params) {
    need(params, 'payment_intent');
    const payment = this.payments.get(params.payment_intent);
    if (!payment) throw noSuch('payment_intent', params.payment_intent);
    const sum = params.amount ? amount(params.amount, 'amount') : payment.amount;
    if (this.refunded(payment.id) + sum > payment.amount) {
      throw new Refusal(400, { type: 'invalid_request_error', code: 'charge_already_refunded', message: 'Charge has already been refunded.' });
    }
    const refund = {
      id: this.#id('re'),
      object: 'refund',
      amount: sum,
      currency: payment.currency,
      payment_intent: payment.id,
      charge: payment.latest_charge,
      status: 'succeeded',
      created: Math.floor(Date.now() / 1000),
      metadata: params.metadata ?? {},
    };
    this.refunds.push(refund);
    return refund;
  }

  /** What was paid back of a payment in all. */
  refunded(payment) {
    return this.refunds
      .filter((refund) => refund.payment_intent === payment && refund.status !== 'failed')
      .reduce((sum, refund) => sum + refund.amount, 0);
  }

  /** Somebody pays back in Stripe's dashboard; answers the event. */
  refundByHand(payment, sum) {
    this.#refund({ payment_intent: payment.id, amount: String(sum) });
    return this.chargeRefunded(payment);
  }

  chargeRefunded(payment) {
    const refunded = this.refunded(payment.id);
    return this.event('charge.refunded', {
      id: payment.latest_charge,
      object: 'charge',
      amount: payment.amount,
      amount_refunded: refunded,
      currency: payment.currency,
      payment_intent: payment.id,
      refunded: refunded === payment.amount,
      metadata: payment.metadata,
    });
  }

  /** The payer's bank takes a payment back. */
  dispute(payment, sum = payment.amount) {
    const dispute = {
      id: this.#id('dp'),
      object: 'dispute',
      amount: sum,
      currency: payment.currency,
      charge: payment.latest_charge,
      payment_intent: payment.id,
      status: 'needs_response',
      metadata: {},
    };
    return {
      created: this.event('charge.dispute.created', { ...dispute }),
      closed: (status) => this.event('charge.dispute.closed', { ...dispute, status }),
      inquiry: this.event('charge.dispute.created', { ...dispute, status: 'warning_needs_response' }),
    };
  }

  event(type, object) {
    const body = {
      id: this.#id('evt'),
      object: 'event',
      api_version: '2024-06-20',
      created: Math.floor(Date.now() / 1000),
      type,
      livemode: false,
      data: { object: structuredClone(object) },
    };
    return JSON.stringify(body, null, 2);
  }

  /** Posts an event to a server as Stripe does; answers its status. */
  async post(server, payload, { secret = this.webhookSecret, age = 0, signature } = {}) {
    const timestamp = Math.floor(Date.now() / 1000) - age;
    const header = signature ?? library.webhooks.generateTestHeaderString({ payload, secret, timestamp });
    const response = await fetch(new URL('/api/v1/stripe/webhook', server.baseUrl), {
      method: 'POST',
      headers: { 'stripe-signature': header, 'content-type': 'application/json; charset=utf-8' },
      body: payload,
    });
    await response.text();
    return response.status;
  }
}
