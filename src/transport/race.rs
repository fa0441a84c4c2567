//! The first of several addresses that answers (RFC 8305).

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

/// An address is given so long before the next one is tried as well.
const HEAD_START: Duration = Duration::from_millis(250);

/// What `dial` gives for the first address that answers. The next one is tried a moment after the last, or at once when
/// that failed. If all fail, each one's error.
pub(super) async fn first<T, F: Future<Output = io::Result<T>>>(
    addresses: Vec<SocketAddr>,
    dial: impl Fn(SocketAddr) -> F,
) -> Result<(T, SocketAddr), Vec<(SocketAddr, io::Error)>> {
    let mut failed = Vec::new();
    let mut dialling = FuturesUnordered::new();
    let mut rest = addresses.into_iter();
    let dial = &dial;
    let begin = |address: SocketAddr| async move { (address, dial(address).await) };
    dialling.extend(rest.next().map(begin));
    loop {
        let ended = match rest.len() {
            0 => dialling.next().await,
            _ => match tokio::time::timeout(HEAD_START, dialling.next()).await {
                Ok(ended) => ended,
                Err(_) => {
                    dialling.extend(rest.next().map(begin));
                    continue;
                }
            },
        };
        match ended {
            Some((address, Ok(won))) => return Ok((won, address)),
            Some((address, Err(error))) => {
                failed.push((address, error));
                dialling.extend(rest.next().map(begin));
            }
            None => return Err(failed),
        }
    }
}

/// Addresses in the order in which they are tried: the families take turns, beginning with the first one's, and `favourite`
/// comes before all others.
pub(super) fn in_turns(addresses: &[IpAddr], favourite: Option<IpAddr>) -> Vec<IpAddr> {
    let begins_with_v4 = addresses.first().is_some_and(IpAddr::is_ipv4);
    let (mut first, mut second): (Vec<IpAddr>, Vec<IpAddr>) =
        addresses.iter().partition(|address| address.is_ipv4() == begins_with_v4);
    first.reverse();
    second.reverse();
    let mut ordered: Vec<IpAddr> = favourite.into_iter().filter(|one| addresses.contains(one)).collect();
    while !(first.is_empty() && second.is_empty()) {
        ordered.extend(first.pop().filter(|one| Some(*one) != favourite));
        ordered.extend(second.pop().filter(|one| Some(*one) != favourite));
    }
    ordered
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::RefCell;
    use std::future::pending;
    use tokio::time::Instant;

    fn addresses(texts: &[&str]) -> Vec<IpAddr> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    #[test]
    fn families_take_turns_and_the_last_winner_is_first() {
        let found = addresses(&["::1", "::2", "::3", "1.1.1.1", "2.2.2.2"]);
        let turns = addresses(&["::1", "1.1.1.1", "::2", "2.2.2.2", "::3"]);
        assert_eq!(in_turns(&found, None), turns);
        let favourite = "2.2.2.2".parse().ok();
        assert_eq!(in_turns(&found, favourite), addresses(&["2.2.2.2", "::1", "1.1.1.1", "::2", "::3"]));
        // One that the name no longer has is not tried.
        assert_eq!(in_turns(&found, "9.9.9.9".parse().ok()), turns);
        assert!(in_turns(&[], favourite).is_empty());
    }

    /// Races ports, each of which answers after its milliseconds, fails if they are odd, or does neither if there are none.
    fn race(ports: &[u16]) -> (Result<u16, usize>, Duration, Vec<u16>) {
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        let tried: RefCell<Vec<u16>> = RefCell::default();
        let dial = async |address: SocketAddr| {
            tried.borrow_mut().push(address.port());
            if address.port() == 0 {
                pending::<()>().await;
            }
            tokio::time::sleep(Duration::from_millis(u64::from(address.port()))).await;
            if address.port() % 2 == 1 { Err(io::ErrorKind::ConnectionRefused.into()) } else { Ok(()) }
        };
        let addresses =
            ports.iter().map(|port| SocketAddr::new("127.0.0.1".parse().unwrap(), *port)).collect();
        let (won, time) = runtime.block_on(async {
            let began = Instant::now();
            let won = first(addresses, dial).await;
            (won.map(|(_, address)| address.port()).map_err(|failed| failed.len()), began.elapsed())
        });
        (won, time, tried.into_inner())
    }

    #[test]
    fn a_dead_address_costs_a_moment_and_one_that_refuses_nothing() {
        let (won, time, tried) = race(&[0, 10]);
        assert_eq!((won, time, tried), (Ok(10), HEAD_START + Duration::from_millis(10), vec![0, 10]));
        let (won, time, tried) = race(&[1, 10, 20]);
        assert_eq!((won, time, tried), (Ok(10), Duration::from_millis(11), vec![1, 10]));
        // A slow one wins if it answers before those that were tried after it.
        let (won, time, _) = race(&[300, 200]);
        assert_eq!((won, time), (Ok(300), Duration::from_millis(300)));
        assert_eq!(race(&[1, 3]).0, Err(2));
        assert_eq!(race(&[]).0, Err(0));
    }
}
