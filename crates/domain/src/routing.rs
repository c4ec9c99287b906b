//! Which carriers may take a message, best first.

use std::collections::BTreeSet;

use crate::{CarrierId, E164, Prefix};

/// A row of the routing table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    pub prefix: Prefix,
    pub carrier: CarrierId,
    /// Lower is tried first.
    pub priority: i64,
    /// Share of the traffic among routes of one prefix and priority.
    pub weight: i64,
}

/// The carriers for `to`, best first: longest prefix, then lowest priority, then by weight.
///
/// Only the routes of the longest covering prefix count: a specific route says
/// where its traffic goes and where it does not. Routes of one priority are
/// drawn by weight without replacement; `draw` is a uniform number that differs
/// from message to message, such as a mix of its id. A weight of 0 comes last
/// in its priority.
pub fn candidates(routes: &[Route], to: &E164, draw: u64) -> Vec<CarrierId> {
    let covering = || routes.iter().filter(|route| route.prefix.covers(to));
    let Some(longest) = covering().map(|route| route.prefix.len()).max() else {
        return Vec::new();
    };
    let mut eligible: Vec<&Route> =
        covering().filter(|route| route.prefix.len() == longest).collect();
    let priorities: BTreeSet<i64> = eligible.iter().map(|route| route.priority).collect();
    let mut ordered: Vec<CarrierId> = Vec::with_capacity(eligible.len());
    for priority in priorities {
        let (mut tier, rest) = eligible.into_iter().partition(|route| route.priority == priority);
        eligible = rest;
        let mut draw = draw;
        while !tier.is_empty() {
            let carrier = take_by_weight(&mut tier, draw).carrier;
            draw = mix(draw);
            if !ordered.contains(&carrier) {
                ordered.push(carrier);
            }
        }
    }
    ordered
}

fn take_by_weight<'a>(tier: &mut Vec<&'a Route>, draw: u64) -> &'a Route {
    let weight = |route: &Route| u64::try_from(route.weight).unwrap_or(0);
    let total: u64 = tier.iter().map(|route| weight(route)).sum();
    let mut point = if total == 0 { 0 } else { draw % total };
    let index = tier
        .iter()
        .position(|route| {
            let within = total == 0 || point < weight(route);
            point = point.saturating_sub(weight(route));
            within
        })
        .unwrap_or(0);
    tier.remove(index)
}

/// Spreads nearby numbers evenly (the finaliser of SplitMix64).
pub fn mix(value: u64) -> u64 {
    let mut z = value.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route(prefix: &str, carrier: i64, priority: i64, weight: i64) -> Route {
        Route {
            prefix: prefix.parse().unwrap(),
            carrier: CarrierId::new(carrier),
            priority,
            weight,
        }
    }

    fn order(routes: &[Route], draw: u64) -> Vec<i64> {
        let to = "+31612345678".parse().unwrap();
        candidates(routes, &to, draw).into_iter().map(CarrierId::get).collect()
    }

    #[test]
    fn the_longest_prefix_wins_whatever_its_priority() {
        let routes = [route("+", 1, 0, 1), route("+31", 2, 9, 1), route("+32", 3, 0, 1)];
        assert_eq!(order(&routes, 0), [2]);
    }

    #[test]
    fn lower_priorities_come_first() {
        let routes = [route("+31", 1, 20, 1), route("+31", 2, 10, 1), route("+31", 3, 30, 1)];
        assert_eq!(order(&routes, 7), [2, 1, 3]);
    }

    #[test]
    fn weights_share_the_traffic() {
        let routes = [route("+", 1, 1, 3), route("+", 2, 1, 1), route("+", 3, 1, 0)];
        let firsts: Vec<i64> = (0..4_000).map(|id| order(&routes, mix(id))[0]).collect();
        let share = firsts.iter().filter(|carrier| **carrier == 1).count();
        assert!((2_850..3_150).contains(&share), "{share} of 4000");
        assert!(!firsts.contains(&3));
        assert_eq!(order(&routes, 5).len(), 3, "weight 0 is still a last resort");
    }

    #[test]
    fn no_route_no_carrier() {
        assert!(order(&[route("+32", 1, 1, 1)], 0).is_empty());
    }
}
