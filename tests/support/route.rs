//! The ways to a server, over each of which the same rules hold.

use super::effort;
use std::thread;

/// Whether with TLS, and whether through a proxy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Route {
    Http,
    Https,
    HttpProxy,
    HttpsProxy,
}

impl Route {
    pub const ALL: [Route; 4] = [Route::Http, Route::Https, Route::HttpProxy, Route::HttpsProxy];

    pub fn is_https(self) -> bool {
        matches!(self, Route::Https | Route::HttpsProxy)
    }

    pub fn has_proxy(self) -> bool {
        matches!(self, Route::HttpProxy | Route::HttpsProxy)
    }
}

/// Checks a rule over every route, or over the plainest and the one that has everything.
pub fn over_every_route(rule: impl Fn(Route) + Sync) {
    over(&effort::ends(&Route::ALL), rule);
}

/// Checks a rule over some routes, at the same time: most of what a rule needs time for is waiting.
pub fn over(routes: &[Route], rule: impl Fn(Route) + Sync) {
    let rule = &rule;
    let failed: Vec<Route> = thread::scope(|scope| {
        let start = |route: Route| {
            // A message of a failure begins with the name of its thread.
            let thread = thread::Builder::new().name(format!("over {route:?}"));
            thread.spawn_scoped(scope, move || rule(route)).expect("a thread")
        };
        let running: Vec<_> = routes.iter().map(|route| (*route, start(*route))).collect();
        let results = running.into_iter().map(|(route, thread)| (route, thread.join()));
        results.filter(|(_, result)| result.is_err()).map(|(route, _)| route).collect()
    });
    assert!(failed.is_empty(), "it does not hold over {failed:?}");
}
