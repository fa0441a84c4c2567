//! Where connections start from.

use crate::wire::mistake::{Mistake, shown};
use socket2::SockRef;
use std::io;
use std::net::{IpAddr, SocketAddr};
use tokio::net::TcpSocket;

/// The longest name of a network interface; the kernel's `IFNAMSIZ` counts the NUL behind it too.
const INTERFACE_MAX: usize = 15;

/// Where connections start from.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Bind {
    /// An address of this machine.
    Address(IpAddr),
    /// A network interface.
    Interface(String),
}

impl Bind {
    /// Reads an IP address, or else the name of an interface as the kernel allows it.
    pub fn parse(text: &str) -> Result<Bind, Mistake> {
        if let Ok(address) = text.parse() {
            return Ok(Bind::Address(address));
        }
        let is_foreign = |character: char| matches!(character, '/' | ':') || character.is_whitespace();
        if !(1..=INTERFACE_MAX).contains(&text.len()) || text.contains(is_foreign) {
            return Err(Mistake::new(format!(
                "{} is neither an IP address nor the name of a network interface, which has 1 to {INTERFACE_MAX} bytes \
                 without \"/\", \":\" and white space",
                shown(text)
            )));
        }
        Ok(Bind::Interface(text.to_owned()))
    }

    /// Lets a connection of this socket start there.
    pub(super) fn apply(&self, socket: &TcpSocket) -> io::Result<()> {
        match self {
            Bind::Address(own) => socket.bind(SocketAddr::new(*own, 0)),
            Bind::Interface(name) => SockRef::from(socket).bind_device(Some(name.as_bytes())),
        }
    }

    /// Whether an address can be reached from here: those of the other family cannot.
    pub(super) fn reaches(&self, address: IpAddr) -> bool {
        match self {
            Bind::Address(own) => own.is_ipv4() == address.is_ipv4(),
            Bind::Interface(_) => true,
        }
    }
}

impl std::fmt::Display for Bind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Bind::Address(own) => write!(f, "the address {own}"),
            Bind::Interface(name) => write!(f, "the interface {name}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_start_from_an_address_or_an_interface() {
        for (text, expected) in [
            ("192.0.2.1", Bind::Address("192.0.2.1".parse().unwrap())),
            ("2001:db8::1", Bind::Address("2001:db8::1".parse().unwrap())),
            ("eth0", Bind::Interface("eth0".to_owned())),
            ("fifteen-bytes-x", Bind::Interface("fifteen-bytes-x".to_owned())),
        ] {
            assert_eq!(Bind::parse(text).unwrap(), expected, "{text}");
        }
    }

    #[test]
    fn what_is_neither_address_nor_interface_is_refused() {
        for text in ["", "sixteen-bytes-xx", "a/b", "a b", "a\tb", "[::1]", "fe80::1%eth0", "192.0.2.1:80"] {
            let mistake = Bind::parse(text).unwrap_err();
            assert!(mistake.message().contains("1 to 15 bytes"), "{text}: {mistake}");
        }
    }
}
