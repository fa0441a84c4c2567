//! An application server that receives callbacks.

use std::collections::VecDeque;
use std::io::{self, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::emulator::stop_listening;
use crate::http::{BodyReader, Wire};
use crate::threads::Threads;

const BODY_LIMIT: usize = 16 << 20;

/// What an [`AppServer`] answers.
///
/// ```
/// use oss_emulator::Answer;
/// let refusal = Answer { status: 502, ..Answer::default() };
/// let own = Answer::json(r#"{"id":7}"#);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status. Default: 200.
    pub status: u16,
    /// The `Content-Type`, if there is to be one. Default: `application/json`.
    pub content_type: Option<String>,
    /// Further headers, written as they are.
    pub headers: Vec<(String, String)>,
    /// Default: `{"Status":"OK"}`.
    pub body: Vec<u8>,
    /// Send a `Content-Length`. Default: yes. It is left out of chunked answers.
    pub content_length: bool,
    /// Send the body in chunks. Default: no.
    pub chunked: bool,
    /// Wait before answering. Default: not at all.
    pub delay: Duration,
    /// Close the connection instead of answering. Default: no.
    pub hang_up: bool,
}

impl Default for Answer {
    fn default() -> Answer {
        Answer {
            status: 200,
            content_type: Some("application/json".to_owned()),
            headers: Vec::new(),
            body: br#"{"Status":"OK"}"#.to_vec(),
            content_length: true,
            chunked: false,
            delay: Duration::ZERO,
            hang_up: false,
        }
    }
}

impl Answer {
    /// 200 with this JSON text.
    pub fn json(body: impl Into<Vec<u8>>) -> Answer {
        Answer { body: body.into(), ..Answer::default() }
    }

    /// This status with the usual body.
    pub fn status(status: u16) -> Answer {
        Answer { status, ..Answer::default() }
    }

    fn bytes(&self) -> Vec<u8> {
        let mut head = format!("HTTP/1.1 {} Answer\r\nConnection: close\r\n", self.status);
        if let Some(content_type) = &self.content_type {
            head.push_str(&format!("Content-Type: {content_type}\r\n"));
        }
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        if self.chunked {
            head.push_str("Transfer-Encoding: chunked\r\n");
        } else if self.content_length {
            head.push_str(&format!("Content-Length: {}\r\n", self.body.len()));
        }
        head.push_str("\r\n");
        let mut bytes = head.into_bytes();
        if self.chunked {
            if !self.body.is_empty() {
                bytes.extend_from_slice(format!("{:x}\r\n", self.body.len()).as_bytes());
                bytes.extend_from_slice(&self.body);
                bytes.extend_from_slice(b"\r\n");
            }
            bytes.extend_from_slice(b"0\r\n\r\n");
        } else {
            bytes.extend_from_slice(&self.body);
        }
        bytes
    }
}

/// A request that an [`AppServer`] received.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AppRequest {
    /// The HTTP method.
    pub method: String,
    /// The request target, exactly as it was sent.
    pub target: String,
    /// The headers as they were sent.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl AppRequest {
    /// The first header of that name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(other, _)| other.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }
}

/// A small application server on loopback: it records what it is asked, and answers as it was told. It ends when it is
/// dropped.
#[derive(Debug)]
pub struct AppServer {
    shared: Arc<Shared>,
    address: SocketAddr,
    listener: Arc<TcpListener>,
    accepting: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct State {
    requests: VecDeque<AppRequest>,
    answer: Answer,
    next_answers: VecDeque<Answer>,
    open: Vec<(u64, Arc<TcpStream>)>,
    accepted: u64,
    stopping: bool,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until `done`, or so long; true if done.
    fn wait(&self, time: Duration, done: impl Fn(&State) -> bool) -> bool {
        self.wait_for(time, |state| done(state).then_some(())).is_some()
    }

    /// Waits until there is something, or so long.
    fn wait_for<T>(&self, time: Duration, mut find: impl FnMut(&mut State) -> Option<T>) -> Option<T> {
        let deadline = Instant::now() + time;
        let mut state = self.lock();
        loop {
            let found = find(&mut state);
            let left = deadline.saturating_duration_since(Instant::now());
            if found.is_some() || left.is_zero() {
                return found;
            }
            state = match self.changed.wait_timeout(state, left) {
                Ok((state, _)) => state,
                Err(poisoned) => poisoned.into_inner().0,
            };
        }
    }
}

impl AppServer {
    /// Starts a server on a free port of 127.0.0.1.
    pub fn start() -> io::Result<AppServer> {
        AppServer::start_on(0)
    }

