//! The library's rules, and what each of them is called at OSS.

use Judgement::{NoCallback, NotKnown, Refused};
use oss_emulator::CallbackRefusal;

/// What OSS says of that for which the library has a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Judgement {
    /// The number of its refusal, or, of one that has none, a piece of its words.
    Refused(&'static str),
    /// It is no callback, which is no error; but whoever sets one wants one.
    NoCallback,
    /// Nobody knows; the emulator takes it, and the library refuses it.
    NotKnown,
}

/// How many refusals there are that a callback can get.
pub const REFUSALS: usize = 16;

const URL: Judgement = Refused("0007-00000004");
const PLACEHOLDER: Judgement = Refused("0007-00000105");
const VARIABLE: Judgement = Refused("must start with x: and be in lower case");
const RULES: [(&str, Judgement); 29] = [
    ("the callback URL is empty", NoCallback),
    ("the callback URL contains characters beyond ASCII", URL),
    ("the callback URL contains blanks or control characters", URL),
    ("the callback URL begins with neither", URL),
    ("the callback URL names its host by an IPv6 address", URL),
    ("the callback URL contains a user name", URL),
    ("the callback URL has no host", URL),
    ("the callback URL has a host with characters", URL),
    ("the callback URL has a port", URL),
    ("a callback has at most 5 URLs", Refused("0007-00000005")),
    ("the callback host is empty", NotKnown),
    ("the callback host contains", Refused("0007-00000009")),
    ("the callback body is empty", Refused("0007-00000011")),
    ("the callback body has a blank between", PLACEHOLDER),
    ("the callback body has a placeholder that is not closed", PLACEHOLDER),
    ("the callback body refers to a variable that OSS does not have", NotKnown),
    ("the callback body refers to the variable", NotKnown),
    ("the name of a callback header is empty", Refused("0007-00000023")),
    ("the name of a callback header has only", Refused("has characters that are not allowed")),
    ("the name of a callback header does not begin with x-oss-", Refused("0007-00000026")),
    ("the value of the callback header", Refused("0007-00000025")),
    ("a callback has at most 10 headers", Refused("number of additional headers")),
    (
        "the callback field signatureVersion is no JSON string",
        Refused("signature version of callback is not"),
    ),
    ("is no JSON", Refused("0007-00000003")),
    ("the callback settings take", Refused("0007-00000001")),
    ("the callback variables take", Refused("callback-var configuration is too long")),
    ("the name of a callback variable begins with x:", VARIABLE),
    ("the name of a callback variable has something after x:", VARIABLE),
    ("the name of a callback variable has only", NotKnown),
];

/// A rule that was broken.
#[derive(Debug, Clone)]
pub struct Rule {
    /// The library's words.
    pub mistake: String,
    pub judgement: Judgement,
    /// Whether it is about the text of the variables, and not about that of the settings.
    pub of_variables: bool,
}

impl Rule {
    pub fn of(mistake: &str) -> Rule {
        let rule = RULES.iter().find(|(words, _)| mistake.contains(words));
        let (_, judgement) = rule.unwrap_or_else(|| panic!("no rule is known for {mistake:?}"));
        Rule { mistake: mistake.to_owned(), judgement: *judgement, of_variables: false }
    }

    /// That of the name of a variable that is set. Capitals are refused; of other characters nobody knows.
    pub fn of_name(mistake: &str, name: &str) -> Rule {
        let rule = Rule { of_variables: true, ..Rule::of(mistake) };
        match name.chars().any(char::is_uppercase) {
            true => Rule { judgement: VARIABLE, ..rule },
            false => rule,
        }
    }

    /// That of a name in the body, which OSS does not compare with anything.
    pub fn of_body(mistake: &str) -> Rule {
        let rule = Rule::of(mistake);
        match mistake.contains("the name of a callback variable") {
            true => Rule { judgement: NotKnown, ..rule },
            false => rule,
        }
    }

    /// Whether this is how OSS refuses it.
    pub fn is(&self, refusal: &CallbackRefusal) -> bool {
        match self.judgement {
            Refused(words) => refusal.ec == Some(words) || refusal.message.contains(words),
            NoCallback | NotKnown => false,
        }
    }
}
