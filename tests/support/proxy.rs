//! A forward proxy: requests in absolute form, and tunnels. It keeps nothing back: what is not read on one side of it stays
//! unread on the other, an end becomes an end there, and a reset a reset.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use socket2::SockRef;
use std::cell::Cell;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// How much the kernel may hold on each side. Two packets of the loopback interface would be too few for it to be fast.
const LARGEST_BACKLOG: usize = 256 << 10;

/// It listens until it is dropped. Connections that it has taken by then end with their clients and servers.
pub struct Proxy {
    address: SocketAddr,
    user_info: Option<&'static str>,
    state: Arc<State>,
    accepting: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct State {
    /// What `Proxy-Authorization` has to be.
    authorization: Option<String>,
    refusal: Mutex<Option<u16>>,
    requests: AtomicUsize,
    tunnels: AtomicUsize,
    open: AtomicUsize,
    is_over: AtomicBool,
}

impl Proxy {
    pub fn start() -> Proxy {
        Proxy::listen(None)
    }

    /// One that refuses whoever does not show this name and this password, written `name:password`.
    pub fn with_password(user_info: &'static str) -> Proxy {
        Proxy::listen(Some(user_info))
    }

    fn listen(user_info: Option<&'static str>) -> Proxy {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        // Those of the connections are made after its image.
        SockRef::from(&listener).set_recv_buffer_size(LARGEST_BACKLOG).expect("a buffer");
        let address = listener.local_addr().expect("an address");
        let authorization = user_info.map(|user_info| format!("Basic {}", STANDARD.encode(user_info)));
        let state = Arc::new(State { authorization, ..State::default() });
        let accepting = thread::spawn({
            let state = Arc::clone(&state);
            move || accept(&listener, &state)
        });
        Proxy { address, user_info, state, accepting: Some(accepting) }
    }

    /// With name and password, if there are any.
    pub fn url(&self) -> String {
        match self.user_info {
            None => format!("http://{}", self.address),
            Some(user_info) => format!("http://{user_info}@{}", self.address),
        }
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// From now on it opens no tunnel, and answers with this status instead.
    pub fn refuse_tunnels(&self, status: u16) {
        *self.state.refusal.lock().expect("the status") = Some(status);
    }

    /// How many requests it has passed on.
    pub fn requests(&self) -> usize {
        self.state.requests.load(Ordering::SeqCst)
    }

    /// How many tunnels it has opened.
    pub fn tunnels(&self) -> usize {
        self.state.tunnels.load(Ordering::SeqCst)
    }

    /// How many servers' connections there are whose end has not been passed on to the client.
    pub fn open_connections(&self) -> usize {
        self.state.open.load(Ordering::SeqCst)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.state.is_over.store(true, Ordering::SeqCst);
        // Wakes the thread up, which then finds that it is over.
        let _ = TcpStream::connect(self.address);
        if let Some(accepting) = self.accepting.take() {
            let _ = accepting.join();
        }
    }
}

fn accept(listener: &TcpListener, state: &Arc<State>) {
    for client in listener.incoming() {
        if state.is_over.load(Ordering::SeqCst) {
            return;
        }
        let Ok(client) = client else { continue };
        let open = Open::note(state);
        let state = Arc::clone(state);
        thread::spawn(move || {
            // Whatever goes wrong, it ends the connection.
            let _ = serve(&state, &client, &open);
            // A reset goes out with this.
            drop(client);
            drop(open);
        });
    }
}

/// A connection whose client has not been told of its end.
struct Open {
    state: Arc<State>,
    is_told: Cell<bool>,
}

impl Open {
    fn note(state: &Arc<State>) -> Open {
        state.open.fetch_add(1, Ordering::SeqCst);
        Open { state: Arc::clone(state), is_told: Cell::new(false) }
    }