    /// Starts a server on this port of 127.0.0.1; 0 for a free one.
    pub fn start_on(port: u16) -> io::Result<AppServer> {
        let listener = Arc::new(TcpListener::bind(("127.0.0.1", port))?);
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared::default());
        let accepting = thread::Builder::new().name("app-server".to_owned()).spawn({
            let (shared, listener) = (Arc::clone(&shared), Arc::clone(&listener));
            move || accept(&shared, &listener)
        })?;
        Ok(AppServer { shared, address, listener, accepting: Some(accepting) })
    }

    /// `http://127.0.0.1:PORT`, without a slash at the end.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The port that the server listens on.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// The requests so far.
    pub fn requests(&self) -> Vec<AppRequest> {
        self.shared.lock().requests.iter().cloned().collect()
    }

    /// Forgets the requests so far.
    pub fn clear_requests(&self) {
        self.shared.lock().requests.clear();
    }

    /// Waits until there are so many requests, or so long. Returns the requests there are.
    pub fn wait_for_requests(&self, count: usize, timeout: Duration) -> Vec<AppRequest> {
        self.shared.wait(timeout, |state| state.requests.len() >= count);
        self.requests()
    }

    /// Waits until there is a request, or so long, and takes the first one out of those there are.
    pub fn take_request(&self, timeout: Duration) -> Option<AppRequest> {
        self.shared.wait_for(timeout, |state| state.requests.pop_front())
    }

    /// Sets the answer from now on.
    pub fn answer(&self, answer: Answer) {
        self.shared.lock().answer = answer;
    }

    /// Adds an answer for one request, behind those that wait; then the usual answer follows again.
    pub fn answer_once(&self, answer: Answer) {
        self.shared.lock().next_answers.push_back(answer);
    }
}

impl Drop for AppServer {
    fn drop(&mut self) {
        {
            let mut state = self.shared.lock();
            state.stopping = true;
            for (_, socket) in &state.open {
                let _ = socket.shutdown(Shutdown::Both);
            }
        }
        self.shared.changed.notify_all();
        stop_listening(&self.listener);
        if let Some(accepting) = self.accepting.take() {
            let _ = accepting.join();
        }
    }
}

fn accept(shared: &Arc<Shared>, listener: &TcpListener) {
    let mut serving = Threads::default();
    loop {
        let accepted = listener.accept();
        let mut state = shared.lock();
        if state.stopping {
            return;
        }
        let Ok((tcp, _)) = accepted else {
            drop(state);
            // Out of descriptors, or the peer is gone again; a short wait keeps this from spinning.
            if shared.wait(Duration::from_millis(10), |state| state.stopping) {
                return;
            }
            continue;
        };
        let tcp = Arc::new(tcp);
        state.accepted += 1;
        let id = state.accepted;
        state.open.push((id, Arc::clone(&tcp)));
        drop(state);
        let started = serving.start("app-server-connection".to_owned(), {
            let shared = Arc::clone(shared);
            move || {
                // A client that goes away is no concern of this server.
                let _ = serve(&shared, &tcp);
                let _ = tcp.shutdown(Shutdown::Both);
                drop(tcp);
                forget(&shared, id);
            }
        });
        if started.is_err() {
            forget(shared, id);
        }
    }
}

fn forget(shared: &Shared, id: u64) {
    shared.lock().open.retain(|(other, _)| *other != id);
    shared.changed.notify_all();
}

/// Serves the one request of a connection.
fn serve(shared: &Shared, tcp: &TcpStream) -> io::Result<()> {
    let invalid = || io::Error::from(io::ErrorKind::InvalidData);
    let mut wire = Wire::new(tcp);
    let head = wire.read_head(|| {}).map_err(|_| invalid())?;
    let framing = head.framing().map_err(|_| invalid())?;
    let mut body = Vec::new();
    let mut buffer = [0; 16 * 1024];
    let mut reader = BodyReader::new(&mut wire, framing);
    loop {
        match reader.read(&mut buffer).map_err(|_| invalid())? {
            0 => break,
            read => body.extend_from_slice(&buffer[..read]),
        }
        if body.len() > BODY_LIMIT {
            return Err(invalid());
        }
    }
    let answer = {
        let mut state = shared.lock();
        state.requests.push_back(AppRequest {
            method: head.method.clone(),
            target: head.target.clone(),
            headers: head.headers.to_pairs(),
            body,
        });
        state.next_answers.pop_front().unwrap_or_else(|| state.answer.clone())
    };
    shared.changed.notify_all();
    if !answer.delay.is_zero() && shared.wait(answer.delay, |state| state.stopping) {
        return Ok(());
    }
    if answer.hang_up {
        return Ok(());
    }
    let mut tcp = tcp;
    tcp.write_all(&answer.bytes())?;
    tcp.shutdown(Shutdown::Write)
}
