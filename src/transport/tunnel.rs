//! A tunnel through an HTTP proxy (RFC 9110, 9.3.6).

use std::io;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

const LARGEST_HEAD: usize = 16 << 10;

/// Why there is no tunnel.
pub(super) enum Refused {
    /// The proxy said so.
    Status(String),
    /// The connection to it broke, or its answer makes no sense.
    Broken(io::Error),
}

impl From<io::Error> for Refused {
    fn from(error: io::Error) -> Refused {
        Refused::Broken(error)
    }
}

/// Asks for a tunnel to `target`, which is a host and a port. Afterwards the stream leads there.
pub(super) async fn open(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    target: &str,
    authorization: Option<&str>,
) -> Result<(), Refused> {
    let mut request = format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n");
    if let Some(value) = authorization {
        request.push_str(&format!("Proxy-Authorization: {value}\r\n"));
    }
    request.push_str("\r\n");
    stream.write_all(request.as_bytes()).await?;
    stream.flush().await?;
    let head = read_head(stream).await?;
    let line = head.lines().next().unwrap_or_default();
    match line.split_once(' ') {
        Some((version, status)) if version.starts_with("HTTP/1.") => match status.starts_with('2') {
            true => Ok(()),
            false => Err(Refused::Status(status.chars().filter(|c| !c.is_control()).take(80).collect())),
        },
        _ => Err(io::Error::other("what answered speaks no HTTP").into()),
    }
}

/// Up to and including the empty line. Byte by byte, since what follows belongs to whoever uses the tunnel.
async fn read_head(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") && !head.ends_with(b"\n\n") {
        if head.len() >= LARGEST_HEAD {
            return Err(io::Error::other(format!(
                "the head of the answer is larger than {LARGEST_HEAD} bytes"
            )));
        }
        head.push(stream.read_u8().await?);
    }
    Ok(String::from_utf8_lossy(&head).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::duplex;

    /// What the proxy reads and what comes of its answer.
    fn ask(answer: &str, authorization: Option<&str>) -> (String, Result<(), String>, String) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let (mut ours, mut theirs) = duplex(64 << 10);
            theirs.write_all(answer.as_bytes()).await.unwrap();
            theirs.shutdown().await.unwrap();
            let opened = open(&mut ours, "oss.example:443", authorization).await.map_err(|why| match why {
                Refused::Status(status) => status,
                Refused::Broken(error) => error.to_string(),
            });
            let mut rest = String::new();
            ours.read_to_string(&mut rest).await.unwrap();
            drop(ours);
            let mut asked = String::new();
            theirs.read_to_string(&mut asked).await.unwrap();
            (asked, opened, rest)
        })
    }

    #[test]
    fn what_follows_the_answer_is_left_to_the_tunnel() {
        let (asked, opened, rest) = ask("HTTP/1.1 200 Connection established\r\nVia: x\r\n\r\nhello", None);
        assert_eq!(asked, "CONNECT oss.example:443 HTTP/1.1\r\nHost: oss.example:443\r\n\r\n");
        assert_eq!((opened, rest.as_str()), (Ok(()), "hello"));
        let (asked, ..) = ask("HTTP/1.1 200 OK\r\n\r\n", Some("Basic dTpw"));
        assert!(asked.contains("\r\nProxy-Authorization: Basic dTpw\r\n\r\n"), "{asked}");
    }

    #[test]
    fn a_refusal_is_handed_on_in_the_proxys_words() {
        let refusal = |answer: &str| ask(answer, None).1.unwrap_err();
        assert_eq!(
            refusal("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n"),
            "407 Proxy Authentication Required"
        );
        assert!(refusal("SSH-2.0-x\r\n\r\n").contains("no HTTP"));
        assert_eq!(refusal("HTTP/1.1 200 OK\r\n"), io::Error::from(io::ErrorKind::UnexpectedEof).to_string());
        assert!(refusal(&format!("HTTP/1.1 200 OK\r\n{}", "a: b\r\n".repeat(5000))).contains("larger than"));
    }
}
