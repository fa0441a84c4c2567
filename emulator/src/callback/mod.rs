//! Upload callbacks: the request that OSS sends to the application server once an object is stored.

mod carried;
mod deliver;
mod headers;
mod judge;
mod policy;
mod settings;
mod signature;
mod template;
mod tls;

pub(crate) use carried::{Carried, parse, parse_form};
pub(crate) use deliver::{Delivery, Sockets, addresses, deliver, is_private};
pub use judge::{CallbackRefusal, judge_callback};
pub(crate) use policy::Policy;
pub(crate) use settings::Callback;
pub(crate) use signature::SigningKey;
pub(crate) use template::{Value, Values};
