//! The invariants as queries: each finds what breaks it.

use domain::Timestamp;

use crate::{StoreError, Tx, Value};

/// One invariant and a query for its violations, each row a sentence about one.
#[derive(Debug)]
pub struct Invariant {
    pub name: &'static str,
    sql: &'static str,
    /// Whether `$1` is the present.
    timed: bool,
}

/// What an invariant's query found.
#[derive(Debug)]
pub struct Finding {
    pub name: &'static str,
    /// The first violations; empty where the invariant holds.
    pub violations: Vec<String>,
}

/// Violations shown per invariant.
const SHOWN_MAX: usize = 20;

const INVARIANTS: &[Invariant] = &[
    Invariant {
        name: "no message is queued or sending past its validity and an hour",
        sql: "SELECT 'message ' || CAST(id AS TEXT) || ' is ' || status FROM messages
              WHERE status IN ('queued', 'sending') AND valid_until < $1 - 3900000000 LIMIT 21",
        timed: true,
    },
    Invariant {
        name: "each outbound message has one reserve of its price",
        sql: "SELECT 'message ' || CAST(m.id AS TEXT) FROM messages m
              LEFT JOIN transfers t ON t.account_id = m.account_id AND t.source_id = m.id AND t.kind = 'reserve'
              WHERE m.direction = 'outbound' AND m.test = 0 AND (t.amount IS NULL OR t.amount <> m.price) LIMIT 21",
        timed: false,
    },
    Invariant {
        name: "posts and voids of a settled message add up to its reserve",
        sql: "SELECT 'message ' || CAST(m.id AS TEXT) FROM messages m
              LEFT JOIN transfers p ON p.account_id = m.account_id AND p.source_id = m.id AND p.kind = 'post'
              LEFT JOIN transfers v ON v.account_id = m.account_id AND v.source_id = m.id AND v.kind = 'void'
              WHERE m.direction = 'outbound' AND m.status IN ('sent', 'delivered', 'failed')
                  AND COALESCE(p.amount, 0) + COALESCE(v.amount, 0) <> m.price LIMIT 21",
        timed: false,
    },
    Invariant {
        name: "no money of an unsettled message is posted or voided",
        sql: "SELECT 'message ' || CAST(m.id AS TEXT) FROM messages m
              JOIN transfers t ON t.account_id = m.account_id AND t.source_id = m.id AND t.kind IN ('post', 'void')
              WHERE m.status IN ('queued', 'sending', 'received') LIMIT 21",
        timed: false,
    },
    Invariant {
        name: "every message transfer belongs to a message",
        sql: "SELECT t.kind || ' of message ' || CAST(t.source_id AS TEXT) FROM transfers t
              LEFT JOIN messages m ON m.account_id = t.account_id AND m.id = t.source_id
              WHERE t.kind IN ('reserve', 'post', 'void') AND m.id IS NULL LIMIT 21",
        timed: false,
    },
    Invariant {
        name: "every transfer moves an amount between two books of its kind",
        sql: "SELECT t.kind || ' of source ' || CAST(t.source_id AS TEXT) FROM transfers t
              WHERE t.amount < 0 OR NOT (
                  (t.kind = 'reserve' AND t.debit = 'available' AND t.credit = 'held')
                  OR (t.kind = 'post' AND t.debit = 'held' AND t.credit = 'revenue')
                  OR (t.kind = 'void' AND t.debit = 'held' AND t.credit = 'available')
                  OR (t.kind = 'credit' AND t.debit = 'funds' AND t.credit = 'available')
                  OR (t.kind = 'credit' AND t.debit = 'available' AND t.credit = 'funds')
                  OR (t.kind IN ('setup', 'number', 'sms_addon') AND t.debit = 'available' AND t.credit = 'revenue')
                  OR (t.kind = 'refund' AND t.debit = 'revenue' AND t.credit = 'available')
                  OR (t.kind IN ('topup', 'restored') AND t.debit = 'funds' AND t.credit = 'available')
                  OR (t.kind IN ('topup_refund', 'dispute') AND t.debit = 'available' AND t.credit = 'funds')
                  OR (t.kind = 'debt' AND t.debit = 'owed' AND t.credit = 'funds')
                  OR (t.kind = 'settle' AND t.debit = 'available' AND t.credit = 'owed')) LIMIT 21",
        timed: false,
    },
    Invariant {
        name: "each month of a number was paid by one transfer, and each such transfer paid a month",
        sql: "SELECT 'month ' || CAST(COALESCE(m.id, t.source_id) AS TEXT) FROM number_months m
              FULL JOIN (SELECT account_id, source_id, kind, amount FROM transfers
                  WHERE kind IN ('number', 'sms_addon')) t
                  ON t.account_id = m.account_id AND t.source_id = m.id
              WHERE m.id IS NULL OR t.source_id IS NULL OR t.amount <> m.amount
                  OR t.kind <> (CASE m.service WHEN 'sms' THEN 'sms_addon' ELSE 'number' END) LIMIT 21",
        timed: false,
    },
    Invariant {
        name: "a number's months do not overlap: none is charged twice",
        sql: "SELECT 'number ' || CAST(m.number_id AS TEXT) || ' ' || m.service FROM (
                  SELECT account_id, number_id, service, starts_at, LAG(ends_at) OVER (
                      PARTITION BY account_id, number_id, service ORDER BY starts_at) AS before
                  FROM number_months WHERE refunded_at IS NULL) m
              WHERE m.before > m.starts_at LIMIT 21",
        timed: false,
    },
    Invariant {
        name: "each number that was set up for money was paid a month of with it",
        sql: "SELECT 'transfer of source ' || CAST(t.source_id AS TEXT) FROM transfers t
              LEFT JOIN number_months m ON m.account_id = t.account_id AND m.id = t.source_id
                  AND m.service = 'number'
              WHERE t.kind = 'setup' AND m.id IS NULL LIMIT 21",
        timed: false,
    },
    Invariant {
        name: "what was refunded of a month is what was taken for it, once",
        sql: "SELECT 'month ' || CAST(COALESCE(m.id, r.source_id) AS TEXT) FROM number_months m
              FULL JOIN (SELECT account_id, source_id, amount FROM transfers WHERE kind = 'refund') r
                  ON r.account_id = m.account_id AND r.source_id = m.id
              LEFT JOIN (SELECT account_id, source_id, amount FROM transfers WHERE kind = 'setup') s
                  ON s.account_id = m.account_id AND s.source_id = m.id
              WHERE (m.refunded_at IS NULL) <> (r.source_id IS NULL)
                  OR r.amount <> m.amount + COALESCE(s.amount, 0) LIMIT 21",
        timed: false,
    },
    Invariant {
        name: "no month is charged before it begins",
        sql: "SELECT 'month ' || CAST(m.id AS TEXT) FROM number_months m
              JOIN transfers t ON t.account_id = m.account_id AND t.source_id = m.id
                  AND t.kind IN ('number', 'sms_addon')
              WHERE t.created_at < m.starts_at AND m.starts_at <> m.anchor LIMIT 21",
        timed: false,
    },
    Invariant {
        name: "the months of one anchor follow one another",
        sql: "SELECT 'number ' || CAST(m.number_id AS TEXT) || ' ' || m.service FROM (
                  SELECT number_id, service, starts_at, anchor, LAG(ends_at) OVER (
                      PARTITION BY account_id, number_id, service, anchor ORDER BY starts_at) AS before
                  FROM number_months WHERE refunded_at IS NULL) m
              WHERE COALESCE(m.before, m.anchor) <> m.starts_at LIMIT 21",
        timed: false,
    },
    Invariant {
        name: "a renewal is of its account's number, and paid until the end of its last month",
        sql: "SELECT r.service || ' of number ' || CAST(r.number_id AS TEXT) FROM renewals r
              LEFT JOIN numbers n ON n.id = r.number_id AND n.account_id = r.account_id
              LEFT JOIN (SELECT account_id, number_id, service, MAX(ends_at) AS ends_at
                  FROM number_months WHERE refunded_at IS NULL
                  GROUP BY account_id, number_id, service) m
                  ON m.account_id = r.account_id AND m.number_id = r.number_id AND m.service = r.service
              WHERE n.id IS NULL OR r.paid_until <> COALESCE(m.ends_at, -1) LIMIT 21",
        timed: false,
    },
    Invariant {
        name: "what has lapsed sends nothing",
        sql: "SELECT r.service || ' of number ' || CAST(r.number_id AS TEXT) FROM renewals r
              JOIN numbers n ON n.id = r.number_id
              WHERE r.state = 'lapsed' AND ((r.service = 'sms' AND n.sms_enabled = 1)
                  OR (r.service = 'number' AND n.status = 'active')) LIMIT 21",
        timed: false,
    },
    Invariant {
        name: "an order's total is the sum of its items, and each was charged as its first month",
        sql: "SELECT 'order ' || CAST(o.id AS TEXT) FROM orders o
              LEFT JOIN (
                  SELECT i.account_id, i.order_id,
                      CAST(SUM(i.number_price + COALESCE(i.sms_price, 0) + i.setup_price) AS BIGINT) AS total
                  FROM order_items i GROUP BY i.account_id, i.order_id) i
                  ON i.account_id = o.account_id AND i.order_id = o.id
              LEFT JOIN (
                  SELECT i.account_id, i.order_id, CAST(SUM(m.amount + COALESCE(t.amount, 0)) AS BIGINT) AS charged
                  FROM order_items i
                  JOIN orders o ON o.account_id = i.account_id AND o.id = i.order_id
                  JOIN number_months m ON m.account_id = i.account_id AND m.number_id = i.number_id
                      AND m.id > o.id AND m.id <= o.id + 3 * (SELECT COUNT(*) FROM order_items n
                          WHERE n.account_id = o.account_id AND n.order_id = o.id)
                  LEFT JOIN transfers t ON t.account_id = m.account_id AND t.source_id = m.id
                      AND t.kind = 'setup'
                  GROUP BY i.account_id, i.order_id) c
                  ON c.account_id = o.account_id AND c.order_id = o.id
              WHERE o.total <> COALESCE(i.total, -1) OR o.total <> COALESCE(c.charged, 0) LIMIT 21",
        timed: false,
    },
    Invariant {
        name: "each paid top-up was credited once, no other was",
        sql: "SELECT 'top-up ' || CAST(COALESCE(p.id, t.source_id) AS TEXT) FROM topups p
              FULL JOIN (SELECT account_id, source_id, amount FROM transfers WHERE kind = 'topup') t
                  ON t.account_id = p.account_id AND t.source_id = p.id
              WHERE p.id IS NULL OR (p.paid_at IS NULL) <> (t.source_id IS NULL)
                  OR t.amount <> p.amount LIMIT 21",
        timed: false,
    },
    Invariant {
        name: "each stored balance is the sum of its entries",
        sql: "SELECT 'account ' || CAST(w.account_id AS TEXT) || ' has ' || CAST(w.available AS TEXT)
                  || ' available, ' || CAST(w.held AS TEXT) || ' held and '
                  || CAST(w.owed AS TEXT) || ' owed'
              FROM wallets w
              LEFT JOIN (
                  SELECT account_id,
                      CAST(SUM((CASE WHEN credit = 'available' THEN amount ELSE 0 END)
                          - (CASE WHEN debit = 'available' THEN amount ELSE 0 END)) AS BIGINT) AS available,
                      CAST(SUM((CASE WHEN credit = 'held' THEN amount ELSE 0 END)
                          - (CASE WHEN debit = 'held' THEN amount ELSE 0 END)) AS BIGINT) AS held,
                      CAST(SUM((CASE WHEN debit = 'owed' THEN amount ELSE 0 END)
                          - (CASE WHEN credit = 'owed' THEN amount ELSE 0 END)) AS BIGINT) AS owed
                  FROM transfers GROUP BY account_id) t ON t.account_id = w.account_id
              WHERE w.available <> COALESCE(t.available, 0) OR w.held <> COALESCE(t.held, 0)
                  OR w.owed <> COALESCE(t.owed, 0) LIMIT 21",
        timed: false,
    },
    Invariant {
        name: "what is held is what unsettled messages reserved",
        sql: "SELECT 'account ' || CAST(w.account_id AS TEXT) FROM wallets w
              LEFT JOIN (SELECT account_id, CAST(SUM(price) AS BIGINT) AS price FROM messages
                  WHERE status IN ('queued', 'sending') GROUP BY account_id) m
                  ON m.account_id = w.account_id
              WHERE w.held <> COALESCE(m.price, 0) LIMIT 21",
        timed: false,
    },
    Invariant {
        name: "all books add up to zero in each currency",
        sql: "SELECT currency FROM (
                  SELECT currency, available + held - owed AS change FROM wallets
                  UNION ALL SELECT currency, amount FROM transfers WHERE credit IN ('revenue', 'funds')
                  UNION ALL SELECT currency, -amount FROM transfers WHERE debit IN ('revenue', 'funds')) sides
              GROUP BY currency HAVING SUM(change) <> 0 LIMIT 21",
        timed: false,
    },
    Invariant {
        name: "no balance is below zero",
        sql: "SELECT 'account ' || CAST(account_id AS TEXT) FROM wallets
              WHERE available < 0 OR held < 0 OR owed < 0 LIMIT 21",
        timed: false,
    },
    Invariant {
        name: "what was taken back of top-ups is what their reversals say, and given back where they were undone",
        sql: "SELECT 'reversal ' || CAST(COALESCE(r.id, t.source_id) AS TEXT) FROM topup_reversals r
              FULL JOIN (SELECT account_id, source_id,
                      SUM(CASE WHEN kind = 'restored' THEN 0 ELSE amount END) AS taken,
                      SUM(CASE WHEN kind = 'restored' THEN amount ELSE 0 END) AS restored
                  FROM transfers WHERE kind IN ('topup_refund', 'dispute', 'debt', 'restored')
                  GROUP BY account_id, source_id) t
                  ON t.account_id = r.account_id AND t.source_id = r.id
              WHERE r.id IS NULL OR COALESCE(t.taken, 0) <> r.amount
                  OR COALESCE(t.restored, 0) <> (CASE r.state WHEN 'undone' THEN r.amount ELSE 0 END) LIMIT 21",
        timed: false,
    },
    Invariant {
        name: "no more is taken back of a top-up than was paid",
        sql: "SELECT 'top-up ' || CAST(r.topup_id AS TEXT) FROM topup_reversals r
              LEFT JOIN topups p ON p.account_id = r.account_id AND p.id = r.topup_id
              WHERE r.state <> 'undone' GROUP BY r.account_id, r.topup_id, p.amount, p.gross_amount, p.paid_at
              HAVING p.paid_at IS NULL OR SUM(r.amount) > p.amount OR SUM(r.gross) > p.gross_amount LIMIT 21",
        timed: false,
    },
    Invariant {
        name: "what messages reserved on a wallet's day counts as spent on it",
        sql: "SELECT 'account ' || CAST(w.account_id AS TEXT) FROM wallets w
              JOIN transfers t ON t.account_id = w.account_id AND t.kind = 'reserve'
                  AND t.created_at >= w.spent_day * 86400000000
              GROUP BY w.account_id, w.spent HAVING SUM(t.amount) > w.spent LIMIT 21",
        timed: false,
    },
    Invariant {
        name: "a transfer's currency is its wallet's",
        sql: "SELECT 'account ' || CAST(t.account_id AS TEXT) FROM transfers t
              JOIN wallets w ON w.account_id = t.account_id WHERE t.currency <> w.currency LIMIT 21",
        timed: false,
    },
    Invariant {
        name: "an order, a top-up and a paper are in their wallet's currency",
        sql: "SELECT 'account ' || CAST(w.account_id AS TEXT) FROM wallets w
              JOIN (SELECT account_id, currency FROM orders
                  UNION SELECT account_id, currency FROM topups
                  UNION SELECT account_id, currency FROM papers) p
                  ON p.account_id = w.account_id AND p.currency <> w.currency LIMIT 21",
        timed: false,
    },
    Invariant {
        name: "no part is attempted beyond the segments that were billed",
        sql: "SELECT 'message ' || CAST(m.id AS TEXT) FROM attempts t
              JOIN messages m ON m.account_id = t.account_id AND m.id = t.message_id
              WHERE t.part < 1 OR t.part > m.segments LIMIT 21",
        timed: false,
    },
    Invariant {
        name: "every part of a sent or delivered message was accepted",
        sql: "SELECT 'message ' || CAST(m.id AS TEXT) FROM messages m
              WHERE m.direction = 'outbound' AND m.status IN ('sent', 'delivered') AND m.segments <>
                  (SELECT COUNT(DISTINCT t.part) FROM attempts t WHERE t.account_id = m.account_id
                      AND t.message_id = m.id AND t.state = 'accepted') LIMIT 21",
        timed: false,
    },
    Invariant {
        name: "at most two copies of a part may be on the wire, one where at_most_once was asked",
        sql: "SELECT 'part ' || CAST(t.part AS TEXT) || ' of message ' || CAST(t.message_id AS TEXT)
              FROM attempts t JOIN messages m ON m.account_id = t.account_id AND m.id = t.message_id
              WHERE t.state IN ('submitting', 'accepted', 'uncertain', 'expired')
              GROUP BY t.account_id, t.message_id, t.part, m.delivery
              HAVING COUNT(*) > (CASE WHEN m.delivery = 'at_most_once' THEN 1 ELSE 2 END) LIMIT 21",
        timed: false,
    },
    Invariant {
        name: "no part is sent again after it was accepted",
        sql: "SELECT 'part ' || CAST(a.part AS TEXT) || ' of message ' || CAST(a.message_id AS TEXT)
              FROM attempts a JOIN attempts b ON b.account_id = a.account_id
                  AND b.message_id = a.message_id AND b.part = a.part AND b.attempt > a.attempt
              WHERE a.state = 'accepted' AND a.answered_at < b.submitted_at LIMIT 21",
        timed: false,
    },
    Invariant {
        name: "no more is charged than for the parts that a carrier accepted",
        sql: "SELECT 'message ' || CAST(m.id AS TEXT) FROM messages m
              JOIN transfers p ON p.account_id = m.account_id AND p.source_id = m.id AND p.kind = 'post'
              WHERE m.direction = 'outbound' AND p.amount * m.segments > m.price *
                  (SELECT COUNT(DISTINCT t.part) FROM attempts t WHERE t.account_id = m.account_id
                      AND t.message_id = m.id AND t.state = 'accepted') LIMIT 21",
        timed: false,
    },
    Invariant {
        name: "a message delivered by receipts has one for each part",
        sql: "SELECT 'message ' || CAST(m.id AS TEXT) FROM messages m
              WHERE m.direction = 'outbound' AND m.status = 'delivered' AND m.segments <>
                  (SELECT COUNT(DISTINCT t.part) FROM attempts t WHERE t.account_id = m.account_id
                      AND t.message_id = m.id AND t.receipt = 'delivered') LIMIT 21",
        timed: false,
    },
    Invariant {
        name: "a terminal message has its time, any other has none",
        sql: "SELECT 'message ' || CAST(id AS TEXT) || ' is ' || status FROM messages
              WHERE (finished_at IS NULL) <> (status NOT IN ('delivered', 'failed')) AND status <> 'received'
                  OR (failure IS NULL) <> (status <> 'failed') LIMIT 21",
        timed: false,
    },
    Invariant {
        name: "a customer's events follow the edges of a message's life",
        sql: "SELECT 'message ' || CAST(e.message_id AS TEXT) || ': ' || e.was || ' to ' || e.status FROM (
                  SELECT account_id, message_id, status,
                      COALESCE(LAG(status) OVER (PARTITION BY account_id, message_id ORDER BY seq), '') AS was
                  FROM events WHERE message_id IS NOT NULL) e
              WHERE (e.was || '>' || e.status) NOT IN ('>queued', '>received', 'queued>sending',
                  'queued>failed', 'sending>queued', 'sending>sent', 'sending>failed', 'sent>delivered',
                  'sent>failed') LIMIT 21",
        timed: false,
    },
    Invariant {
        name: "each message's status is the one its last event told",
        sql: "SELECT 'message ' || CAST(m.id AS TEXT) || ' is ' || m.status FROM messages m
              LEFT JOIN (SELECT account_id, message_id, status,
                      ROW_NUMBER() OVER (PARTITION BY account_id, message_id ORDER BY seq DESC) AS nth
                  FROM events WHERE message_id IS NOT NULL) e
                  ON e.account_id = m.account_id AND e.message_id = m.id AND e.nth = 1
              WHERE m.status <> COALESCE(e.status, '') LIMIT 21",
        timed: false,
    },
    Invariant {
        name: "no two messages have one id",
        sql: "SELECT 'message ' || CAST(id AS TEXT) FROM messages GROUP BY id HAVING COUNT(*) > 1 LIMIT 21",
        timed: false,
    },
    Invariant {
        name: "each message bears the number of its first event",
        sql: "SELECT 'message ' || CAST(m.id AS TEXT) FROM messages m
              LEFT JOIN (SELECT account_id, message_id, MIN(seq) AS seq FROM events
                  WHERE message_id IS NOT NULL GROUP BY account_id, message_id) e
                  ON e.account_id = m.account_id AND e.message_id = m.id
              WHERE e.seq IS NULL OR e.seq <> m.seq LIMIT 21",
        timed: false,
    },
    Invariant {
        name: "events are numbered without a gap up to the wallet's last",
        sql: "SELECT 'account ' || CAST(w.account_id AS TEXT) FROM wallets w
              LEFT JOIN (SELECT account_id, COUNT(*) AS count, MAX(seq) AS last FROM events
                  GROUP BY account_id) e ON e.account_id = w.account_id
              WHERE w.event_seq <> COALESCE(e.last, 0) OR w.event_seq <> COALESCE(e.count, 0) LIMIT 21",
        timed: false,
    },
    Invariant {
        name: "an idempotency key of a send names a message of its account",
        sql: "SELECT 'message ' || CAST(i.message_id AS TEXT) FROM idempotency i
              LEFT JOIN messages m ON m.account_id = i.account_id AND m.id = i.message_id
              WHERE i.message_id IS NOT NULL AND m.id IS NULL LIMIT 21",
        timed: false,
    },
    Invariant {
        name: "each message was made under one idempotency key at most",
        sql: "SELECT 'message ' || CAST(message_id AS TEXT) FROM idempotency
              WHERE message_id IS NOT NULL
              GROUP BY account_id, message_id HAVING COUNT(*) > 1 LIMIT 21",
        timed: false,
    },
    Invariant {
        name: "daily counts agree with the messages and with what was posted of them",
        sql: "SELECT 'account ' || CAST(c.account_id AS TEXT) || ' day ' || CAST(c.day AS TEXT) FROM (
                  SELECT account_id, day, number_id, carrier_id, outbound, inbound, delivered, failed,
                      segments, spent FROM daily_counts
                  UNION ALL
                  SELECT m.account_id, m.created_at / 86400000000, m.number_id, COALESCE(m.carrier_id, 0),
                      -(CASE WHEN m.direction = 'outbound' THEN 1 ELSE 0 END),
                      -(CASE WHEN m.direction = 'inbound' THEN 1 ELSE 0 END),
                      -(CASE WHEN m.status = 'delivered' THEN 1 ELSE 0 END),
                      -(CASE WHEN m.status = 'failed' THEN 1 ELSE 0 END),
                      -(CASE WHEN m.direction = 'outbound' THEN m.segments ELSE 0 END),
                      -COALESCE(p.amount, 0) FROM messages m
                  LEFT JOIN transfers p ON p.account_id = m.account_id AND p.source_id = m.id
                      AND p.kind = 'post'
                  WHERE m.test = 0) c
              GROUP BY c.account_id, c.day, c.number_id, c.carrier_id
              HAVING SUM(outbound) <> 0 OR SUM(inbound) <> 0 OR SUM(delivered) <> 0 OR SUM(failed) <> 0
                  OR SUM(segments) <> 0 OR SUM(spent) <> 0
              LIMIT 21",
        timed: false,
    },
    Invariant {
        name: "each event that a webhook names has its delivery, or the webhook will come to it",
        sql: "SELECT 'event ' || CAST(e.seq AS TEXT) || ' for webhook ' || CAST(h.id AS TEXT)
              FROM webhooks h JOIN events e ON e.account_id = h.account_id
                  AND e.seq > h.since_seq AND e.seq <= h.after_seq
              WHERE h.status = 'enabled' AND h.deleted_at IS NULL
                  AND e.created_at > $1 - 2505600000000
                  AND (h.profile_id IS NULL OR EXISTS (SELECT 1 FROM messages m
                      WHERE m.account_id = e.account_id AND m.id = e.message_id
                          AND m.profile_id = h.profile_id))
                  AND ',' || h.events || ',' LIKE '%,' || (CASE e.kind
                      WHEN 'sms.status' THEN 'sms.' || e.status ELSE e.kind END) || ',%'
                  AND NOT EXISTS (SELECT 1 FROM webhook_deliveries d WHERE d.account_id = h.account_id
                      AND d.webhook_id = h.id AND d.seq = e.seq) LIMIT 21",
        timed: true,
    },
    Invariant {
        name: "each account has one default messaging profile",
        sql: "SELECT 'account ' || CAST(a.id AS TEXT) FROM accounts a
              WHERE 1 <> (SELECT COUNT(*) FROM messaging_profiles p
                  WHERE p.account_id = a.id AND p.is_default = 1) LIMIT 21",
        timed: false,
    },
    Invariant {
        name: "the messaging profile of each number and webhook is its account's",
        sql: "SELECT o.what || ' ' || CAST(o.id AS TEXT) FROM (
                  SELECT 'number' AS what, id, account_id, profile_id FROM numbers
                  UNION ALL
                  SELECT 'webhook' AS what, id, account_id, profile_id FROM webhooks
                  WHERE deleted_at IS NULL) o
              LEFT JOIN messaging_profiles p
                  ON p.account_id = o.account_id AND p.id = o.profile_id
              WHERE o.profile_id IS NOT NULL AND p.id IS NULL LIMIT 21",
        timed: false,
    },
    Invariant {
        name: "no webhook is ahead of its account's events",
        sql: "SELECT 'webhook ' || CAST(h.id AS TEXT) FROM webhooks h
              JOIN wallets w ON w.account_id = h.account_id
              WHERE h.after_seq > w.event_seq OR h.since_seq > h.after_seq LIMIT 21",
        timed: false,
    },
    Invariant {
        name: "each attempt of a delivery is counted and kept",
        sql: "SELECT 'delivery ' || CAST(d.id AS TEXT) FROM webhook_deliveries d
              WHERE d.attempts <> (SELECT COUNT(*) FROM webhook_attempts t
                  WHERE t.account_id = d.account_id AND t.webhook_id = d.webhook_id
                      AND t.delivery_id = d.id) LIMIT 21",
        timed: false,
    },
    Invariant {
        name: "what counts as delivered to a webhook was answered with 2xx",
        sql: "SELECT 'delivery ' || CAST(d.id AS TEXT) FROM webhook_deliveries d
              WHERE d.status = 'delivered' AND NOT EXISTS (SELECT 1 FROM webhook_attempts t
                  WHERE t.account_id = d.account_id AND t.webhook_id = d.webhook_id
                      AND t.delivery_id = d.id AND t.status_code BETWEEN 200 AND 299) LIMIT 21",
        timed: false,
    },
    Invariant {
        name: "the papers of a kind and year are numbered without gaps",
        sql: "SELECT COALESCE(s.kind, p.kind) || 's of ' || CAST(COALESCE(s.year, p.year) AS TEXT)
              FROM paper_series s
              FULL JOIN (SELECT kind, year, COUNT(*) AS count, MAX(number) AS highest FROM papers
                  GROUP BY kind, year) p ON p.kind = s.kind AND p.year = s.year
              WHERE s.last IS NULL OR p.count IS NULL OR s.last <> p.count OR s.last <> p.highest LIMIT 21",
        timed: false,
    },
    Invariant {
        name: "each receipt is of a payment that was made, and says its amount",
        sql: "SELECT 'paper ' || CAST(p.id AS TEXT) FROM papers p
              LEFT JOIN topups t ON t.account_id = p.account_id AND t.id = p.topup_id
              WHERE p.topup_id IS NOT NULL AND (t.paid_at IS NULL OR t.gross_amount <> p.total) LIMIT 21",
        timed: false,
    },
    Invariant {
        name: "a statement closes with the balance of the ledger at its end",
        sql: "SELECT 'paper ' || CAST(p.id AS TEXT) FROM papers p
              WHERE p.period_end IS NOT NULL AND p.total <> COALESCE((
                  SELECT SUM(CASE WHEN t.credit = 'available' THEN t.amount ELSE -t.amount END)
                  FROM transfers t WHERE t.account_id = p.account_id AND t.id IS NOT NULL
                      AND t.created_at < p.period_end), 0) LIMIT 21",
        timed: false,
    },
    Invariant {
        name: "a test message is simulated, free, and moves no money",
        sql: "SELECT 'message ' || CAST(m.id AS TEXT) FROM messages m
              WHERE m.test = 1 AND (m.simulated = 0 OR m.price <> 0 OR m.direction <> 'outbound'
                  OR EXISTS (SELECT 1 FROM transfers t WHERE t.account_id = m.account_id
                      AND t.source_id = m.id)) LIMIT 21",
        timed: false,
    },
    Invariant {
        name: "what is simulated never left the simulator",
        sql: "SELECT 'message ' || CAST(t.message_id AS TEXT) FROM attempts t
              JOIN messages m ON m.account_id = t.account_id AND m.id = t.message_id
              JOIN carriers c ON c.id = t.carrier_id
              WHERE m.simulated = 1 AND c.kind <> 'simulator' LIMIT 21",
        timed: false,
    },
];

/// Checks every invariant on the transaction's snapshot.
pub fn run(tx: &mut Tx<'_>, now: Timestamp) -> Result<Vec<Finding>, StoreError> {
    INVARIANTS
        .iter()
        .map(|invariant| {
            let now = [Value::from(now)];
            let params = if invariant.timed { &now[..] } else { &[] };
            let mut violations = tx.query(invariant.sql, params, |row| row.get::<String>(0))?;
            violations.truncate(SHOWN_MAX);
            Ok(Finding { name: invariant.name, violations })
        })
        .collect()
}
