//! The program `oss-emulator`: an OSS server on loopback until it is stopped.

use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use clap::Parser;
use oss_emulator::{
    Config, Credential, DEFAULT_ACCESS_KEY_ID, DEFAULT_ACCESS_KEY_SECRET, DEFAULT_BUCKET, Emulator, Fault,
    Tls,
};

const FAULTS: &str = r#"Control requests (no signature needed; the server listens on loopback unless told otherwise):
  GET    /-/health                   {"status":"ok"}
  GET    /-/requests                 all requests so far, as JSON; DELETE forgets them
  POST   /-/faults                   adds a fault (JSON as below), or a list of faults
  DELETE /-/faults                   forgets all faults that wait
  GET    /-/callback_pub_key.pem     the key that verifies the callbacks' signatures

The token service: GET and POST /-/sts?Action=AssumeRole&..., or /?Action=AssumeRole&... for clients that take no path,
signed by HMAC-SHA1 (version 1.0). Any role can be assumed, and its keys can do everything; a policy is refused (501).

Faults, for --fault and POST /-/faults: {"action":"<name>", <its members>, <the matcher>}; a code is that of the status, abrupt
and reset are false, and interval_ms is 0, unless it is said.

  Instead of the work (nothing is stored):
    reset_after_body_bytes  bytes                 read so much of the body, then reset the connection
    stall_after_body_bytes  bytes                 read so much of the body, then be silent for ever
    early_error             status, code, abrupt  error right after the head; closes softly, or by a reset if abrupt
    close_before_work                             read the body, close
    reset_before_work                             read the body, reset
    status                  status, code          read the body, answer this error
    redirect                location              read the body, answer 307
  After the work (the object is stored, the callback has run):
    close_without_reply                           close
    reset_before_reply                            reset
    status_after_work       status, code          answer this error all the same
    slow_reply              delay_ms              wait before the reply
    drip_reply              interval_ms           send the reply byte by byte
    garbage_reply                                 answer something that is not HTTP
    close_idle              reset                 keep-alive promised, but closed (or reset) after the reply
    wrong_crc, omit_crc, omit_etag, garble_etag   spoil that header of the reply
    truncate_reply_body                           Content-Length larger than what is sent
    huge_reply_body         bytes                 a body of this size
    huge_reply_headers      bytes                 headers of this size
    chunked_reply                                 a chunked body

  The matcher, all optional: method ("PUT"), operation ("PutObject", "UploadPart", "CompleteMultipartUpload", ...),
  bucket, key, part_number, skip (let so many pass first), times (a number, or "always"; default 1), probability
  (0 to 1; then without end).

  Example: --fault '{"action":"status","status":503,"operation":"UploadPart","part_number":2,"times":2}'

Addressing: http://127.0.0.1:PORT/BUCKET/KEY, http://BUCKET.localhost:PORT/KEY, http://BUCKET.NAME:PORT/KEY with a NAME given
by --domain, or a domain of the bucket's own given by --cname. A bucket before an endpoint of OSS, such as
BUCKET.oss-cn-hangzhou.aliyuncs.com, is known too: an SDK may send it as Host whatever the address is. With any other host,
addresses among them, the bucket is in the path; at an endpoint of OSS it cannot be there."#;

/// A local Alibaba Cloud OSS server, for quick starts and tests.
///
/// It verifies signatures V1 and V4 (in headers and URLs), stores objects in memory or in a folder, performs upload
/// callbacks, and makes faults on order. It prints where it listens, and runs until it is stopped.
#[derive(Debug, Parser)]
#[command(name = "oss-emulator", version, after_long_help = FAULTS)]
struct Arguments {
    /// Port to listen on; 0 takes a free one and prints it
    #[arg(long, default_value_t = 0)]
    port: u16,

    /// Address to listen on. Anyone who can reach it can use the control requests
    #[arg(long, value_name = "ADDRESS", default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST))]
    listen: IpAddr,

    /// A bucket that exists from the start; may be repeated
    #[arg(long = "bucket", value_name = "NAME", default_value = DEFAULT_BUCKET)]
    buckets: Vec<String>,

    /// Make a bucket when a request first names it
    #[arg(long)]
    auto_create: bool,

    /// The access key id
    #[arg(long, value_name = "ID", default_value = DEFAULT_ACCESS_KEY_ID)]
    access_key_id: String,

    /// The access key secret
    #[arg(long, value_name = "SECRET", default_value = DEFAULT_ACCESS_KEY_SECRET)]
    access_key_secret: String,

    /// Another access key, or with a token temporary credentials; may be repeated
    #[arg(long = "credential", value_name = "ID:SECRET[:TOKEN]", value_parser = parse_credential)]
    credentials: Vec<Credential>,

    /// Let requests without a signature do everything, and not only what ACLs allow
    #[arg(long)]
    allow_anonymous: bool,

    /// The region that signature V4 must name
    #[arg(long, default_value = "cn-hangzhou")]
    region: String,

    /// A name of this server: hosts BUCKET.NAME stand for buckets, as BUCKET.localhost does; may be repeated
    #[arg(long = "domain", value_name = "NAME")]
    domains: Vec<String>,

    /// A custom domain and its bucket; may be repeated
    #[arg(long = "cname", value_name = "HOST=BUCKET", value_parser = parse_cname)]
    cnames: Vec<(String, String)>,

    /// An origin whose pages may use the buckets from a browser, such as http://127.0.0.1:8080, or * for all; may be
    /// repeated. Without it, the buckets have no CORS rule
    #[arg(long = "cors-origin", value_name = "ORIGIN")]
    cors_origins: Vec<String>,

