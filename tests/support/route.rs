//! The ways to a server, over each of which the same rules hold.

use super::effort;
use super::together::together;

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

/// Checks a rule over some routes, at the same time.
pub fn over(routes: &[Route], rule: impl Fn(Route) + Sync) {
    together(routes, |route| rule(*route));
}
