//! The bodies of requests, by length and in chunks.

use std::io::{self, ErrorKind, Read, Write};

use super::{Framing, Wire};

const CHUNK_LINE_LIMIT: usize = 8 * 1024;

/// Why a body could not be read to its end.
#[derive(Debug)]
pub(crate) enum BodyError {
    Closed,
    /// Nothing came for as long as the stream may wait.
    TimedOut,
    Malformed(String),
}

impl From<io::Error> for BodyError {
    fn from(error: io::Error) -> BodyError {
        match error.kind() {
            ErrorKind::WouldBlock | ErrorKind::TimedOut => BodyError::TimedOut,
            _ => BodyError::Closed,
        }
    }
}

/// Reads one request's body off a connection.
pub(crate) struct BodyReader<'a, S> {
    wire: &'a mut Wire<S>,
    state: BodyState,
}

enum BodyState {
    Remaining(u64),
    ChunkStart,
    InChunk(u64),
    End,
}

impl<'a, S: Read + Write> BodyReader<'a, S> {
    pub fn new(wire: &'a mut Wire<S>, framing: Framing) -> BodyReader<'a, S> {
        let state = match framing {
            Framing::None | Framing::Length(0) => BodyState::End,
            Framing::Length(length) => BodyState::Remaining(length),
            Framing::Chunked => BodyState::ChunkStart,
        };
        BodyReader { wire, state }
    }

    /// Reads some bytes; `Ok(0)` is the end of the body. `out` must not be empty.
    pub fn read(&mut self, out: &mut [u8]) -> Result<usize, BodyError> {
        loop {
            match self.state {
                BodyState::End => return Ok(0),
                BodyState::Remaining(left) => {
                    let read = self.read_some(out, left)?;
                    self.state = match left - read as u64 {
                        0 => BodyState::End,
                        left => BodyState::Remaining(left),
                    };
                    return Ok(read);
                }
                BodyState::ChunkStart => {
                    let line = self.wire.read_line()?;
                    let digits = line.split(';').next().unwrap_or_default().trim_ascii();
                    let length = u64::from_str_radix(digits, 16)
                        .ok()
                        .filter(|_| digits.bytes().all(|byte| byte.is_ascii_hexdigit()))
                        .ok_or_else(|| BodyError::Malformed("A chunk's size is wrong.".into()))?;
                    if length > 0 {
                        self.state = BodyState::InChunk(length);
                    } else {
                        while !self.wire.read_line()?.is_empty() {}
                        self.state = BodyState::End;
                    }
                }
                BodyState::InChunk(0) => {
                    if !self.wire.read_line()?.is_empty() {
                        return Err(BodyError::Malformed("A chunk is longer than said.".into()));
                    }
                    self.state = BodyState::ChunkStart;
                }
                BodyState::InChunk(left) => {
                    let read = self.read_some(out, left)?;
                    self.state = BodyState::InChunk(left - read as u64);
                    return Ok(read);
                }
            }
        }
    }

    fn read_some(&mut self, out: &mut [u8], left: u64) -> Result<usize, BodyError> {
        let room = usize::try_from(left).unwrap_or(usize::MAX).min(out.len());
        match self.wire.read(&mut out[..room])? {
            0 => Err(BodyError::Closed),
            read => Ok(read),
        }
    }
}

impl<S: Read + Write> Wire<S> {
    /// A line of a chunked body, without its line end.
    fn read_line(&mut self) -> Result<String, BodyError> {
        loop {
            if let Some(length) = self.buffered().iter().position(|&byte| byte == b'\n') {
                let line = String::from_utf8_lossy(&self.buffered()[..length]).into_owned();
                self.start += length + 1;
                let line = line.strip_suffix('\r').filter(|line| !line.contains('\r'));
                return line
                    .map(str::to_owned)
                    .ok_or_else(|| BodyError::Malformed("A chunk's line does not end as it should.".into()));
            }
            if self.buffered().len() >= CHUNK_LINE_LIMIT {
                return Err(BodyError::Malformed("A chunk's first line is too long.".into()));
            }
            if !self.fill()? {
                return Err(BodyError::Closed);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    fn read_all(request: &[u8]) -> Result<Vec<u8>, String> {
        let mut wire = Wire::new(Cursor::new(request.to_vec()));
        let head = wire.read_head(|| {}).map_err(|error| format!("{error:?}"))?;
        let framing = head.framing()?;
        let mut reader = BodyReader::new(&mut wire, framing);
        let mut body = Vec::new();
        let mut buffer = [0; 3];
        loop {
            match reader.read(&mut buffer).map_err(|error| format!("{error:?}"))? {
                0 => return Ok(body),
                read => body.extend_from_slice(&buffer[..read]),
            }
        }
    }

    #[test]
    fn bodies_are_read_by_length_and_by_chunks() {
        let by_length = b"PUT /k HTTP/1.1\r\nContent-Length: 5\r\n\r\nhelloNEXT";
        assert_eq!(read_all(by_length).unwrap(), b"hello");
        let chunked = b"PUT /k HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n4;x=y\r\nhell\r\n1\r\no\r\n0\r\nA: b\r\n\r\n";
        assert_eq!(read_all(chunked).unwrap(), b"hello");
        let both =
            b"PUT /k HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n";
        assert_eq!(read_all(both).unwrap(), b"hi");
    }

    #[test]
    fn ambiguous_or_broken_bodies_are_refused() {
        for request in [
            "PUT / HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
            "PUT / HTTP/1.1\r\nContent-Length: +5\r\n\r\nhello",
            "PUT / HTTP/1.1\r\nContent-Length: 99999999999999999999999\r\n\r\nhello",
            "PUT / HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: gzip\r\n\r\n0\r\n\r\n",
            "PUT / HTTP/1.1\r\nTransfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n",
            "PUT / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n",
            "PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
            "PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n+1\r\na\r\n0\r\n\r\n",
            "PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n",
            "PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\na\r\n0\r\n\r\n",
            "PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\n0\r\n\r\n",
            "PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\r\r\na\r\n0\r\n\r\n",
            "PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\n",
            "PUT / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n",
            "PUT / HTTP/1.1\r\nContent-Length: 5\r\n\r\nhell",
        ] {
            assert!(read_all(request.as_bytes()).is_err(), "{request:?}");
        }
    }
}
