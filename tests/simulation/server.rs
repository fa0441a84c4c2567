//! Connections: a request is read, meets its fate, and is answered or not.

use super::answer::Answered;
use super::fate::End;
use super::http::Head;
use super::world::World;
use socket2::SockRef;
use std::io::{BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::thread::Scope;
use std::time::Duration;

pub struct Server(TcpListener);

impl Server {
    pub fn start() -> Server {
        Server(TcpListener::bind("127.0.0.1:0").unwrap())
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
    while let Some(head) = Head::read(&mut reader) {
        let Some(arrived) = world.meet(&head) else { break };
        let read = arrived.fate.read;
        let Ok(body) = (if read { head.body(&mut reader) } else { Ok(Vec::new()) }) else { break };
        let Answered { bytes, end } = Answered::new(world, &arrived, world.carry_out(&arrived, &head, body));
        let said = reader.get_mut().write_all(&bytes);
        match end {
            None if said.is_ok() => continue,
            Some(End::Closed | End::Garbage) => {
                let _ = reader.get_mut().shutdown(Shutdown::Write);
                // What is neither read nor answered is not waited for.
                if read || !bytes.is_empty() {
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

/// What still comes is thrown away.
fn wait_for_the_end(reader: &mut BufReader<TcpStream>) {
    let mut rest = [0; 16 << 10];
    while reader.read(&mut rest).is_ok_and(|read| read > 0) {}
}
