//! Making up for callbacks that are owed: by hand, one, or all that are due.

mod all;
mod settle;

pub use all::DeliveryOptions;