    /// Keep buckets and objects in this folder, so that they survive a restart. Unfinished multipart uploads do not
    #[arg(long, value_name = "FOLDER")]
    data: Option<PathBuf>,

    /// The largest object, in bytes
    #[arg(long, value_name = "BYTES", default_value_t = Config::default().object_size_limit)]
    object_size_limit: u64,

    /// Set the server's clock so many seconds ahead (negative: behind)
    #[arg(long, value_name = "SECONDS", default_value_t = 0, allow_negative_numbers = true)]
    clock_offset: i64,

    /// How long an application server may take to answer a callback, in milliseconds
    #[arg(long, value_name = "MS", default_value_t = 5000)]
    callback_timeout: u64,

    /// The largest answer of an application server, in bytes
    #[arg(long, value_name = "BYTES", default_value_t = Config::default().callback_answer_limit)]
    callback_answer_limit: u64,

    /// Refuse callbacks to private and loopback addresses, as OSS does
    #[arg(long)]
    forbid_private_callback: bool,

    /// Refuse to call for an object that is there already, as an OSS that does not know how
    #[arg(long)]
    no_trigger: bool,

    /// Size of the RSA key that signs callbacks; the service's own has 512 bits
    #[arg(long, value_name = "BITS", default_value_t = Config::default().callback_key_bits)]
    callback_key_bits: usize,

    /// Speak https with this certificate chain (PEM)
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,

    /// The private key of --tls-cert (PEM)
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,

    /// A fault to begin with; may be repeated. `--help` lists them
    #[arg(long = "fault", value_name = "JSON", value_parser = Fault::from_json)]
    faults: Vec<Fault>,

    /// Print the first line as JSON
    #[arg(long)]
    print_json: bool,

    /// End when standard input is closed, so that nothing is left behind when a test run dies
    #[arg(long)]
    exit_with_stdin: bool,
}

fn parse_credential(text: &str) -> Result<Credential, String> {
    let mut parts = text.splitn(3, ':');
    match (parts.next(), parts.next(), parts.next()) {
        (Some(id), Some(secret), None) if !id.is_empty() && !secret.is_empty() => {
            Ok(Credential::new(id, secret))
        }
        (Some(id), Some(secret), Some(token)) if !id.is_empty() && !token.is_empty() => {
            Ok(Credential::temporary(id, secret, token))
        }
        _ => Err("it must be ID:SECRET or ID:SECRET:TOKEN".to_owned()),
    }
}

fn parse_cname(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((host, bucket)) if !host.is_empty() && !bucket.is_empty() => {
            Ok((host.to_owned(), bucket.to_owned()))
        }
        _ => Err("it must be HOST=BUCKET".to_owned()),
    }
}

fn main() -> ExitCode {
    match run(Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("oss-emulator: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: Arguments) -> io::Result<()> {
    let (print_json, exit_with_stdin) = (arguments.print_json, arguments.exit_with_stdin);
    let faults = arguments.faults.clone();
    let config = config_of(arguments)?;
    let first = config.credentials[0].clone();
    let buckets = config.buckets.clone();
    let region = config.region.clone();
    let emulator = Emulator::start(config)?;
    for fault in faults {
        emulator.inject(fault);
    }

    let endpoint = emulator.endpoint();
    let line = if print_json {
        serde_json::json!({
            "endpoint": endpoint,
            "port": emulator.port(),
            "buckets": buckets,
            "region": region,
            "access_key_id": first.id,
            "access_key_secret": first.secret,
        })
        .to_string()
    } else {
        format!(
            "oss-emulator: endpoint {endpoint}  bucket {}  region {region}  access key id {}  access key secret {}",
            buckets.join(","),
            first.id,
            first.secret
        )
    };
    let mut out = io::stdout();
    writeln!(out, "{line}")?;
    out.flush()?;

    if exit_with_stdin {
        wait_for_end_of_stdin();
        return Ok(());
    }
    loop {
        // The server's threads do the work until a signal ends the process.
        thread::park();
    }
}

fn config_of(arguments: Arguments) -> io::Result<Config> {
    let tls = match (&arguments.tls_cert, &arguments.tls_key) {
        (Some(cert), Some(key)) => {
            Some(Tls { cert_pem: read("--tls-cert", cert)?, key_pem: read("--tls-key", key)? })
        }
        _ => None,
    };
    let mut credentials = vec![Credential::new(arguments.access_key_id, arguments.access_key_secret)];
    credentials.extend(arguments.credentials);
    Ok(Config {
        listen: SocketAddr::new(arguments.listen, arguments.port),
        buckets: arguments.buckets,
        auto_create_buckets: arguments.auto_create,
        credentials,
        allow_anonymous: arguments.allow_anonymous,
        region: arguments.region,
        clock_offset_s: arguments.clock_offset,
        domains: arguments.domains,
        cnames: arguments.cnames.into_iter().collect(),
        cors_origins: arguments.cors_origins,
        callback_timeout: Duration::from_millis(arguments.callback_timeout),
        callback_answer_limit: arguments.callback_answer_limit,
        forbid_private_callback: arguments.forbid_private_callback,
        trigger: !arguments.no_trigger,
        callback_key_bits: arguments.callback_key_bits,
        object_size_limit: arguments.object_size_limit,
        data: arguments.data,
        tls,
        ..Config::default()
    })
}

fn read(option: &str, file: &Path) -> io::Result<String> {
    let named =
        |error: io::Error| io::Error::new(error.kind(), format!("{option} {}: {error}", file.display()));
    std::fs::read_to_string(file).map_err(named)
}

fn wait_for_end_of_stdin() {
    let mut buffer = [0; 1024];
    loop {
        match io::stdin().read(&mut buffer) {
            Ok(1..) => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Ok(0) | Err(_) => return,
        }
    }
}
