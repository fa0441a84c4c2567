//! Connections: a request is read, meets its fate, and is answered or not.

use super::answer::Answered;
use super::fate::End;
use super::http::Head;
use super::world::{Arrived, World};
use socket2::SockRef;
use std::io::{BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::thread::{self, Scope};
use std::time::Duration;

pub struct Server(TcpListener);

/// How little a connection takes at a time that takes little, and a segment of it.
const NARROW: usize = 4 << 10;
const SEGMENT: u32 = 536;
/// By then the client has mostly seen what was said early. If not, that is another story.
const SEEN: Duration = Duration::from_millis(2);
/// How long a server that has begun to answer waits for the rest of the request.
const PATIENCE: Duration = Duration::from_millis(500);

impl Server {
    pub fn start(narrow: bool) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        if narrow {
            // Connections inherit both.
            let socket = SockRef::from(&listener);
            socket.set_recv_buffer_size(NARROW).unwrap();
            socket.set_tcp_mss(SEGMENT).unwrap();
        }
        Server(listener)
    }

    pub fn address(&self) -> SocketAddr {
        self.0.local_addr().unwrap()
    }

    /// Accepts connections until it is stopped. They end with the client's side.
    pub fn run<'s>(&self, scope: &'s Scope<'s, '_>, world: &'s World) {
        while let Ok((connection, _)) = self.0.accept() {
            scope.spawn(move || serve(connection, world));
        }
    }

    pub fn stop(&self) {
        let _ = SockRef::from(&self.0).shutdown(Shutdown::Both);
    }
}

fn serve(connection: TcpStream, world: &World) {
    connection.set_nodelay(true).unwrap();
    let mut reader = BufReader::new(connection);
    while let Some(head) = Head::read(&mut reader)
        && let Some(arrived) = world.meet(&head)
    {
        let Some(Answered { bytes, end }) = answer(&mut reader, world, &head, &arrived) else { break };
        let said = reader.get_mut().write_all(&bytes);
        match end {
            None if said.is_ok() => continue,
            Some(End::Closed | End::Garbage) => {
                let _ = reader.get_mut().shutdown(Shutdown::Write);
                // What is neither read nor answered is not waited for.
                if arrived.fate.read || !bytes.is_empty() {
                    wait_for_the_end(&mut reader);
                }
            }
            Some(End::Silent) => wait_for_the_end(&mut reader),
            Some(End::Reset) | None => {}
        }
        break;
    }
    // Nothing lingers: there are thousands of connections a second.
    let _ = SockRef::from(reader.get_ref()).set_linger(Some(Duration::ZERO));
}

/// Reads a request whose head is there, and lets it meet its fate. What is still to be said of it, unless it breaks off.
fn answer(
    reader: &mut BufReader<TcpStream>,
    world: &World,
    head: &Head,
    arrived: &Arrived,
) -> Option<Answered> {
    let turn = arrived.fate.early.then(|| world.turn.lock());
    let early = turn.is_some().then(|| begin(reader.get_mut(), Answered::new(world, arrived, None)));
    let body = if arrived.fate.read { head.body(reader) } else { Ok(Vec::new()) };
    if early.is_some() {
        let _ = reader.get_ref().set_read_timeout(None);
    }
    let _turn = turn.unwrap_or_else(|| world.turn.lock());
    let Some(body) = body.ok().filter(|_| !world.is_too_late(arrived)) else {
        world.break_off(arrived);
        return None;
    };
    let made = world.carry_out(arrived, head, body);
    Some(early.unwrap_or_else(|| Answered::new(world, arrived, made)))
}

/// Says all but the last byte, or ends this side if there is nothing to be said. Returns the rest.
fn begin(connection: &mut TcpStream, mut answered: Answered) -> Answered {
    let rest = answered.bytes.split_off(answered.bytes.len().saturating_sub(1));
    let _ = match rest.is_empty() {
        true => connection.shutdown(Shutdown::Write),
        false => connection.write_all(&answered.bytes),
    };
    thread::sleep(SEEN);
    let _ = connection.set_read_timeout(Some(PATIENCE));
    Answered { bytes: rest, ..answered }
}

/// What still comes is thrown away.
fn wait_for_the_end(reader: &mut BufReader<TcpStream>) {
    let mut rest = [0; 16 << 10];
    while reader.read(&mut rest).is_ok_and(|read| read > 0) {}
}
