//! The same over https, which the library reaches in another way than http.

#[path = "sent_again.rs"]
mod sent_again;
