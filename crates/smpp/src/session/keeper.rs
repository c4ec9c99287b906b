//! Keeps time: answers that do not come, peers that fall silent, goodbyes.

use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior, interval};

use super::{Event, Shared};
use crate::{Body, Pdu};

/// How precisely time is kept.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// How long a goodbye waits for its answer.
const UNBIND_TIMEOUT: Duration = Duration::from_secs(2);

pub(super) async fn keep(shared: &Shared) -> String {
    let mut looks = interval(LOOK_EVERY);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut said_goodbye: Option<Instant> = None;
    loop {
        looks.tick().await;
        let now = Instant::now();
        for token in shared.give_up(now) {
            shared.tell(Event::NoAnswer { token });
        }
        if shared.state().draining && said_goodbye.is_none() && shared.is_idle() {
            said_goodbye = Some(now);
            shared.unbind();
        }
        if said_goodbye.is_some_and(|at| now >= at + UNBIND_TIMEOUT) {
            return "the peer did not answer the goodbye".to_owned();
        }
        if is_silent(shared, now) {
            return "the peer does not answer enquire_link".to_owned();
        }
    }
}

/// Asks a quiet peer whether it is there; true where it did not answer that in time.
fn is_silent(shared: &Shared, now: Instant) -> bool {
    let mut state = shared.state();
    match state.enquired_at {
        // Anything that came since shows that it is there.
        Some(at) if state.heard_at > at => state.enquired_at = None,
        Some(at) => return now >= at + shared.limits.enquire_link_timeout,
        None => {}
    }
    if now < state.heard_at + shared.limits.enquire_link_every {
        return false;
    }
    state.enquired_at = Some(now);
    let sequence = state.take_sequence();
    drop(state);
    shared.control(&Pdu::request(sequence, Body::EnquireLink));
    false
}