    fn client_is_told(&self) {
        if !self.is_told.replace(true) {
            self.state.open.fetch_sub(1, Ordering::SeqCst);
        }
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.client_is_told();
    }
}

fn serve(state: &State, client: &TcpStream, open: &Open) -> io::Result<()> {
    client.set_nodelay(true)?;
    let mut requests = BufReader::new(client);
    let Some(head) = Head::read(&mut requests)? else { return Ok(()) };
    if !state.admits(&head) {
        return refuse(client, 407);
    }
    if head.method == "CONNECT" {
        if let Some(status) = *state.refusal.lock().expect("the status") {
            return refuse(client, status);
        }
        let Ok(server) = connect(&head.target) else { return refuse(client, 502) };
        state.tunnels.fetch_add(1, Ordering::SeqCst);
        (&*client).write_all(b"HTTP/1.1 200 Connection established\r\n\r\n")?;
        relay(client, &server, open, || io::copy(&mut requests, &mut &server).map(drop));
    } else {
        let Some((authority, _)) = head.server() else { return refuse(client, 400) };
        let Ok(server) = connect(authority) else { return refuse(client, 502) };
        relay(client, &server, open, || state.pass_on(head, &mut requests, &server));
    }
    Ok(())
}

fn connect(authority: &str) -> io::Result<TcpStream> {
    let server = TcpStream::connect(authority)?;
    server.set_nodelay(true)?;
    SockRef::from(&server).set_send_buffer_size(LARGEST_BACKLOG)?;
    Ok(server)
}

/// Answers with an error, and waits for the client to leave.
fn refuse(mut client: &TcpStream, status: u16) -> io::Result<()> {
    let reply = format!(
        "HTTP/1.1 {status} Refused\r\nProxy-Authenticate: Basic realm=\"proxy\"\r\nContent-Length: 0\r\n\
         Connection: close\r\n\r\n"
    );
    client.write_all(reply.as_bytes())?;
    client.shutdown(Shutdown::Write)?;
    io::copy(&mut client, &mut io::sink()).map(drop)
}

/// Carries the requests one way and the replies the other, until both have come to their end or one side is broken.
fn relay(
    client: &TcpStream,
    server: &TcpStream,
    open: &Open,
    requests: impl FnOnce() -> io::Result<()> + Send,
) {
    let break_off = || [client, server].into_iter().for_each(reset_when_closed);
    thread::scope(|scope| {
        let asking = scope.spawn(|| match requests() {
            Ok(()) => drop(server.shutdown(Shutdown::Write)),
            Err(_) => break_off(),
        });
        match io::copy(&mut &*server, &mut &*client) {
            Ok(_) if !was_reset(server) => {
                let _ = client.shutdown(Shutdown::Write);
                open.client_is_told();
            }
            _ => break_off(),
        }
        // The end of a scope waits too, but no sanitizer sees it.
        asking.join().expect("requests are carried");
    });
}

/// Makes closing the connection a reset, and ends the wait of whoever reads from it. Of that the peer sees nothing.
fn reset_when_closed(stream: &TcpStream) {
    let _ = SockRef::from(stream).set_linger(Some(Duration::ZERO));
    let _ = stream.shutdown(Shutdown::Read);
}

/// Whether the peer has broken off, rather than said that nothing more is coming. The error itself may have gone to
/// whoever wrote meanwhile.
fn was_reset(stream: &TcpStream) -> bool {
    stream.peer_addr().is_err()
}

impl State {
    fn admits(&self, head: &Head) -> bool {
        self.authorization.is_none() || self.authorization == head.authorization
    }

    /// Passes on a request and those that follow it, which are for the same server.
    fn pass_on(&self, first: Head, from: &mut impl BufRead, mut to: &TcpStream) -> io::Result<()> {
        let mut next = Some(first);
        while let Some(head) = next {
            let (_, path) =
                head.server().filter(|_| self.admits(&head)).ok_or(io::ErrorKind::InvalidInput)?;
            self.requests.fetch_add(1, Ordering::SeqCst);
            let head_for_server = format!("{} {path} HTTP/1.1\r\n{}\r\n", head.method, head.fields);
            to.write_all(head_for_server.as_bytes())?;
            io::copy(&mut from.take(head.length), &mut to)?;
            next = Head::read(from)?;
        }
        Ok(())
    }
}

/// The head of a request.
struct Head {
    method: String,
    target: String,
    /// The lines that are the server's business.
    fields: String,
    length: u64,
    authorization: Option<String>,
}

impl Head {
    /// `None` if there is no further request.
    fn read(from: &mut impl BufRead) -> io::Result<Option<Head>> {
        let mut line = String::new();
        from.read_line(&mut line)?;
        let mut words = line.split(' ');
        let (Some(method), Some(target)) = (words.next(), words.next()) else { return Ok(None) };
        let mut head = Head {
            method: method.to_owned(),
            target: target.to_owned(),
            fields: String::new(),
            length: 0,
            authorization: None,
        };
        loop {
            let mut field = String::new();
            from.read_line(&mut field)?;
            let Some((name, value)) = field.split_once(':') else { return Ok(Some(head)) };
            match name.to_ascii_lowercase().as_str() {
                "proxy-authorization" => head.authorization = Some(value.trim().to_owned()),
                "proxy-connection" => {}
                name => {
                    if name == "content-length" {
                        head.length = value.trim().parse().map_err(io::Error::other)?;
                    }
                    head.fields.push_str(&field);
                }
            }
        }
    }

    /// The server that the target names, and its part of the target.
    fn server(&self) -> Option<(&str, &str)> {
        let target = self.target.strip_prefix("http://")?;
        Some(target.split_at(target.find('/')?))
    }
}
