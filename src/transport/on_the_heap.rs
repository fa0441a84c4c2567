//! Futures that are too large for the stack, which may be small.

use std::pin::Pin;

/// A future on the heap. It gets there by a function of its own: whoever makes one and awaits it would have room for another on
/// the stack for as long as that takes.
#[inline(never)]
pub fn on_the_heap<F>(make: impl FnOnce() -> F) -> Pin<Box<F>> {
    Box::pin(make())
}
