//! Where keys are: one place that the verifier is told to believe, and others on the same server, of which one holds the
//! key of somebody else.

use super::authentic::{self, Signers};
use super::{Input, Key, keys, mutate};
use fastrand::Rng;
use oss_emulator::{Config, Emulator};
use oss_upload::engine::{CallbackRequest, Outcome, Verifier};

const BELIEVED: &str = "keys";
const ANYBODYS: &str = "anybodys";
const NAME: &str = "key.pem";

pub struct Places {
    endpoint: String,
    verifier: Verifier,
    published: Vec<u8>,
    /// Signed by somebody else, whose key is in the other place.
    foreign: Vec<Input>,
    _emulator: Emulator,
}

impl Places {
    pub fn new(signers: &Signers) -> Places {
        let config = Config { allow_anonymous: true, request_log_limit: 1, ..Config::default() };
        let emulator = Emulator::start(config).expect("the emulator");
        let mut rng = Rng::with_seed(0);
        let (published, foreign) = signers.published_and_foreign();
        let (own, other) = (published.pem(&mut rng), foreign.pem(&mut rng));
        emulator.put_object(BELIEVED, NAME, &own);
        emulator.put_object(ANYBODYS, NAME, &other);
        let mut verifier = Verifier::default();
        verifier.add_key_prefix(&format!("{}/{BELIEVED}/", emulator.endpoint())).unwrap();
        let foreign = (0..50).map(|_| authentic::signed(&mut rng, foreign, Key::Pem(Vec::new()))).collect();
        Places { endpoint: emulator.endpoint(), verifier, published: own, foreign, _emulator: emulator }
    }

    fn url(&self, place: &str) -> String {
        format!("{}/{place}/{NAME}", self.endpoint)
    }

    /// The header that names the place to believe.
    pub fn published(&self) -> Vec<u8> {
        keys::base64(self.url(BELIEVED).as_bytes()).into_bytes()
    }

    /// The key at a URL, if it is that of the place to believe, or leads there by segments that are but a dot.
    pub fn pem_at(&self, url: &[u8]) -> Option<&[u8]> {
        let path = url.strip_prefix(self.endpoint.as_bytes())?;
        let segments: Vec<&[u8]> =
            path.split(|byte| *byte == b'/').filter(|segment| *segment != b".").collect();
        (segments == [b"".as_slice(), BELIEVED.as_bytes(), NAME.as_bytes()]).then_some(&self.published)
    }

    pub fn verify(&self, input: &Input, authorization: &str, url: &str) -> Outcome {
        self.verifier.verify(&CallbackRequest {
            target: &input.target,
            body: &input.body,
            authorization,
            pub_key_url: url,
            ..CallbackRequest::default()
        })
    }

    /// A request, genuine or of somebody else, that names a place near those that there are.
    pub fn input(&self, rng: &mut Rng, signed: &Input) -> Input {
        let mut input = match rng.bool() {
            true => signed.clone(),
            false => self.foreign[rng.usize(..self.foreign.len())].clone(),
        };
        let mut url = self.near(rng).into_bytes();
        if rng.u32(..3) == 0 {
            mutate::change(rng, &mut url, self.url(ANYBODYS).as_bytes());
        }
        input.key = Key::Named(keys::base64(&url).into_bytes());
        input
    }

    fn near(&self, rng: &mut Rng) -> String {
        let (right, wrong) = (self.url(BELIEVED), self.url(ANYBODYS));
        let up =
            ["..", "%2e%2e", "%2E%2E", ".%2e", "%2e.", "..%2f..", "..\\", "..;", ".", "", "\t..", ".\n."]
                [rng.usize(..12)];
        let (host, path) = (self.endpoint.trim_start_matches("http://"), format!("{ANYBODYS}/{NAME}"));
        match rng.u32(..12) {
            0 => right,
            1 => wrong,
            2..5 => format!("{}/{BELIEVED}/{up}/{path}", self.endpoint),
            5 => format!("{}/{BELIEVED}{up}/{path}", self.endpoint),
            6 => format!("{}/{BELIEVED}/{up}/{NAME}", self.endpoint),
            7 => format!("http://{host}@{host}/{path}#/{BELIEVED}/"),
            8 => format!("{wrong}?{right}"),
            9 => format!("{wrong}#{right}"),
            10 => right.replacen("http", ["HTTP", "https", "ftp", "file", ""][rng.usize(..5)], 1),
            _ => format!("{}\\{BELIEVED}\\{up}\\{path}", self.endpoint),
        }
    }
}
