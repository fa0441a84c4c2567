//! The same over https, which the library reaches in another way than http.

#[path = "managed.rs"]
mod managed;
